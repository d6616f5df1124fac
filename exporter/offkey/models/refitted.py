"""Detectors that learn anew from a sample of their past: what they share, so that each is only its own arithmetic."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.durations import DAY, HOUR, MINUTE, WEEK
from offkey.core.findings import Band
from offkey.core.frame import Array, BoolArray, Frame, IntArray
from offkey.core.labels import Labels, rank
from offkey.core.state import AnyArray, State
from offkey.models import lags
from offkey.models.tails import KNOTS, decades, tail_of

Rows = Mapping[str, tuple[tuple[int, ...], type]]
Say = Callable[[Mapping[str, AnyArray], Array], Array]  # rows and features (S, T, F) to arrays (K, S, T)

NEED = 36 * HOUR  # seconds of samples before the first training: a day to know the season, half a day beside it
TRAININGS = (NEED, 2 * DAY, 4 * DAY, WEEK)  # and once a week from there on
KEPT = 2_016  # samples remembered to learn from
PAUSE = 5 * MINUTE  # between two of them, so that they span a week
FEW = 8  # samples without which nothing is learned
AT_ONCE = 4_000_000  # features held in memory together


@dataclass(frozen=True)
class Refitted(ABC):
    """A detector that keeps a week of features and trains on them on a schedule of each series' own.

    After a training, what it kept is judged too: that is the past beside which a strangeness is so many decades rare.
    """

    context: int = 0  # past samples needed before a new one: the state remembers them

    early: ClassVar[tuple[int, ...]] = TRAININGS  # seconds of samples at the first trainings
    later: ClassVar[int] = WEEK  # seconds of samples between the ones that follow
    pause: ClassVar[int] = PAUSE  # seconds between two samples that are remembered

    @property
    def picked(self) -> tuple[int, ...]:
        """Which features of `lags.layout` are looked at."""
        return tuple(range(lags.layout.FEATURES))

    @property
    def features(self) -> int:
        """How many features are kept of a sample."""
        return len(self.picked)

    @property
    def watched(self) -> Rows:
        """Shape and type of what `watch` remembers of a series."""
        return lags.ROWS

    @property
    @abstractmethod
    def trained(self) -> Rows:
        """Shape and type of what `train` returns."""

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return features (S, T, F) and where they are worth learning from (S, T); the watched rows are written to."""
        features, known = lags.look(rows, frame)
        picked: Array = features[..., self.picked]
        return picked, known

    def lesson(self, features: Array) -> Array:
        """Return what is worth keeping of features (N, F), same shape, within single precision."""
        return features

    @abstractmethod
    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Learn from the features of one series' past, (N, F), the oldest first."""

    @abstractmethod
    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the model's own measure >= 0 of features (S, T, F), (S, T); a row depends on its series alone."""

    def recall(self, rows: Mapping[str, AnyArray], kept: Array) -> Array:
        """Return the measure of what was learned from, (N,), as if it had not been."""
        return np.asarray(self.judge(rows, kept[None])[0])

    def recall_by_halves(self, kept: Array) -> Array:
        """Return the measure of each half of the past by what the other half teaches, (N,)."""
        halves = np.array_split(kept, 2)
        taught = [{name: np.asarray(array)[None] for name, array in self.train(half).items()} for half in halves]
        return np.hstack([self.judge(taught[1 - k], half[None])[0] for k, half in enumerate(halves)])

    def fit(self, frame: Frame) -> State:
        """Learn from a history, oldest sample first."""
        return self.update(self._blank(frame.series), frame)

    def update(self, state: State, frame: Frame) -> State:
        """Learn the frame's samples; the arrays of `state` are used on."""
        rows = self._rows(state, frame.series)
        for part, piece in self._parts(rows, frame):
            features, known, due = self._look(part, piece)
            for s in range(len(piece.series)):
                one = {name: array[s : s + 1] for name, array in part.items()}
                columns = due[s][-1:]
                last = int(columns[0]) + 1 if columns.size else 0
                self._keep(one, features[s, :last], known[s, :last], piece.axis.times[:last])
                if last:
                    self._train(one)
                self._keep(one, features[s, last:], known[s, last:], piece.axis.times[last:])
        return State(frame.series, rows)

    def score(self, state: State, frame: Frame) -> Array:
        """Return decades of rarity beside the series' own past, shape (S, T)."""
        return np.asarray(self.live_through(state, frame, self._strangeness)[0])

    def live_through(self, state: State, frame: Frame, say: Say, **beside: Array) -> Array:
        """Return what can be said of every column by what came before it, (K, S, T); the state is left alone.

        Args:
            state: what was learned before.
            frame: the columns that follow.
            say: what is said, from rows and features.
            beside: further rows for `say`, (S, ...) each.
        """
        rows, pieces = {**self._rows(state, frame.series), **beside}, []
        for part, piece in self._parts(rows, frame):
            seen = {name: array.copy() if name in self._moving else array for name, array in part.items()}
            features, known, due = self._look(seen, piece)
            if not any(columns.size for columns in due):
                pieces.append(say(seen, features))
                continue
            for s, columns in enumerate(due):
                one = {name: array[s : s + 1].copy() for name, array in seen.items()}
                pieces.append(self._train_on_the_way(one, (features[s], known[s], piece.axis.times), columns, say))
        return np.concatenate(pieces, axis=1) if pieces else say(rows, np.empty((*frame.values.shape, self.features)))

    def ready(self, state: State) -> Array:
        """Return the share of the first day and a half that was seen, shape (S,)."""
        share = np.minimum(1.0, state.rows["seen"] / NEED)
        return np.where(np.isnan(state.rows["knots"][:, 0]), np.minimum(0.9, share), share)

    def band(self, state: State, frame: Frame, bound: Array) -> Band:
        """Return no band: many samples together make one strange, so no single value is its edge."""
        none = np.full(frame.values.shape, np.nan)
        return Band(none, none, none)

    @property
    def _all(self) -> dict[str, tuple[tuple[int, ...], type]]:
        own: dict[str, tuple[tuple[int, ...], type]] = {
            "seen": ((), np.int64),
            "stagger": ((), np.int64),
            "kept": ((KEPT, self.features), np.float32),
            "written": ((), np.int64),
            "kept_at": ((), np.int64),
            "knots": ((KNOTS,), np.float64),
        }
        return {**self.watched, **self.trained, **own}

    @property
    def _moving(self) -> set[str]:
        return {*self.watched, "seen", "stagger"}

    def _blank(self, series: tuple[Labels, ...]) -> State:
        none = State((), {name: np.zeros((0, *shape), kind) for name, (shape, kind) in self._all.items()})
        return none.align(series)

    def _rows(self, state: State, series: tuple[Labels, ...]) -> dict[str, AnyArray]:
        """Return the rows as the compiled code takes them; those of a store may be read-only."""
        rows = state.align(series).rows
        found = {name: np.require(rows[name], kind, ["C", "W"]) for name, (_, kind) in self._all.items()}
        fresh = np.flatnonzero(found["seen"] == 0)
        found["stagger"][fresh] = [int.from_bytes(rank(series[s]), "big") % (WEEK // 2) for s in fresh]
        return found

    def _parts(self, rows: dict[str, AnyArray], frame: Frame) -> Iterator[tuple[dict[str, AnyArray], Frame]]:
        """Yield so many series at a time that their features fit in memory."""
        size = max(1, AT_ONCE // max(1, frame.axis.size * self.features))
        for first in range(0, len(frame.series), size):
            last = min(first + size, len(frame.series))
            yield {name: array[first:last] for name, array in rows.items()}, frame.rows(np.arange(first, last))

    def trainings(self, seen: IntArray, stagger: IntArray) -> IntArray:
        """Return how often a series was trained after so many seconds of samples."""
        begun = sum((seen >= due).astype(np.int64) for due in self.early)
        return np.asarray(begun + np.maximum(0, seen - self.early[-1] + stagger) // self.later, np.int64)

    def _look(self, rows: dict[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray, list[IntArray]]:
        """Return features, where they teach, and after which columns each series is due for training."""
        features, known = self.watch(rows, frame)
        before = rows["seen"][:, None]
        seen = before + frame.axis.step * np.cumsum(~np.isnan(frame.values), axis=1)
        done = self.trainings(np.hstack([before, seen]), rows["stagger"][:, None])
        if frame.axis.size:
            rows["seen"][:] = seen[:, -1]
        return features, known, [np.flatnonzero(row) for row in np.diff(done, axis=1) > 0]

    def _train_on_the_way(
        self, rows: Mapping[str, AnyArray], seen: tuple[Array, BoolArray, IntArray], due: IntArray, say: Say
    ) -> Array:
        """Return what can be said of one series, (K, 1, T), trained after the columns that are due."""
        (features, known, times), pieces, first = seen, [], 0
        for last in (*(due + 1), times.size):
            pieces.append(say(rows, features[None, first:last]))
            if last < times.size:
                self._keep(rows, features[first:last], known[first:last], times[first:last])
                self._train(rows)
            first = last
        return np.concatenate(pieces, axis=2)

    def _strangeness(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the decades of rarity, (1, S, T); NaN where a sample is missing or nothing was learned."""
        if np.isnan(rows["knots"][:, 0]).all():
            return np.full((1, *features.shape[:2]), np.nan)
        return decades(rows["knots"], self.judge(rows, features))[None]

    def _keep(self, rows: Mapping[str, AnyArray], features: Array, known: BoolArray, times: IntArray) -> None:
        """Remember the first sample after every pause, in place of the oldest."""
        columns = np.flatnonzero(known)
        bins = times[columns] // self.pause
        fresh = columns[np.diff(bins, prepend=rows["kept_at"]) > 0]
        if fresh.size:
            places = (rows["written"] + np.arange(fresh.size)) % KEPT
            rows["kept"][0, places[-KEPT:]] = self.lesson(features[fresh[-KEPT:]])
            rows["written"] += fresh.size
            rows["kept_at"][:] = times[fresh[-1]] // self.pause

    def kept(self, rows: Mapping[str, AnyArray], s: int) -> Array:
        """Return the features that are kept of one series, (N, F), the oldest first."""
        written = int(rows["written"][s])
        if written <= KEPT:
            return np.asarray(rows["kept"][s, :written], np.float64)
        return np.asarray(np.roll(rows["kept"][s], -(written % KEPT), axis=0), np.float64)

    def _train(self, rows: Mapping[str, AnyArray]) -> None:
        past = self.kept(rows, 0)
        if len(past) < FEW:
            return
        for name, array in self.train(past).items():
            rows[name][0] = array
        rows["knots"][0] = tail_of(self.recall(rows, past))
