"""Replays and backtests as a page with plots, and the same figures as JSON beside it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from offkey.adapters import files
from offkey.adapters.exports.report.page import html
from offkey.adapters.exports.report.plot import Plot
from offkey.app.replaying import results
from offkey.app.replaying.results import Results
from offkey.app.wording import counted
from offkey.core.frame import Array
from offkey.core.labels import NAME, Labels
from offkey.core.rules import AlertRule
from offkey.engine.ruleplay.episodes import Episode, episodes
from offkey.engine.ruleplay.play import Played

# Of one alert, so many series are drawn: those that fired longest.
MOST_SERIES = 6
AFTER, BEFORE = "after", "before"


@dataclass(frozen=True, slots=True)
class Report:
    """A page before it is written."""

    title: str
    subtitle: str
    rows: list[tuple[str, ...]]
    plots: list[Plot]


def write(path: Path, report: Report, tree: Mapping[str, Any]) -> None:
    """Write the page, and beside it FILE.json.

    Raises:
        OSError: it cannot be written.
    """
    page = html(report.title, report.subtitle, report.rows, report.plots)
    files.write(path, page.encode())
    files.write(path.with_suffix(".json"), (json.dumps(tree, indent=2) + "\n").encode())


def of_rules(after: Results, before: Results | None) -> Report:
    """Return the report on replayed rules, with what they did before the change where that is known."""
    span = f"{results.clock(after.start)} to {results.clock(after.end)}"
    rows = results.rows(after) if before is None else results.compared_rows(before, after)
    old = {_key(one): one for one in before.rules} if before else {}
    plots = [
        plot
        for one in after.rules
        if isinstance(one.rule, AlertRule) and not one.problem
        for plot in _alert_plots(one, old.get(_key(one)))
    ]
    title = "Rules replayed" if before is None else "Rules replayed, before and after"
    return Report(title, f"What would have fired from {span}, as Prometheus evaluates it.", rows, plots)


def _key(played: Played) -> tuple[str, str, Labels]:
    return played.group.name, results.name(played), played.rule.labels


def _alert_plots(after: Played, before: Played | None) -> Iterator[Plot]:
    """Yield a plot for each of the series that matter most, at least one for an alert."""
    told = {AFTER: episodes(after), BEFORE: episodes(before) if before else ()}
    lasting: dict[Labels, int] = {}
    for one in (*told[AFTER], *told[BEFORE]):
        lasting[one.labels] = lasting.get(one.labels, 0) + (one.ended or int(after.times[-1])) - one.fired
    chosen = sorted(lasting, key=lambda labels: -lasting[labels])[:MOST_SERIES]
    for labels in chosen or [Labels.of(alertname=results.name(after))]:
        own = {kind: [one for one in found if one.labels == labels] for kind, found in told.items()}
        values, threshold = _compared(after, labels)
        lines = [] if threshold is None else [(AFTER, threshold)]
        if before is not None and (old := _compared(before, labels)[1]) is not None and old.size == after.times.size:
            lines.insert(0, (BEFORE, old))
        yield Plot(
            title=f"{results.name(after)} {labels.without('alertname').selector()}",
            times=after.times,
            values=np.full(after.times.size, np.nan) if values is None else values,
            thresholds=lines,
            episodes=bars(own[BEFORE], BEFORE, int(after.times[-1])) + bars(own[AFTER], AFTER, int(after.times[-1])),
            note=counted(len(own[AFTER]), "episode") + (f", {len(own[BEFORE])} before" if before else ""),
        )


def bars(found: list[Episode], kind: str, end: int) -> list[tuple[str, int, int]]:
    """Return episodes as bars of a plot."""
    return [(kind, one.fired, one.ended or end) for one in found]


def _compared(played: Played, alert: Labels) -> tuple[Array | None, Array | None]:
    """Return value and threshold of the series behind an alert, as far as its labels tell."""
    if played.sides is None:
        return None, None
    found: list[Array | None] = []
    for side in (played.sides.value, played.sides.threshold):
        own = [set(labels.without(NAME).pairs) for labels in side.series]
        rows = [k for k, pairs in enumerate(own) if pairs <= set(alert.pairs)]
        if not rows and len(side.series) == 1:
            rows = [0]
        found.append(np.where(side.there[rows[0]], side.values[rows[0]], np.nan) if rows else None)
    return found[0], found[1]
