"""What expressions are made of: samples as they were written, and vectors at every instant of a clock."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from offkey.core.errors import RuleError
from offkey.core.frame import Array, BoolArray, Frame, IntArray
from offkey.core.labels import NAME, Labels, Matcher


@dataclass(frozen=True, slots=True)
class Track:
    """The samples of one series in order of time.

    Attributes:
        times: milliseconds since 1970, shape (N,).
        values: shape (N,); NaN is a value like any other.
        stale: where the sample says that the series ended, shape (N,).
    """

    times: IntArray
    values: Array
    stale: BoolArray

    def until(self, last: int) -> "Track":
        """Return the samples up to an instant, milliseconds."""
        count = int(np.searchsorted(self.times, last, "right"))
        return Track(self.times[:count], self.values[:count], self.stale[:count])


@dataclass(frozen=True, slots=True)
class Vector:
    """The value of an expression at every instant.

    Attributes:
        series: S label sets, each once.
        values: shape (S, T); meaningful where `there`.
        there: which series exist when, shape (S, T).
    """

    series: tuple[Labels, ...]
    values: Array
    there: BoolArray

    @classmethod
    def of(cls, frame: Frame) -> "Vector":
        """Return a frame as a vector; its missing samples do not exist."""
        return cls(frame.series, frame.values, ~np.isnan(frame.values))

    @classmethod
    def nothing(cls, size: int) -> "Vector":
        """Return the empty vector at `size` instants."""
        return cls((), np.empty((0, size)), np.empty((0, size), bool))

    def columns(self, first: int, last: int) -> "Vector":
        """Return the instants first <= k < last."""
        return Vector(self.series, self.values[:, first:last], self.there[:, first:last])

    def kept(self) -> "Vector":
        """Return the vector without series that never exist."""
        ever: BoolArray = np.asarray(self.there.any(axis=1))
        if ever.all():
            return self
        return Vector(
            tuple(labels for labels, one in zip(self.series, ever, strict=True) if one),
            self.values[ever],
            self.there[ever],
        )


@dataclass(frozen=True, slots=True)
class Merged:
    """A vector whose label sets are each there once, and the instants at which two were the same, shape (T,)."""

    vector: Vector
    clash: BoolArray


def merged(series: Sequence[Labels], values: Array, there: BoolArray) -> Merged:
    """Return rows with equal label sets as one; where two exist at an instant Prometheus refuses the expression."""
    if len(set(series)) == len(series):
        return Merged(Vector(tuple(series), values, there), np.zeros(there.shape[1], bool))
    place: dict[Labels, int] = {}
    target = np.array([place.setdefault(labels, len(place)) for labels in series], np.int64)
    shape = (len(place), there.shape[1])
    count = np.zeros(shape, np.int64)
    np.add.at(count, target, there)
    together = np.zeros(shape)
    np.add.at(together, target, np.where(there, values, 0.0))
    return Merged(Vector(tuple(place), together, count > 0), np.asarray((count > 1).any(axis=0)))


class Pattern:
    """The matchers of a selector, ready to try on label sets.

    Raises:
        RuleError: a regular expression cannot be read.
    """

    def __init__(self, matchers: Iterable[Matcher]) -> None:
        self._plain: list[tuple[str, bool, str]] = []
        self._shapes: list[tuple[str, bool, re.Pattern[str]]] = []
        for one in matchers:
            positive = one.op in ("=", "=~")
            if one.op in ("=", "!="):
                self._plain.append((one.name, positive, one.value))
                continue
            try:
                self._shapes.append((one.name, positive, re.compile(one.value, re.DOTALL)))
            except re.error as error:
                msg = f"matcher {one}: the regular expression cannot be read: {error}"
                raise RuleError(msg) from error

    def accepts(self, labels: Labels) -> bool:
        """Return whether a series is chosen."""
        return all((labels.get(name, "") == value) is positive for name, positive, value in self._plain) and all(
            (shape.fullmatch(labels.get(name, "")) is not None) is positive for name, positive, shape in self._shapes
        )


def unnamed(labels: Labels) -> Labels:
    """Return a label set without the metric name."""
    return labels.without(NAME)
