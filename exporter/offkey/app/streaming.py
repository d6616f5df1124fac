"""Scores within a moment of their samples: what remote write brings is judged at once and sent on."""

import queue
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from offkey.adapters.decode.messages import read_labels
from offkey.adapters.decode.names import Names
from offkey.adapters.decode.snappy import unsnapped
from offkey.adapters.decode.writes import Written, written
from offkey.adapters.sinks.remote_write import Sink
from offkey.adapters.sources._selector import plain
from offkey.core.frame import Array, BoolArray, IntArray
from offkey.core.labels import NAME, Labels, Matcher
from offkey.engine.cycle import Engine
from offkey.engine.plan import Plan

MOST_BYTES = 32 * 2**20  # of a message, after decompression
ROOM = 64  # messages that may wait to be judged
TOGETHER = 16  # messages that are judged at once, when so many are there
MOST_NAMES = 2_000_000  # series that are remembered
_OWN = ("offkey_", "offkey:")


class Busy(Exception):
    """Too many messages wait: the sender should come again."""


@dataclass(slots=True)
class _Feed:
    """The samples of one signal that have come: newest of each of its series, (S,), and which are to be judged.

    Attributes:
        series: S label sets.
        place: where each of them stands.
        times: of the newest samples, milliseconds, (S,).
        values: of those samples, (S,).
        fresh: which were not judged yet, (S,).
        rows: where the series of each number stands, (N,); -1 where it is none of the signal's.
    """

    series: tuple[Labels, ...]
    place: dict[Labels, int]
    times: IntArray
    values: Array
    fresh: BoolArray
    rows: IntArray

    @classmethod
    def of(cls, series: tuple[Labels, ...]) -> "_Feed":
        size = len(series)
        place = {labels: k for k, labels in enumerate(series)}
        return cls(
            series, place, np.zeros(size, np.int64), np.full(size, np.nan), np.zeros(size, bool), np.empty(0, np.int64)
        )

    def take(self, numbers: IntArray, message: Written) -> None:
        """Remember the samples of a message whose series have these numbers; older ones than before are left out."""
        rows = self.rows[numbers]
        mine = np.flatnonzero(rows >= 0)
        mine = mine[message.times[mine] > self.times[rows[mine]]]
        to = rows[mine]
        self.times[to], self.values[to], self.fresh[to] = message.times[mine], message.values[mine], True


