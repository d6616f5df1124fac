"""Detectors that judge a series beside others: those that share the values of some labels are one group."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from offkey.core.frame import Array, BoolArray, Frame, IntArray
from offkey.core.labels import Labels
from offkey.core.state import AnyArray, State
from offkey.models import lags
from offkey.models.lags import layout
from offkey.models.refitted import AT_ONCE, Refitted, Say

Key = tuple[str, ...]


def look(rows: Mapping[str, AnyArray], frame: Frame, picked: Sequence[int]) -> tuple[Array, BoolArray]:
    """Return some features of `lags.layout`, (S, T, F), and where they are known; a few series at a time.

    Args:
        rows: as `lags.ROWS` shapes them; written to.
        frame: the columns that follow.
        picked: which features.
    """
    found, known = np.empty((*frame.values.shape, len(picked))), np.empty(frame.values.shape, np.bool_)
    size = max(1, AT_ONCE // max(1, frame.axis.size * layout.FEATURES))
    for first in range(0, len(frame.series), size):
        some = slice(first, min(first + size, len(frame.series)))
        own = {name: rows[name][some] for name in lags.ROWS}
        features, known[some] = lags.look(own, frame.rows(np.arange(some.start, some.stop)))
        found[some] = features[..., picked]
    return found, known


@dataclass(frozen=True)
class Grouped(Refitted):
    """A detector whose `watch` is given one group at a time, its series in the order of their labels.

    Attributes:
        by: labels whose values a group shares; a series that lacks one of them is alone. Without any
            label, all series are one group.
    """

    by: tuple[str, ...] = ("instance",)

    def update(self, state: State, frame: Frame) -> State:
        """Learn the frame's samples, group by group."""
        return super().update(state, frame.rows(self._order(frame.series))).align(frame.series)

    def live_through(self, state: State, frame: Frame, say: Say, **beside: Array) -> Array:
        """Return what can be said of every column, group by group, (K, S, T)."""
        order = self._order(frame.series)
        moved = {name: array[order] for name, array in beside.items()}
        found = super().live_through(state, frame.rows(order), say, **moved)
        out = np.empty_like(found)
        out[:, order] = found
        return out

    def _order(self, series: tuple[Labels, ...]) -> IntArray:
        """Return the series' positions, group by group and by label within."""
        return np.array(sorted(range(len(series)), key=lambda s: (self._group(series[s]), series[s])), np.int64)

    def _group(self, labels: Labels) -> tuple[bool, Key]:
        """Return what a group shares; a series that lacks a label is told apart by all of its labels."""
        shared = tuple(labels.get(name, "") for name in self.by)
        return (True, shared) if all(shared) else (False, (str(labels),))

    def _parts(self, rows: dict[str, AnyArray], frame: Frame) -> Iterator[tuple[dict[str, AnyArray], Frame]]:
        """Yield one group at a time."""
        first = 0
        for _, members in groupby(frame.series, key=self._group):
            last = first + len(list(members))
            yield {name: array[first:last] for name, array in rows.items()}, frame.rows(np.arange(first, last))
            first = last
