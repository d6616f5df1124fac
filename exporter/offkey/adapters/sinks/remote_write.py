"""Send each snapshot to a server that takes remote write, every sample with the time it was judged for."""

import itertools
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from prometheus_client.openmetrics.exposition import UNDERSCORES

from offkey.adapters.decode.messages import write_labels
from offkey.adapters.sinks import _families as families
from offkey.adapters.sinks._text import Tails, wire_names
from offkey.adapters.sinks._writes import Column
from offkey.core.findings import Snapshot, Verdict
from offkey.core.frame import Array, BoolArray, IntArray
from offkey.core.labels import NAME, Labels
from offkey.engine.preview import Preview

SAMPLES_A_CALL = 10_000
EARLY_A_CALL = 2_500  # of samples that hurry: a server takes several messages at once
SCORE, SPARSE = "offkey_anomaly_score", "offkey_anomaly"  # what is sent before its tick
_EXTRA = re.compile(r'([a-z]+)="([^"]*)",')
_ADDED = ("bound", "horizon", "rank")


@dataclass(frozen=True, slots=True)
class _Written:
    """The labels of one signal's series as fields of a TimeSeries.

    Attributes:
        series: whose they are, S label sets.
        before: fields in front of the metric's name; names are in order.
        after: fields behind it.
        cuts: where in `after` each label offkey may add belongs, (S,).
        first: False where a lesser label set is the same once the metric name is dropped, (S,).
    """

    series: tuple[Labels, ...]
    before: Tails
    after: Tails
    cuts: dict[str, IntArray]
    first: BoolArray

    @classmethod
    def of(cls, series: tuple[Labels, ...], signal: str, added: Mapping[str, str]) -> "_Written":
        found = [_texts(labels.pairs, signal, added) for labels in series]
        texts = [both for both, _ in found]
        cuts = {extra: np.array([cut[extra] for _, cut in found], np.int64) for extra in _ADDED}
        before, after = (Tails.of(both[k] for both in texts) for k in range(2))
        return cls(series, before, after, cuts, _first(series, texts))


class Sink:
    """Writes what the exposition shows about series and signals.

    Args:
        send: takes a WriteRequest of at most 10,000 samples, their number, and the turn they belong to: those of one
            turn are of different series and may arrive in any order; must not block for long.
        added: labels for series that have none of that name, as a scrape with `honor_labels` would add them.
    """

    def __init__(self, send: Callable[[bytes, int, int], None], added: Mapping[str, str] | None = None) -> None:
        self._send = send
        self._added = added or {}
        self._known: dict[str, _Written] = {}
        self._lock = threading.Lock()
        self._turns = itertools.count()

    def publish(self, snapshot: Snapshot) -> None:
        """Send everything a snapshot says about series and signals."""
        columns = (column for verdict in snapshot.verdicts for column in self._columns(verdict))
        self._deliver(columns, SAMPLES_A_CALL)

    def publish_early(self, found: Preview, times: IntArray) -> None:
        """Send scores that came before their tick, each with the time of its own sample.

        Args:
            found: the scores; those that are NaN are not sent.
            times: of the samples, milliseconds, (S,).
        """
        known = self._written(found.signal.name, found.series)
        sparse = np.where(found.anomalous, found.score, np.nan)
        columns = [_column(SPARSE, "", known, sparse, times)]
        if found.signal.expose != "anomalous":
            columns.append(_column(SCORE, "", known, found.score, times))
        self._deliver(iter(columns), EARLY_A_CALL)

    def _deliver(self, columns: Iterator[Column], most: int) -> None:
        """Send all samples, at most so many in a message."""
        parts: list[bytes] = []
        room, turn = most, next(self._turns)
        for column in columns:
            at = 0
            while at < len(column):
                last = min(len(column), at + room)
                parts.append(column.text(at, last))
                room -= last - at
                at = last
                if room == 0:
                    self._send(b"".join(parts), most, turn)
                    parts, room = [], most
        if parts:
            self._send(b"".join(parts), most - room, turn)

    def _columns(self, verdict: Verdict) -> Iterator[Column]:
        """Yield every metric of a verdict."""
        time = int(verdict.time * 1000)
        written = self._written(verdict.signal.name, verdict.series)
        times = np.full(len(verdict.series), time)
        for family in families.SERIES:
            if verdict.signal.expose in family.exposed:
                for extra, values in family.columns(verdict):
                    yield _column(family.name, extra, written, values, times)
        own, now = _Written.of((Labels(),), verdict.signal.name, self._added), np.full(1, time)
        for one in families.SIGNAL:
            yield _column(one.name, "", own, np.array([one.value(verdict)]), now)
        for ratio in families.HORIZON:
            for horizon, value in ratio.samples(verdict):
                yield _column(ratio.name, f'horizon="{horizon}",', own, np.array([value]), now)

    def _written(self, name: str, series: tuple[Labels, ...]) -> _Written:
        """Return the fields of a signal's series, written anew only when the set of series changes."""
        with self._lock:
            known = self._known.get(name)
            if known is not None and known.series is series:
                return known
            if known is not None and known.series == series:
                known = replace(known, series=series)
            else:
                known = _Written.of(series, name, self._added)
            self._known[name] = known
            return known


def _first(series: tuple[Labels, ...], texts: list[tuple[bytes, bytes]]) -> BoolArray:
    known: set[tuple[bytes, bytes]] = set()
    first = np.zeros(len(series), bool)
    for k in sorted(range(len(series)), key=series.__getitem__):
        first[k] = texts[k] not in known
        known.add(texts[k])
    return first


def _texts(
    pairs: Sequence[tuple[str, str]], signal: str, added: Mapping[str, str]
) -> tuple[tuple[bytes, bytes], dict[str, int]]:
    """Return a series' fields before and after the metric's name, and the places of labels that may be added."""
    names = wire_names([name for name, _ in pairs], UNDERSCORES)
    mine = [(name, value) for name, (_, value) in zip(names, pairs, strict=True) if name]
    ordered = sorted({**added, **dict(mine), "signal": signal}.items())
    after = [pair for pair in ordered if pair[0] > NAME]
    cuts = {extra: len(write_labels(pair for pair in after if pair[0] < extra)) for extra in _ADDED}
    return (write_labels(pair for pair in ordered if pair[0] < NAME), write_labels(after)), cuts


def _column(name: str, extra: str, written: _Written, values: Array, times: IntArray) -> Column:
    """Return the values that are not NaN as samples of a metric."""
    found = _EXTRA.fullmatch(extra)
    added = write_labels([(found[1], found[2])]) if found else b""
    cuts = written.cuts[found[1] if found else _ADDED[0]]
    rows = np.flatnonzero(~np.isnan(values) & written.first)
    return Column(write_labels([(NAME, name)]), added, written.before, written.after, cuts, rows, values, times)
