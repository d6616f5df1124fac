"""Backtests of configured signals: their figures as values, as a table and as a report."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from offkey.adapters.exports.report.plot import Plot
from offkey.app import wire
from offkey.app.gather import each
from offkey.app.loading import loader
from offkey.app.logs import logger
from offkey.app.progress import track
from offkey.app.replaying import results
from offkey.app.replaying.reports import AFTER, BEFORE, MOST_SERIES, Report, bars
from offkey.app.telemetry import Telemetry
from offkey.app.wording import TOO_FEW, counted, known, share
from offkey.core.durations import format_duration
from offkey.core.errors import SourceDown
from offkey.engine.backtest import Backtest, backtest
from offkey.engine.plan import Plan
from offkey.engine.reading import Reading

VERSION = 1
HEAD = ("SIGNAL", "SERIES", "FIRED", "EPISODES", "PAGES/WEEK", "BUDGET", "FIRING", "SHORT")


def tested(
    config_file: Path | None,
    prometheus_url: str,
    at: int,
    stderr: Any,  # noqa: ANN401 (a stream)
    workers: str = "",
) -> list[Backtest]:
    """Return the backtest of every signal that alerts; one that cannot be read is told of and left out.

    One whose past was too short to judge any of it is told of, too.

    Args:
        config_file: the configuration.
        prometheus_url: address of its source `default`.
        at: the instant to look back from, Unix seconds.
        stderr: where warnings go.
        workers: other processes that replay, see `wire.workers`.

    Raises:
        ConfigError: the configuration is not acceptable.
        SourceDown: nothing could be read at all.
        WorkersLost: the other processes ended.
    """
    config = loader(config_file, prometheus_url)()
    journal = Telemetry(logger("warning", "logfmt", stderr))
    count = sum(signal.alert is not None for signal in config.signals)
    helpers = wire.workers(workers)
    try:
        seen = list(track(each(config, journal, at, _tested, helpers), "testing", count))
    finally:
        if helpers is not None:
            helpers.close()
    for signal, _, problem in seen:
        if problem:
            click.echo(f"{signal}: {problem}", stderr)
    found = [test for _, test, _ in seen if test is not None]
    if not found:
        msg = "the past of no signal could be read; there is nothing to test"
        raise SourceDown(msg)
    return found


def _tested(plan: Plan, reading: Reading | None, problem: str) -> tuple[str, Backtest | None, str]:
    if reading is None:
        return plan.signal.name, None, problem
    found = backtest(plan, reading.examined)
    return plan.signal.name, found, "" if found.cost.weeks else TOO_FEW


def tree(tests: Sequence[Backtest]) -> dict[str, Any]:
    """Return backtests as JSON values."""
    return {"version": VERSION, "signals": [_signal(one) for one in tests]}


def _signal(one: Backtest) -> dict[str, Any]:
    axis = one.seen.frame.axis
    return {
        "signal": one.plan.signal.name,
        "start": axis.start,
        "end": axis.end,
        "step_seconds": axis.step,
        "budget_per_week": one.plan.budget,
        "pages": one.cost.pages,
        "pages_per_week": known(one.cost.pages_per_week),
        "firing_seconds": one.cost.seconds,
        "short_share": known(one.cost.short),
        "series": [
            {"labels": dict(labels), "bound": round(float(bound), 4)}
            for labels, bound in zip(one.seen.frame.series, one.bound, strict=True)
        ],
        "episodes": [
            {"labels": dict(found.labels), "fired_at": found.fired, "ended_at": found.ended}
            for found in one.cost.episodes
        ],
    }


def rows(tests: Sequence[Backtest]) -> list[tuple[str, ...]]:
    """Return what each signal's alert would have cost, a head first."""
    made: list[tuple[str, ...]] = [HEAD]
    for one in tests:
        series, count, per_week, firing, _ = results.figures(one.cost, one.seen.frame.axis.end)
        size = str(len(one.seen.frame.series))
        made.append(
            (one.plan.signal.name, size, series, count, per_week, f"{one.plan.budget:g}", firing, share(one.cost.short))
        )
    return made


def compared_rows(before: Sequence[Backtest], after: Sequence[Backtest]) -> list[tuple[str, ...]]:
    """Return two configurations side by side, a head first."""
    old, new = ({row[0]: row for row in rows(tests)[1:]} for tests in (before, after))
    made: list[tuple[str, ...]] = [HEAD]
    for name in dict.fromkeys((*old, *new)):
        was, now = (found.get(name, (name, *("-" for _ in HEAD[1:]))) for found in (old, new))
        made.append((name, *(f"{a} -> {b}" for a, b in zip(was[1:], now[1:], strict=True))))
    return made


def report(after: Sequence[Backtest], before: Sequence[Backtest]) -> Report:
    """Return the page on backtests."""
    old = {one.plan.signal.name: one for one in before}
    plots = [plot for one in after for plot in _plots(one, old.get(one.plan.signal.name))]
    table = compared_rows(before, after) if before else rows(after)
    title = "Signals tested on their past" + (", before and after" if before else "")
    words = "Each sample is judged by what came before it, as it would have been live; the bounds come from this past."
    return Report(title, words, table, plots)


def _plots(one: Backtest, before: Backtest | None) -> Iterator[Plot]:
    """Yield a plot for each of the series that fired longest, at least one for a signal."""
    frame = one.seen.frame
    end = frame.axis.end
    for row in np.argsort(-one.fires.sum(axis=1), kind="stable")[:MOST_SERIES]:
        labels = frame.series[row]
        own = [found for found in one.cost.episodes if found.labels == labels]
        past = [found for found in before.cost.episodes if found.labels == labels] if before else []
        yield Plot(
            title=f"{one.plan.signal.name} {labels.selector()}",
            times=frame.axis.times,
            values=frame.values[row],
            lower=one.seen.band.lower[row],
            upper=one.seen.band.upper[row],
            episodes=bars(past, BEFORE, end) + bars(own, AFTER, end),
            note=_note(one, len(own), len(past) if before else None),
        )


def _note(one: Backtest, episodes: int, before: int | None) -> str:
    if not one.cost.weeks:
        return f"not judged: {TOO_FEW}"
    axis = one.seen.frame.axis
    was = "" if before is None else f", {before} before"
    return (
        f"{counted(episodes, 'episode')}{was} in {format_duration(axis.size * axis.step)} to {results.clock(axis.end)}"
    )
