"""Read one signal and its traffic from a source, whole, with every fault named."""

from dataclasses import dataclass, replace

import numpy as np

from offkey.core.calendars import clocks
from offkey.core.frame import Array, Axis, BoolArray, Clock, Frame, IntArray
from offkey.core.labels import NAME, Labels, rank
from offkey.core.places import by_identity, places
from offkey.core.ports import Journal, Source
from offkey.core.shards import WHOLE, Shard
from offkey.core.signals import Signal, Zone
from offkey.core.state import State
from offkey.engine.completeness import Scraped, incomplete
from offkey.engine.memory import blank_ledger
from offkey.engine.quality import Examined, companion, examine
from offkey.engine.reporting import Reports


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source said about a signal.

    Attributes:
        examined: the samples, quality applied.
        partial: parts are missing: judge, but learn nothing.
        dropped: series beyond the cap.
        traffic_labels: label names the traffic query's series share with the signal's.
    """

    examined: Examined
    partial: bool
    dropped: int
    traffic_labels: tuple[str, ...] = ()


def queries(signal: Signal) -> tuple[str, ...]:
    """Return everything that is asked for one signal."""
    traffic = (signal.traffic.query,) if signal.traffic else ()
    return (signal.query, *traffic, *((signal.scrapes,) if signal.scrapes else ()))


def read(
    signal: Signal,
    source: Source,
    axis: Axis,
    timeout: float,
    journal: Journal,
    ledger: State | None = None,
    shard: Shard = WHOLE,
) -> Reading:
    """Return the signal on an axis, each series with its time zone, no more than the signal's cap.

    Args:
        signal: what to read.
        source: who answers.
        axis: when.
        timeout: seconds for each query.
        journal: hears the source's warnings and what was left out.
        ledger: what is known of the raw samples behind each series, see `memory.Memory`.
        shard: which part of the series matters here; the cap holds for each part.

    Raises:
        SourceError: the source, or this query, has no usable answer.
    """
    answer = source.read(signal.query, axis, timeout)
    traffic = source.read(signal.traffic.query, axis, timeout) if signal.traffic else None
    scrapes = source.read(signal.scrapes, axis, timeout) if signal.scrapes else None
    answers = [one for one in (answer, traffic, scrapes) if one is not None]
    for warning in dict.fromkeys(warning for one in answers for warning in one.warnings):
        journal.tell("warning", "source warns", {"signal": signal.name, "warning": warning})
    frame, excess = _capped(_part(answer.frame, shard), signal.max_series)
    dropped = excess + answer.dropped
    if dropped:
        journal.count("series_dropped", "max_series", dropped)
    zoned = Frame(frame.series, frame.values, frame.axis, clocks_of(signal, frame.series))
    counts = companion(scrapes.frame, zoned.series) if scrapes else None
    few, scraped = _covered(zoned, counts, ledger) if counts is not None else (None, None)
    examined = examine(signal, zoned, traffic.frame if traffic else None, few)
    return Reading(
        replace(examined, scraped=scraped, reports=Reports(~np.isnan(zoned.values), counts)),
        any(one.partial for one in answers),
        dropped,
        _shared_names(zoned.series, traffic.frame.series) if traffic else (),
    )


def _covered(frame: Frame, counts: Array, ledger: State | None) -> tuple[BoolArray, Scraped]:
    """Return where the ranges behind a frame lack raw samples, and what is known of them now."""
    known = (ledger or blank_ledger(())).align(frame.series)
    before = Scraped(known["full"], known["low"])
    return incomplete(counts, before, frame.axis.step)


def clocks_of(signal: Signal, series: tuple[Labels, ...]) -> tuple[Clock, ...]:
    """Return the clock that the season of each series follows."""
    return clocks(signal.calendars, zones_of(signal.zone, series), series)


@by_identity
def zones_of(zone: Zone, series: tuple[Labels, ...]) -> tuple[str, ...]:
    """Return the IANA zone of each series."""
    return tuple(map(zone.of, series)) if zone.label else (zone.default,) * len(series)


def admit(signal: Signal, examined: Examined, series: tuple[Labels, ...]) -> Examined:
    """Return the examined columns for exactly `series`; those without a sample are missing.

    Args:
        signal: whose series they are.
        examined: what was read.
        series: who matters now, known and new.
    """
    if series is examined.frame.series or series == examined.frame.series:
        return examined
    mine = examined.frame.series
    frame = examined.frame.spread(series, clocks_of(signal, series))
    events = Frame(mine, examined.events, frame.axis).spread(series).values
    scraped = examined.scraped
    if scraped is not None:
        rows = State(mine, {"full": scraped.full, "low": scraped.low}).align(series)
        scraped = Scraped(rows["full"], rows["low"])
    reports = examined.reports.rows(places(series, mine)) if examined.reports else None
    return Examined(frame, examined.faults, events, scraped, reports)


@by_identity
def _shared_names(series: tuple[Labels, ...], traffic: tuple[Labels, ...]) -> tuple[str, ...]:
    mine, theirs = ({name for labels in part for name in labels} for part in (series, traffic))
    return tuple(sorted((mine & theirs) - {NAME}))


def _capped(frame: Frame, most: int) -> tuple[Frame, int]:
    """Return at most so many series; which ones does not depend on their order, nor on the others."""
    excess = len(frame.series) - most
    if excess <= 0:
        return frame, 0
    series, kept = _lowest(frame.series, most)
    return Frame(series, frame.values[kept], frame.axis), excess


def _part(frame: Frame, shard: Shard) -> Frame:
    if shard == WHOLE:
        return frame
    mine = shard.of(frame.series)
    return Frame(_taken(frame.series, shard), frame.values[mine], frame.axis)


@by_identity
def _taken(series: tuple[Labels, ...], shard: Shard) -> tuple[Labels, ...]:
    return tuple(series[k] for k in shard.of(series))


@by_identity
def _lowest(series: tuple[Labels, ...], most: int) -> tuple[tuple[Labels, ...], IntArray]:
    """Return the series of the lowest ranks in their order, and where they stand."""
    ranks = [rank(labels) for labels in series]
    kept = np.sort(np.array(sorted(range(len(ranks)), key=ranks.__getitem__)[:most], np.int64))
    return tuple(series[k] for k in kept), kept
