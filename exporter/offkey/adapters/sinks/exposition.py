"""Expose the latest snapshot as Prometheus and OpenMetrics text, rendered once however often it is scraped."""

import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter

import cramjam
import numpy as np
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder, gzip_accepted
from prometheus_client.openmetrics.exposition import UNDERSCORES
from prometheus_client.registry import Collector

from offkey.adapters.sinks import _families as families
from offkey.adapters.sinks._page import Lines, header, page
from offkey.adapters.sinks._text import Known, Tails, tail
from offkey.core.findings import Snapshot, Verdict
from offkey.core.labels import Labels
from offkey.core.signals import Signal

# Prometheus stamps whatever it is given with the time of the scrape: what is older than this is not given.
STALE_INTERVALS = 2

# The lowest level: the next one takes 2.5 times as long and makes a body no smaller.
_COMPRESSION = 1
_PIECE = 1 << 20  # bytes it is given at once
_RAW_DEFLATE = -15
# Magic number, deflate, no flags, no time, no hints, system unknown (RFC 1952).
_GZIP_START = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to a scrape, in parts that follow each other; `encoding` is empty or gzip."""

    content_type: str
    encoding: str
    parts: tuple[bytes | memoryview, ...]

    @property
    def body(self) -> bytes:
        """The parts as one."""
        return b"".join(self.parts)


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


@dataclass(frozen=True, slots=True)
class _Zipped:
    """The start of a gzip member with the derived series; checksum and size are those of the text."""

    start: bytes
    checksum: int
    size: int


@dataclass(slots=True)
class _Body:
    """Derived series in the forms they were asked for: a text nobody reads is not kept beside what was made of it."""

    text: memoryview | None = None
    zipped: _Zipped | None = None


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
        self._known: dict[tuple[str, str], Known] = {}
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
        if not gzip_accepted(accept_encoding):
            return Page(content_type, "", (self._text(escaping), own))
        return Page(content_type, "gzip", _member(self._zipped(escaping), own))

    def _text(self, escaping: str) -> memoryview:
        """Return the derived series, rendered when nobody has asked for them before."""
        with self._lock:
            shown = self._shown
            body, verdicts = self._asked(shown, escaping)
            if body.text is None:
                body.text = self._rendered(shown, verdicts, escaping)
            return body.text

    def _zipped(self, escaping: str) -> _Zipped:
        """Return them compressed, which is done once."""
        with self._lock:
            shown = self._shown
            body, verdicts = self._asked(shown, escaping)
            if body.zipped is None:
                text = self._rendered(shown, verdicts, escaping) if body.text is None else body.text
                compressor = cramjam.deflate.Compressor(_COMPRESSION)
                for first in range(0, len(text), _PIECE):
                    compressor.compress(bytes(text[first : first + _PIECE]))
                body.zipped = _Zipped(_GZIP_START + bytes(compressor.flush()), zlib.crc32(text), len(text))
            return body.zipped

    def _asked(self, shown: _Shown, escaping: str) -> tuple[_Body, list[Verdict]]:
        """Return what there is of a form of a snapshot, and its verdicts that are not too old to show."""
        now = self._clock()
        verdicts = [
            verdict
            for verdict in (shown.snapshot.verdicts if shown.snapshot else ())
            if now - shown.arrivals[verdict.signal.name].at <= STALE_INTERVALS * verdict.signal.step
        ]
        key = escaping, tuple(verdict.signal.name for verdict in verdicts)
        return shown.bodies.setdefault(key, _Body()), verdicts

    def _rendered(self, shown: _Shown, verdicts: list[Verdict], escaping: str) -> memoryview:
        known = [self._prepared(verdict, escaping) for verdict in verdicts]
        return page([*_content(verdicts, known, shown, escaping)])

    def _prepared(self, verdict: Verdict, escaping: str) -> Known:
        """Return the label text of a signal's series, prepared anew only when the set of series changes."""
        key = verdict.signal.name, escaping
        known = self._known.get(key)
        if known is None or (known.series is not verdict.series and known.series != verdict.series):
            current = self._shown.arrivals
            self._known = {old: lines for old, lines in self._known.items() if old[0] in current}
            known = self._known[key] = Known.of(verdict.series, verdict.signal.name, escaping, known)
        return known


