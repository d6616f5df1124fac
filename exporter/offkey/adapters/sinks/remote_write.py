"""Send each snapshot to a server that takes remote write, every sample with the time it was judged for."""

import re
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from prometheus_client.openmetrics.exposition import UNDERSCORES

from offkey.adapters.decode.messages import field, varint, write_labels
from offkey.adapters.sinks import _families as families
from offkey.adapters.sinks._text import wire_names
from offkey.core.findings import Snapshot, Verdict
from offkey.core.frame import Array, BoolArray, IntArray
from offkey.core.labels import NAME, Labels
from offkey.engine.preview import Preview

SAMPLES_A_CALL = 10_000
SCORE, SPARSE = "offkey_anomaly_score", "offkey_anomaly"  # what is sent before its tick
_EXTRA = re.compile(r'([a-z]+)="([^"]*)",')


@dataclass(frozen=True, slots=True)
class _Written:
    """The labels of one signal's series as fields of a TimeSeries.

    Attributes:
        series: whose they are, S label sets.
        texts: fields before the metric's name and after it; names are in order.
        cuts: where in the second part each label offkey may add belongs.
        first: False where a lesser label set is the same once the metric name is dropped, (S,).
    """

    series: tuple[Labels, ...]
    texts: list[tuple[bytes, bytes]]
    cuts: list[dict[str, int]]
    first: BoolArray


class Sink:
    """Writes what the exposition shows about series and signals.

    Args:
        send: takes a WriteRequest of at most 10,000 samples, and their number; must not block for long.
    """

    def __init__(self, send: Callable[[bytes, int], None]) -> None:
        self._send = send
        self._known: dict[str, _Written] = {}
        self._lock = threading.Lock()

    def publish(self, snapshot: Snapshot) -> None:
        """Send everything a snapshot says about series and signals."""
        self._deliver(entry for verdict in snapshot.verdicts for entry in self._entries(verdict))

    def publish_early(self, found: Preview, times: IntArray) -> None:
        """Send scores that came before their tick, each with the time of its own sample.

        Args:
            found: the scores; those that are NaN are not sent.
            times: of the samples, milliseconds, (S,).
        """
        known = self._written(found.signal.name, found.series)
        sparse = np.where(found.anomalous, found.score, np.nan)
        stamps = _Stamps(times)
        columns = [_column(SPARSE, "", known, sparse, stamps)]
        if found.signal.expose != "anomalous":
            columns.append(_column(SCORE, "", known, found.score, stamps))
        self._deliver(chain.from_iterable(columns))

    def _deliver(self, entries: Iterator[bytes]) -> None:
        while batch := [*islice(entries, SAMPLES_A_CALL)]:
            self._send(b"".join(batch), len(batch))

    def _entries(self, verdict: Verdict) -> Iterator[bytes]:
        """Yield a TimeSeries for each sample."""
        time = _Stamps(np.full(max(1, len(verdict.series)), int(verdict.time * 1000)))
        for family in families.SERIES:
            if verdict.signal.expose in family.exposed:
                written = self._written(verdict.signal.name, verdict.series)
                for extra, values in family.columns(verdict):
                    yield from _column(family.name, extra, written, values, time)
        texts, cuts = _texts((), verdict.signal.name)
        own = _Written((Labels(),), [texts], [cuts], np.ones(1, bool))
        for one in families.SIGNAL:
            yield from _column(one.name, "", own, np.array([one.value(verdict)]), time)
        for ratio in families.HORIZON:
            for horizon, value in ratio.samples(verdict):
                yield from _column(ratio.name, f'horizon="{horizon}",', own, np.array([value]), time)

    def _written(self, name: str, series: tuple[Labels, ...]) -> _Written:
        """Return the fields of a signal's series, written anew only when the set of series changes."""
        with self._lock:
            known = self._known.get(name)
            if known is None or (known.series is not series and known.series != series):
                both = [_texts(labels.pairs, name) for labels in series]
                texts = [texts for texts, _ in both]
                known = _Written(series, texts, [cuts for _, cuts in both], _first(series, texts))
                self._known[name] = known
            return known


def _first(series: tuple[Labels, ...], texts: list[tuple[bytes, bytes]]) -> BoolArray:
    known: set[tuple[bytes, bytes]] = set()
    first = np.zeros(len(series), bool)
    for k in sorted(range(len(series)), key=series.__getitem__):
        first[k] = texts[k] not in known
        known.add(texts[k])
    return first


class _Stamps:
    """The time of each sample as a field; many are alike."""

    def __init__(self, times: IntArray) -> None:
        self._times = times.tolist()
        self._fields: dict[int, bytes] = {}

    def __getitem__(self, row: int) -> bytes:
        time = self._times[row]
        if time not in self._fields:
            self._fields[time] = b"\x10" + varint(time)
        return self._fields[time]


def _texts(pairs: Sequence[tuple[str, str]], signal: str) -> tuple[tuple[bytes, bytes], dict[str, int]]:
    """Return a series' fields before and after the metric's name, and the places of labels that may be added."""
    names = wire_names([name for name, _ in pairs], UNDERSCORES)
    mine = [(name, value) for name, (_, value) in zip(names, pairs, strict=True) if name]
    ordered = sorted([*mine, ("signal", signal)])
    after = [pair for pair in ordered if pair[0] > NAME]
    cuts = {
        extra: len(write_labels(pair for pair in after if pair[0] < extra)) for extra in ("bound", "horizon", "rank")
    }
    return (write_labels(pair for pair in ordered if pair[0] < NAME), write_labels(after)), cuts


def _column(name: str, extra: str, written: _Written, values: Array, times: _Stamps) -> Iterator[bytes]:
    """Yield a TimeSeries for each value that is not NaN."""
    named = write_labels([(NAME, name)])
    found = _EXTRA.fullmatch(extra)
    added = write_labels([(found[1], found[2])]) if found else b""
    packed = struct.Struct("<d").pack
    for k in np.flatnonzero(~np.isnan(values) & written.first).tolist():
        before, after = written.texts[k]
        if found:
            cut = written.cuts[k][found[1]]
            after = after[:cut] + added + after[cut:]
        yield field(1, before + named + after + field(2, b"\x09" + packed(values[k]) + times[k]))
