"""One evaluation of expressions at given instants: what is asked of the world, what failed when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from offkey.core.errors import RuleError
from offkey.core.frame import Array, BoolArray, IntArray
from offkey.core.labels import Labels
from offkey.engine.promql.series import Track, Vector, merged
from offkey.engine.promql.tree import Node, Range, Selector, Shift, Subquery, unwrapped

# Seconds a sample stands for the instants after it. Source: Prometheus --query.lookback-delta
LOOKBACK = 300_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A series as a rule may see it: from each of its own instants (T,) no sample at or after `before` (T,), if any."""

    labels: Labels
    track: Track
    is_strict: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A value that was found before, and where it could not be."""

    value: Vector | Array
    failed: BoolArray


class World(Protocol):
    """Where samples come from."""

    def series(self, selector: Selector, first: int, last: int) -> Sequence[Seen]:
        """Return the series a selector chooses, with all samples in [first, last], milliseconds."""
        ...

    def answer(self, node: Node, times: IntArray) -> Known | None:
        """Return the whole value of an expression at evenly spaced instants, when the world can tell; else None."""
        ...


class Run:
    """Expressions at the instants `times` (T,), milliseconds.

    Attributes:
        failed: instants at which Prometheus would refuse what was evaluated so far, (T,).
    """

    def __init__(self, world: World, times: IntArray, default_step: int, known: dict[int, Known] | None = None) -> None:
        self.world, self.times, self.default_step = world, times, default_step
        self.failed: BoolArray = np.zeros(times.size, bool)
        self._known = known or {}

    def recalled(self, node: Node) -> Vector | Array | None:
        """Return what is known of a node without evaluating it."""
        known = self._known.get(id(node))
        if known is None and self.times.size:
            known = self.world.answer(node, self.times)
        if known is None:
            return None
        self.failed |= known.failed
        return known.value

    def united(self, series: Sequence[Labels], values: Array, there: BoolArray) -> Vector:
        """Return rows as a vector; instants at which two have the same labels fail."""
        found = merged(series, values, there)
        self.failed |= found.clash
        return found.vector.kept()

    def read(self, shift: Shift) -> IntArray:
        """Return the instants a shift leads to, (T,)."""
        if shift.at is not None:
            return np.full(self.times.size, shift.at - shift.offset, np.int64)
        return self.times - shift.offset

    def selected(self, selector: Selector, *, stamps: bool = False) -> Vector:
        """Return the newest sample of each series within the lookback, or when it was taken (seconds)."""
        at = self.read(selector.shift)
        if not at.size:
            return Vector.nothing(0)
        found = self.world.series(selector, int(at.min()) - LOOKBACK, int(at.max()))
        values, there = np.zeros((len(found), at.size)), np.zeros((len(found), at.size), bool)
        for row, seen in enumerate(found):
            track = seen.track
            if not track.times.size:
                continue
            place = self._beyond(seen, at) - 1
            near = np.maximum(place, 0)
            there[row] = (place >= 0) & (track.times[near] >= at - LOOKBACK) & ~track.stale[near]
            values[row] = track.times[near] / 1000.0 if stamps else track.values[near]
        return Vector(tuple(seen.labels for seen in found), values, there).kept()

    def _beyond(self, seen: Seen, at: IntArray) -> IntArray:
        """Return the first sample after each instant, or the first that is not known yet when it is read."""
        beyond = np.searchsorted(seen.track.times, at, "right")
        if seen.is_strict:
            return np.minimum(beyond, np.searchsorted(seen.track.times, self.times, "left"))
        return np.minimum(beyond, np.searchsorted(seen.track.times, self.times, "right"))

    def windows(self, node: Node, evaluate: "Evaluate") -> "list[Windows]":
        """Return the samples inside a range, for each series.

        Raises:
            RuleError: the expression has no range.
        """
        node = unwrapped(node)
        if isinstance(node, Range):
            at = self.read(node.selector.shift)
            if not at.size:
                return []
            found = self.world.series(node.selector, int(at.min()) - node.span, int(at.max()))
            return [self._window(seen, at, node.span) for seen in found]
        if isinstance(node, Subquery):
            return self._inner_windows(node, evaluate)
        msg = f"{node}: a range is needed here, as in x[5m]"
        raise RuleError(msg)

    def _window(self, seen: Seen, at: IntArray, span: int) -> "Windows":
        track = seen.track
        live = ~track.stale
        first = np.searchsorted(track.times, at - span, "left")
        last = np.maximum(self._beyond(seen, at), first)
        if not live.all():
            count = np.concatenate([[0], np.cumsum(live)])
            first, last = count[first], count[last]
        return Windows(seen.labels, track.times[live], track.values[live], first, last, at, span)

    def _inner_windows(self, node: Subquery, evaluate: "Evaluate") -> "list[Windows]":
        """Return the windows of a subquery: the expression at all multiples of its step that matter."""
        at = self.read(node.shift)
        if not at.size:
            return []
        step = node.step or self.default_step
        start = -(-(int(at.min()) - node.span) // step) * step
        inner = Run(self.world, np.arange(start, int(at.max()) + 1, step, dtype=np.int64), self.default_step)
        found = evaluate(inner, node.expr)
        if not isinstance(found, Vector):
            msg = f"{node}: a subquery needs an instant vector inside"
            raise RuleError(msg)
        first = np.searchsorted(inner.times, at - node.span, "left")
        last = np.searchsorted(inner.times, at, "right")
        count = np.concatenate([[0], np.cumsum(inner.failed)])
        self.failed |= count[last] > count[first]
        made = []
        for labels, values, there in zip(found.series, found.values, found.there, strict=True):
            count = np.concatenate([[0], np.cumsum(there)])
            made.append(Windows(labels, inner.times[there], values[there], count[first], count[last], at, node.span))
        return made


class Evaluate(Protocol):
    """What evaluates an expression inside another."""

    def __call__(self, run: Run, node: Node) -> Vector | Array:
        """Return the value of a node."""
        ...


@dataclass(frozen=True, slots=True)
class Windows:
    """The samples of one series that each instant's range holds.

    Attributes:
        labels: whose they are, with the metric name.
        times: milliseconds, (N,).
        values: (N,).
        first: first sample of each range, (T,).
        last: first sample beyond it, (T,).
        ends: the instant each range ends, milliseconds, (T,).
        span: length of the ranges, milliseconds.
    """

    labels: Labels
    times: IntArray
    values: Array
    first: IntArray
    last: IntArray
    ends: IntArray
    span: int

    @property
    def count(self) -> IntArray:
        """Samples in each range, (T,)."""
        return self.last - self.first
