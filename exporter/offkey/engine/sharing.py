"""One budget for several alerts: shared in proportion, or where it makes them tell people earliest."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """Pages a week that some signals may cost together."""

    signals: frozenset[str]
    per_week: float


@dataclass(frozen=True, slots=True)
class Offer:
    """What one signal's alert can be had for.

    Attributes:
        budget: pages a week it is given.
        cost: pages a week it is expected to take of it.
        delay: seconds until it tells of its strongest past episodes, mean.
    """

    budget: float
    cost: float
    delay: float


def scaled(budgets: Mapping[str, float], limits: Sequence[Limit]) -> dict[str, float]:
    """Return budgets (pages a week) that keep every limit, each limit lowering its signals in proportion.

    A budget is never raised; lowered ones have three digits, rounded down.
    """
    found = dict(budgets)
    for limit in limits:
        total = sum(found[name] for name in limit.signals)
        if total > limit.per_week:
            found |= {name: _floored(found[name] * limit.per_week / total) for name in limit.signals}
    return found


def chosen(offers: Mapping[str, Sequence[Offer]], limits: Sequence[Limit]) -> dict[str, Offer]:
    """Return the offer for each signal that makes all of them tell people early, within every limit.

    Each signal starts with its cheapest offer; then the step that saves the most delay for each page a week is taken
    as long as any fits (the greedy rule of the multiple-choice knapsack). Where even the cheapest offers are too much,
    they stay.

    Source: Sinha and Zoltners (1979), Oper. Res. 27:503-515.

    Args:
        offers: at least one for each signal.
        limits: signals without one are given the offer with the least delay.
    """
    found = {name: min(menu, key=lambda one: (one.cost, one.delay)) for name, menu in offers.items()}
    while step := _best_step(found, offers, limits):
        name, offer = step
        found[name] = offer
    return found


def _best_step(
    found: Mapping[str, Offer], offers: Mapping[str, Sequence[Offer]], limits: Sequence[Limit]
) -> tuple[str, Offer] | None:
    best: tuple[float, str, Offer] | None = None
    for name in sorted(offers):
        now = found[name]
        for offer in offers[name]:
            more, saved = offer.cost - now.cost, now.delay - offer.delay
            if not saved > 0 or not all(_fits(limit, found, name, offer) for limit in limits):
                continue
            worth = saved / more if more > 0 else math.inf
            if best is None or worth > best[0]:
                best = worth, name, offer
    return best[1:] if best else None


def _fits(limit: Limit, found: Mapping[str, Offer], name: str, offer: Offer) -> bool:
    if name not in limit.signals:
        return True
    others = sum(one.cost for other, one in found.items() if other in limit.signals and other != name)
    return others + offer.cost <= limit.per_week or offer.cost <= found[name].cost


def _floored(value: float) -> float:
    """Return a positive number with three digits, rounded down."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return float(f"{math.floor(value / unit * (1 + 1e-12)) * unit:.3g}")
