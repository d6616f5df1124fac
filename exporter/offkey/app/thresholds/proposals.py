"""What history says about each constant, and the number that is proposed for it."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from offkey.app.thresholds.constants import Constant
from offkey.app.thresholds.overrides import Override, Overrides
from offkey.core.durations import DAY
from offkey.core.errors import SourceError
from offkey.core.frame import Frame
from offkey.core.labels import Labels
from offkey.engine.rules.reviewed import DEAD_BAND, DIGITS
from offkey.models.levels import Level, level, pages_per_week

MOST_SERIES = 50  # beyond, nobody reads a threshold for each
LEAST_PAST = DAY  # seconds with samples below which nothing is learned
SEVERITY = "severity"

Read = Callable[[str], Frame]
"""Returns the history of a query."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a constant.

    Attributes:
        constant: what is written.
        after: the new number as text; None = it stays.
        why: the reason, a phrase.
        series: series the past had; 0 when it was not asked.
        before_per_week: pages a week the written constant would have cost; NaN = not known.
        after_per_week: likewise the new one.
        each: what every series would have by itself for the same budget, where there are several and not too many.
    """

    constant: Constant
    after: str | None
    why: str
    series: int = 0
    before_per_week: float = math.nan
    after_per_week: float = math.nan
    each: tuple[tuple[Labels, float], ...] = ()


def proposals(found: Iterable[Constant], read: Read, overrides: Overrides, today: date) -> Iterator[Proposal]:
    """Yield what is proposed for each constant, in order.

    Args:
        found: the constants of one or more files.
        read: gives the history of a query.
        overrides: what people decided; it comes before what was learned.
        today: the day that ends an override.
    """
    for constant in found:
        override = overrides.of(constant.rule.name, constant.labels, today)
        yield _decided(constant, override) or _learned(constant, override, read, overrides)


def _decided(constant: Constant, override: Override | None) -> Proposal | None:
    """Return what needs no history: what nobody can learn, and what people decided."""
    if constant.kept:
        return Proposal(constant, None, constant.kept)
    if override is None:
        return None
    if override.disabled:
        return Proposal(constant, None, f"disabled{_until(override)}: {override.reason}")
    if override.adopt:
        return Proposal(constant, None, f"adopted{_until(override)}: {override.reason}")
    if override.pin is not None:
        after = None if override.pin == constant.condition.value else _text(override.pin, constant)
        return Proposal(constant, after, f"pinned{_until(override)}: {override.reason}")
    return None


def _until(override: Override) -> str:
    return f" until {override.until}" if override.until else ""


def _learned(constant: Constant, override: Override | None, read: Read, overrides: Overrides) -> Proposal:
    budget = override.budget if override and override.budget is not None else None
    if budget is None:
        budget = overrides.budget(constant.labels.get(SEVERITY, ""))
    try:
        past = read(constant.condition.query)
    except SourceError as error:
        return Proposal(constant, None, f"its past cannot be read: {error}")
    step, size = past.axis.step, len(past.series)
    present = ~np.isnan(past.values)
    if int(present.any(axis=0).sum()) * step < LEAST_PAST:
        return Proposal(constant, None, "its past holds less than a day of samples", size)
    above, hold, keep = constant.above, constant.hold, constant.keep
    found = level(past.values, step, budget / constant.share, above=above, hold=hold, keep=keep)
    if found is None:
        return Proposal(constant, None, "no threshold lies beyond what is usual", size)

    def cost(threshold: float) -> float:
        or_equal = constant.condition.op.endswith("=")
        return pages_per_week(past.values, step, threshold, above=above, or_equal=or_equal, hold=hold, keep=keep)

    value = _bounded(_rounded(found.value, above), override)
    before = cost(constant.condition.value)
    each = tuple(_each(constant, past, budget / constant.share))
    if _is_near(value, constant.condition.value, found):
        return Proposal(constant, None, "the past asks for nearly the same", size, before, before, each)
    return Proposal(constant, _text(value, constant), f"budget {budget:g} a week", size, before, cost(value), each)


def _each(constant: Constant, past: Frame, budget: float) -> Iterator[tuple[Labels, float]]:
    """Yield the threshold every series would have by itself: what splitting the rule by a label would give."""
    if not 1 < len(past.series) <= MOST_SERIES:
        return
    for row, labels in enumerate(past.series):
        found = level(
            past.values[row : row + 1],
            past.axis.step,
            budget,
            above=constant.above,
            hold=constant.hold,
            keep=constant.keep,
        )
        if found is not None:
            yield labels, _rounded(found.value, constant.above)


def _is_near(value: float, written: float, found: Level) -> bool:
    return abs(value - written) <= DEAD_BAND * abs(written - found.typical)


def _bounded(value: float, override: Override | None) -> float:
    if override is not None and override.min is not None:
        value = max(value, override.min)
    if override is not None and override.max is not None:
        value = min(value, override.max)
    return value


def _rounded(value: float, above: bool) -> float:
    """Return a value with three digits, away from what is usual."""
    exact = Decimal(value)
    if not exact:
        return 0.0
    unit = Decimal(1).scaleb(exact.adjusted() - DIGITS + 1)
    return float(exact.quantize(unit, ROUND_CEILING if above else ROUND_FLOOR))


def _text(value: float, constant: Constant) -> str:
    """Return a number as it is written there: with an exponent only where there was one."""
    written = constant.rule.expr[slice(*constant.condition.span)]
    if "e" in written.lower() and not written.lower().startswith("0x"):
        return np.format_float_scientific(value, trim="-", exp_digits=1).replace("e+", "e")
    return np.format_float_positional(value, trim="-")
