"""Proposed alert settings as values and as a table."""

from collections.abc import Iterator, Sequence
from typing import Any

from offkey.app.wording import counted, figure, known
from offkey.core.durations import format_duration
from offkey.core.signals import Alert
from offkey.engine.tuning import Tuned

VERSION = 1
HEAD = ("SIGNAL", "BUDGET", "PAGES/WEEK", "BOUND", "FOR", "DEAD_BAND", "KEEP_FIRING_FOR")


def tree(found: Sequence[Tuned]) -> dict[str, Any]:
    """Return proposals as JSON values; `proposed` is null where the present settings stay."""
    return {"version": VERSION, "signals": [_signal(one) for one in found]}


def _signal(one: Tuned) -> dict[str, Any]:
    signal = one.test.plan.signal
    solution = one.solution
    proposed = None
    if solution is not None:
        proposed = {
            "budget_per_week": one.budget,
            "bound": one.bound,
            "for": format_duration(solution.setting.hold),
            "dead_band": solution.setting.dead_band,
            "keep_firing_for": format_duration(solution.setting.keep),
            "pages_per_week": known(one.better_per_week),
            "expected_pages_per_week": round(solution.expected_per_week, 3),
            "delay_seconds": round(solution.delay, 1),
        }
    present = {"budget_per_week": one.test.plan.budget, "pages_per_week": known(one.pages_per_week)}
    return {"signal": signal.name, **present, "proposed": proposed}


def rows(found: Sequence[Tuned]) -> list[tuple[str, ...]]:
    """Return what is set and what is proposed, a head first; where nothing is better only what is set."""
    made: list[tuple[str, ...]] = [HEAD]
    for one in found:
        alert = one.test.plan.signal.alert or Alert()
        now = (figure(one.pages_per_week), f"{alert.bound:g}", format_duration(alert.hold), f"{alert.dead_band:g}")
        cells: tuple[str, ...] = (*now, format_duration(alert.keep_firing))
        if one.solution is not None:
            new = one.solution.setting
            better = (figure(one.better_per_week), f"{one.bound:g}", format_duration(new.hold), f"{new.dead_band:g}")
            pairs = zip(cells, (*better, format_duration(new.keep)), strict=True)
            cells = tuple(was if was == then else f"{was} -> {then}" for was, then in pairs)
        own = f"{one.test.plan.budget:g}"
        shared = own if one.budget == one.test.plan.budget else f"{own} -> {one.budget:g}"
        made.append((one.test.plan.signal.name, shared, *cells))
    return made


def words(found: Sequence[Tuned]) -> Iterator[str]:
    """Yield what the table does not say: which budgets nothing keeps, and what is to be done with the rest."""
    for one in found:
        if one.solution is None and one.pages_per_week > one.budget:
            yield f"{one.test.plan.signal.name}: no settings that were tried keep its budget on this past"
    better = sum(one.solution is not None for one in found)
    if better:
        yield f"better settings for {counted(better, 'signal')}; nothing was written: put them into the configuration"
    else:
        yield "nothing better was found; what is set stays"
