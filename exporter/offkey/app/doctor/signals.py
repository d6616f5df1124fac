"""Looks at signals: do they have series, does the past reach back, and what do they cost Prometheus."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from offkey.adapters.api import Api
from offkey.adapters.sinks._families import samples_per_series
from offkey.app.doctor.checkup import Checkup
from offkey.core.durations import DAY, format_duration
from offkey.core.errors import SourceError
from offkey.core.signals import Signal

# Memory of one derived series in Prometheus, bytes; measured on 2.42 with 100,000 to 1 million of them.
BYTES_A_SERIES = 3_600


@dataclass(frozen=True, slots=True)
class Watched:
    """A signal, how many series it has now, and how far its past reaches back, seconds."""

    signal: Signal
    series: int = 0
    back: int = 0

    @property
    def is_young(self) -> bool:
        """Whether there are series with too short a past to learn bounds from."""
        return bool(self.series) and self.back < DAY


def look(found: Signal, api: Api, timeout: float, at: int) -> tuple[Checkup, Watched]:
    """Look at one signal; return also what is there.

    Args:
        found: the signal.
        api: its source.
        timeout: seconds for each question.
        at: the present, Unix seconds.
    """
    subject = f"signal {found.name}"
    now = at - found.offset
    try:
        series = int(api.number(f"count({found.query})", timeout, now) or 0)
        if not series:
            advice = "try its query in Prometheus: the metric may have another name or be too young"
            return Checkup(subject, "failed", "has no series now", advice), Watched(found)
        back = _reach(found, api, timeout, now)
    except SourceError as error:
        return Checkup(subject, "failed", str(error), "try its query in Prometheus"), Watched(found)
    there = Watched(found, series, back)
    count = f"{series:,} series"
    if series > found.max_series:
        advice = f"aggregate the query, or raise max_series above {series:,}"
        return Checkup(subject, "warning", f"{count}, of which {found.max_series:,} are watched", advice), there
    if there.is_young:
        words = f"{count}; the past reaches back {format_duration(back)}"
        then = "; then run offkey rules generate again" if found.alert else ""
        return Checkup(subject, "warning", words, f"wait: scores come when a day has been seen{then}"), there
    if back < found.history:
        past = f"{format_duration(back)} of {format_duration(found.history)} of history"
        return Checkup(subject, "ok", f"{count}, {past}; the rest comes with time"), there
    return Checkup(subject, "ok", f"{count}, {format_duration(found.history)} of history"), there


def _reach(found: Signal, api: Api, timeout: float, now: int) -> int:
    """Return how far back the signal has series, as far as halving its history tells, seconds."""
    back = found.history
    while back > found.step:
        if api.number(f"count({found.query})", timeout, now - back):
            return back
        back //= 2
    return found.step


def cost(watched: Sequence[Watched]) -> Iterator[Checkup]:
    """Look at what the derived series cost Prometheus."""
    derived = sum(samples_per_series(one.signal) * min(one.series, one.signal.max_series) for one in watched)
    size = derived * BYTES_A_SERIES / 2**20
    words = f"{derived:,} derived series at most, about {max(size, 0.1):,.1f} MiB of its memory"
    dear = max(watched, key=lambda one: samples_per_series(one.signal) * one.series, default=None)
    if dear is None or derived <= 100_000:
        yield Checkup("cost to Prometheus", "ok", words)
        return
    yield Checkup("cost to Prometheus", "warning", words, f"write expose: score or anomalous for {dear.signal.name}")
