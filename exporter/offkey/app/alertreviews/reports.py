"""Reviews as a table for people and as values for programs."""

from collections.abc import Iterator
from typing import Any

from offkey.app.alertreviews.review import Outcome, Reviewed
from offkey.app.replaying.results import aligned
from offkey.app.wording import figure, known, share

VERSION = 1
HEAD = ("ALERT", "SEVERITY", "PAGES/WEEK", "BUDGET", "FLAPS/WEEK", "SHORT", "SELF-RESOLVED", "PRECISION")


def table(found: Outcome) -> Iterator[str]:
    """Yield the figures of each alert, then what is proposed and why; nothing for nothing."""
    if not found.alerts:
        return
    yield from aligned([HEAD, *(_row(one) for one in found.alerts)])
    for one in found.alerts:
        for change in one.changes:
            what = "retire it" if change.key == "retire" else f"{change.key}: {change.after}"
            yield f"{one.quality.alert.alert}: {what} ({change.why})"


def _row(one: Reviewed) -> tuple[str, ...]:
    found = one.quality
    budget = one.setting.present.budget_per_week if one.setting else None
    marked = f" of {found.right + found.wrong}" if found.right + found.wrong else ""
    return (
        found.alert.alert,
        found.alert.severity or "-",
        figure(found.cost.pages_per_week),
        "-" if budget is None else f"{budget:g}",
        figure(found.flaps_per_week),
        share(found.cost.short),
        share(found.self_resolved),
        share(found.precision) + marked,
    )


def tree(found: Outcome) -> dict[str, Any]:
    """Return reviews as JSON values; null where nothing is known."""
    return {"version": VERSION, "alerts": [_values(one) for one in found.alerts], "diff": found.diff}


def _values(one: Reviewed) -> dict[str, Any]:
    found = one.quality
    return {
        "alert": found.alert.alert,
        "severity": found.alert.severity,
        "signal": found.alert.signal or None,
        "weeks": round(found.cost.weeks, 3),
        "pages": found.cost.pages,
        "pages_per_week": known(found.cost.pages_per_week),
        "budget_per_week": one.setting.present.budget_per_week if one.setting else None,
        "flaps_per_week": known(found.flaps_per_week),
        "short_share": known(found.cost.short),
        "self_resolved_share": known(found.self_resolved),
        "precision": known(found.precision),
        "verdicts": {"right": found.right, "wrong": found.wrong},
        "proposed": [{"key": change.key, "after": change.after, "why": change.why} for change in one.changes],
    }
