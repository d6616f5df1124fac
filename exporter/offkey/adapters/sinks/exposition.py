"""Expose the latest snapshot as Prometheus and OpenMetrics text, rendered once however often it is scraped."""

import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder, gzip_accepted
from prometheus_client.openmetrics.exposition import UNDERSCORES
from prometheus_client.registry import Collector

from offkey.adapters.sinks import _families as families
from offkey.adapters.sinks._text import Tails, header, samples, tail
from offkey.core.findings import Snapshot, Verdict
from offkey.core.labels import Labels
from offkey.core.signals import Signal

# Prometheus stamps whatever it is given with the time of the scrape: what is older than this is not given.
STALE_INTERVALS = 2

# A body of 100,000 samples takes 60 ms at this level and 430 ms at zlib's default.
_COMPRESSION = 1
_GZIP_WRAPPER = 31


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to a scrape; `encoding` is empty or gzip."""

    content_type: str
    encoding: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Arrival:
    """When a signal's newest verdict came, on the sink's clock, and what stays known when it is too old to show."""

    signal: Signal
    at: float
    time: float
    expected_alerts_per_week: float

    @property
    def budget_per_week(self) -> float:
        return self.signal.alert.budget_per_week if self.signal.alert else float("nan")


@dataclass(slots=True)
class _Body:
    """Rendered derived series, and their compressed form with the compressor that can go on from there."""

    text: bytes
    compressed: tuple[bytes, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """A snapshot with its arrivals; `bodies` fills as formats are asked for, under the sink's lock."""

    snapshot: Snapshot | None = None
    arrivals: Mapping[str, _Arrival] = field(default_factory=dict)
    bodies: dict[tuple[str, tuple[str, ...]], _Body] = field(default_factory=dict)