def _member(derived: _Zipped, own: bytes) -> tuple[bytes, ...]:
    """Return one gzip member with the derived series and the process's own metrics."""
    last = zlib.compressobj(_COMPRESSION, zlib.DEFLATED, _RAW_DEFLATE)
    size = (derived.size + len(own)) % 2**32
    end = struct.pack("<II", zlib.crc32(own, derived.checksum), size)
    return derived.start, last.compress(own), last.flush() + end


def _negotiate(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    """Return the encoder and content type prometheus_client chooses; a version it cannot read counts as none."""
    try:
        return choose_encoder(accept)
    except TypeError:
        return choose_encoder("")


def _content(
    verdicts: Sequence[Verdict], known: Sequence[Known], shown: _Shown, escaping: str
) -> Iterator[bytes | Lines]:
    """Yield every family that has a sample, one after the other."""
    signals = Tails.of(tail(Labels(), escaping, signal=verdict.signal.name) for verdict in verdicts)
    standing = Tails.of(tail(Labels(), escaping, signal=name) for name in shown.arrivals)
    for family in families.SERIES:
        yield from _block(family, *_series_lines(family, verdicts, known))
    for about in families.SIGNAL:
        yield from _block(about, _lines(about, signals, map(about.value, verdicts)))
    for ratio in families.HORIZON:
        yield from _block(ratio, _horizon_lines(ratio, verdicts, escaping))
    for fact in families.STANDING:
        yield from _block(fact, _lines(fact, standing, map(attrgetter(fact.fact), shown.arrivals.values())))
    met = _faults(verdicts, known, shown, escaping)
    yield from _block(families.FAULT, _lines(families.FAULT, Tails.of(met), met.values()))


def _block(family: families.Family, *lines: Lines) -> Iterator[bytes | Lines]:
    """Yield a family with its header, or nothing when all of its values are missing."""
    if not all(np.isnan(some.values).all() for some in lines):
        yield header(family.name, family.help)
        yield from lines


def _lines(family: families.Family, tails: Tails, values: Iterable[float]) -> Lines:
    return Lines(f"{family.name}{{".encode(), tails, np.array([*values], np.float64))


def _horizon_lines(family: families.HorizonFamily, verdicts: Sequence[Verdict], escaping: str) -> Lines:
    found = {
        tail(Labels(), escaping, signal=verdict.signal.name, horizon=horizon): value
        for verdict in verdicts
        for horizon, value in family.samples(verdict)
    }
    return _lines(family, Tails.of(found), found.values())


def _series_lines(
    family: families.SeriesFamily, verdicts: Sequence[Verdict], known: Sequence[Known]
) -> Iterator[Lines]:
    for verdict, prepared in zip(verdicts, known, strict=True):
        if verdict.signal.expose in family.exposed:
            for extra, values in family.columns(verdict):
                shown = values if prepared.first.all() else np.where(prepared.first, values, np.nan)
                yield Lines(f"{family.name}{{{extra}".encode(), prepared.tails, shown)


def _faults(verdicts: Sequence[Verdict], known: Sequence[Known], shown: _Shown, escaping: str) -> Mapping[bytes, int]:
    """Return how often each defect was met; series hidden behind an equal label set are one kind of it."""
    met = Counter(
        tail(fault.labels, escaping, signal=fault.signal, kind=fault.kind)
        for fault in chain(shown.snapshot.faults if shown.snapshot else (), *(verdict.faults for verdict in verdicts))
    )
    for verdict, prepared in zip(verdicts, known, strict=True):
        hidden = int((~prepared.first).sum())
        if hidden:
            met[tail(Labels(), escaping, signal=verdict.signal.name, kind=families.DUPLICATE)] += hidden
    return met