class Stream:
    """Judges what is received, for signals whose query is one plain selector and that need no companion query.

    Args:
        engine: returns the engine in force.
        plans: returns the plans in force.
        sinks: return where early scores are sent.
    """

    def __init__(
        self,
        engine: Callable[[], Engine],
        plans: Callable[[], Sequence[Plan]],
        sinks: Callable[[], Sequence[Sink]],
    ) -> None:
        self._engine, self._plans, self._sinks = engine, plans, sinks
        self._waiting: queue.Queue[Written | None] = queue.Queue(ROOM)
        self._followed: tuple[tuple[Plan, tuple[Matcher, ...]], ...] = ()
        self._known: Sequence[Plan] = ()
        self._feeds: dict[str, _Feed] = {}
        self._names = Names()

    def receive(self, block: bytes) -> None:
        """Take the snappy block of a WriteRequest; safe to call from any thread.

        Raises:
            OverflowError: it holds more than 32 MiB.
            ValueError: it is malformed.
            Busy: too many messages wait.
        """
        found = written(unsnapped(block, MOST_BYTES))
        try:
            self._waiting.put_nowait(found)
        except queue.Full as error:
            raise Busy from error

    def start(self) -> threading.Thread:
        """Judge what is received, in a thread of its own, until `stop`."""
        thread = threading.Thread(target=self._run, name="stream", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End the thread."""
        self._waiting.put(None)

    def _run(self) -> None:
        together = 0
        while (message := self._waiting.get()) is not None:
            self.take(message)
            together += 1
            if self._waiting.empty() or together == TOGETHER:
                self.judge()
                together = 0
        self.judge()

    def take(self, message: Written) -> None:
        """Remember what a message brings; what is older than what came before is left out."""
        self._refresh()
        if not any(feed.series for feed in self._feeds.values()):
            return  # nothing was learned yet: to read labels now would only delay that
        if len(self._names) > MOST_NAMES:
            self._forget()
        known = len(self._names)
        numbers = self._names.numbers(message.body, message.starts, message.ends)
        if len(self._names) > known:
            self._meet(known, numbers, message)
        for feed in self._feeds.values():
            feed.take(numbers, message)

    def judge(self) -> None:
        """Send the scores of all that came since the last time."""
        for plan, _ in self._followed:
            feed = self._feeds[plan.key]
            fresh = np.flatnonzero(feed.fresh)
            feed.fresh[fresh] = False
            step = plan.signal.step * 1000
            instants = -(-feed.times[fresh] // step) * plan.signal.step
            for at in np.unique(instants).tolist():
                self._send(plan, feed, fresh[instants == at], at)

    def _send(self, plan: Plan, feed: _Feed, rows: IntArray, at: int) -> None:
        values = np.full(len(feed.series), np.nan)
        values[rows] = feed.values[rows]
        found = self._engine().preview(plan.key, feed.series, values, at)
        if found is not None:
            for sink in self._sinks():
                sink.publish_early(found, feed.times)

    def _refresh(self) -> None:
        """Follow the plans in force and the series they know now."""
        plans = self._plans()
        if plans is not self._known:
            self._known = plans
            self._followed = tuple(_followed(plans))
            self._feeds.clear()
        engine = self._engine()
        for plan, _ in self._followed:
            series = engine.known(plan.key)
            feed = self._feeds.get(plan.key)
            if feed is not None and feed.series is not series and feed.series == series:
                feed.series = series  # equal ones are met again as the objects they are now
            elif feed is None or feed.series is not series:
                self._feeds[plan.key] = _Feed.of(series)
                self._forget()

    def _forget(self) -> None:
        """Number series anew."""
        self._names = Names()
        for feed in self._feeds.values():
            feed.rows = np.empty(0, np.int64)

    def _meet(self, known: int, numbers: IntArray, message: Written) -> None:
        """Find the places of series that have just been numbered, from `known` on; labels are read once."""
        _, entries = np.unique(numbers, return_index=True)
        places = {key: np.full(len(self._names) - known, -1, np.int64) for key in self._feeds}
        for entry in entries[numbers[entries] >= known].tolist():
            for key, row in self._found(message.body[message.starts[entry] : message.ends[entry]]):
                places[key][numbers[entry] - known] = row
        for key, feed in self._feeds.items():
            feed.rows = np.concatenate([feed.rows, places[key]])

    def _found(self, text: bytes) -> Iterator[tuple[str, int]]:
        try:
            labels = read_labels(text)
        except ValueError:
            return  # a series nobody can name
        if labels.get(NAME, "").startswith(_OWN):
            return  # our own scores coming back
        for plan, matchers in self._followed:
            row = self._feeds[plan.key].place.get(labels, -1)
            if row >= 0 and all(_holds(matcher, labels) for matcher in matchers):
                yield plan.key, row


def _followed(plans: Sequence[Plan]) -> Iterator[tuple[Plan, tuple[Matcher, ...]]]:
    for plan in plans:
        matchers = plain(plan.signal.query)
        if matchers is not None and plan.signal.traffic is None:
            yield plan, matchers


def _holds(matcher: Matcher, labels: Labels) -> bool:
    value = labels.get(matcher.name, "")
    if matcher.op in ("=", "!="):
        return (value == matcher.value) is (matcher.op == "=")
    try:
        return bool(re.fullmatch(matcher.value, value, re.DOTALL)) is (matcher.op == "=~")
    except re.error:  # syntax only the server knows: the series is one of the signal's, and that is enough
        return True