class Sink:
    """Shows the latest snapshot to any number of scrapers at once, followed by the process's own metrics."""

    def __init__(self, registry: Collector | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing to show.

        Args:
            registry: the process's own metrics.
            clock: seconds, only differences are used.
        """
        self._registry = registry or CollectorRegistry()
        self._clock = clock
        self._shown = _Shown()
        self._tails: dict[tuple[str, str], Tails] = {}
        self._lock = threading.Lock()

    @property
    def is_ready(self) -> bool:
        """Whether there is a snapshot."""
        return self._shown.snapshot is not None

    def publish(self, snapshot: Snapshot) -> None:
        """Make a snapshot visible in one step; scrapes under way finish with the one before."""
        now, before = self._clock(), self._shown.arrivals
        arrivals = {name: old for name, old in before.items() if now - old.at <= old.signal.keep_absent}
        for verdict in snapshot.verdicts:
            name = verdict.signal.name
            old = before.get(name)
            at = old.at if old and old.time == verdict.time else now
            arrivals[name] = _Arrival(verdict.signal, at, verdict.time, verdict.expected_alerts_per_week)
        self._shown = _Shown(snapshot, arrivals)

    def render(self, accept: str = "", accept_encoding: str = "") -> Page:
        """Return the whole exposition in the format a scraper asks for.

        Args:
            accept: its Accept header; text 0.0.4, text 1.0.0 and OpenMetrics are known.
            accept_encoding: its Accept-Encoding header; gzip is known.
        """
        encoder, content_type = _negotiate(accept)
        escaping = content_type.partition("escaping=")[2] or UNDERSCORES
        own = encoder(self._registry)
        body = self._derived(escaping)
        if not gzip_accepted(accept_encoding):
            return Page(content_type, "", body.text + own)
        return Page(content_type, "gzip", self._zipped(body, own))

    def _derived(self, escaping: str) -> _Body:
        """Return the derived series, rendered when nobody has asked for them before."""
        shown, now = self._shown, self._clock()
        verdicts = [
            verdict
            for verdict in (shown.snapshot.verdicts if shown.snapshot else ())
            if now - shown.arrivals[verdict.signal.name].at <= STALE_INTERVALS * verdict.signal.step
        ]
        key = escaping, tuple(verdict.signal.name for verdict in verdicts)
        with self._lock:
            if key not in shown.bodies:
                tails = [self._prepared(verdict, escaping) for verdict in verdicts]
                shown.bodies[key] = _Body(_body(verdicts, tails, shown, escaping))
            return shown.bodies[key]

    def _prepared(self, verdict: Verdict, escaping: str) -> Tails:
        """Return the label text of a signal's series, prepared anew only when the set of series changes."""
        key = verdict.signal.name, escaping
        known = self._tails.get(key)
        if known is None or (known.series is not verdict.series and known.series != verdict.series):
            current = self._shown.arrivals
            self._tails = {old: tails for old, tails in self._tails.items() if old[0] in current}
            known = self._tails[key] = Tails.of(verdict.series, verdict.signal.name, escaping)
        return known

    def _zipped(self, body: _Body, own: bytes) -> bytes:
        with self._lock:
            if body.compressed is None:
                compressor = zlib.compressobj(_COMPRESSION, zlib.DEFLATED, _GZIP_WRAPPER)
                body.compressed = compressor.compress(body.text), compressor
            start, compressor = body.compressed[0], body.compressed[1].copy()
        return start + compressor.compress(own) + compressor.flush()


def _negotiate(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    """Return the encoder and content type prometheus_client chooses; a version it cannot read counts as none."""
    try:
        return choose_encoder(accept)
    except TypeError:
        return choose_encoder("")


def _body(verdicts: Sequence[Verdict], tails: Sequence[Tails], shown: _Shown, escaping: str) -> bytes:
    """Return every family that has a sample, one after the other."""
    signals = [tail(Labels(), escaping, signal=verdict.signal.name) for verdict in verdicts]
    standing = [tail(Labels(), escaping, signal=name) for name in shown.arrivals]
    blocks = [_block(family, _series_lines(family, verdicts, tails)) for family in families.SERIES]
    blocks += [_block(family, _lines(family.name, signals, map(family.value, verdicts))) for family in families.SIGNAL]
    blocks += [
        _block(family, _lines(family.name, standing, map(attrgetter(family.fact), shown.arrivals.values())))
        for family in families.STANDING
    ]
    blocks.append(_block(families.FAULT, _fault_lines(verdicts, tails, shown, escaping)))
    return b"".join(blocks)


def _block(family: families.Family, content: bytes) -> bytes:
    return header(family.name, family.help) + content + b"\n" if content else b""


def _lines(name: str, tails: Sequence[bytes], values: Iterable[float]) -> bytes:
    return samples(name, "", tails, np.array([*values], np.float64))


def _series_lines(family: families.SeriesFamily, verdicts: Sequence[Verdict], tails: Sequence[Tails]) -> bytes:
    return b"".join(
        samples(family.name, extra, known.texts, np.where(known.first, values, np.nan))
        for verdict, known in zip(verdicts, tails, strict=True)
        if verdict.signal.expose in family.exposed
        for extra, values in family.columns(verdict)
    )


def _fault_lines(verdicts: Sequence[Verdict], tails: Sequence[Tails], shown: _Shown, escaping: str) -> bytes:
    """Return how often each defect was met; series hidden behind an equal label set are one kind of it."""
    met = Counter(
        tail(fault.labels, escaping, signal=fault.signal, kind=fault.kind)
        for fault in chain(shown.snapshot.faults if shown.snapshot else (), *(verdict.faults for verdict in verdicts))
    )
    for verdict, known in zip(verdicts, tails, strict=True):
        hidden = int((~known.first).sum())
        if hidden:
            met[tail(Labels(), escaping, signal=verdict.signal.name, kind=families.DUPLICATE)] += hidden
    return _lines(families.FAULT.name, [*met], met.values())
