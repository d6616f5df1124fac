"""Bounds from an alert budget: what the replayed past would have cost decides how strange is too strange."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from offkey.core.durations import MINUTE, WEEK
from offkey.core.frame import Array, BoolArray, IntArray

MERGE = 15 * MINUTE  # crossings no further apart are one episode
HALVINGS = 40
LEAST_PEAKS = 20  # episodes that a tail is fitted to


@dataclass(frozen=True)
class Model:
    """Raise the bound above its default until the past would have stayed within the budget of pages.

    Attributes:
        default: bound of a quiet fleet, in strangeness (decades of rarity); never undercut.
        guard_per_week: episodes a week that any one series may have had beyond its own bound.
        ceiling: the bound never rises above it, so that an eventful past cannot silence a series.
    """

    default: float = 4.0
    guard_per_week: float = 8.0
    ceiling: float = 12.0

    def tune(self, strangeness: Array, step: int, budget_per_week: float) -> Array:
        """Return the bound of each series, shape (S,): the fleet's, or its own where the guard asks for more.

        A past too short to hold three allowed episodes is extended along its exponential tail; the median excess
        measures that tail, so that a few real incidents do not.
        """
        peaks = _Crossings.of(strangeness, step, self.default)
        weeks = np.count_nonzero(~np.isnan(strangeness), axis=1) * step / WEEK
        span = float(weeks.max(initial=0.0))
        allowed = budget_per_week * span
        whole = max(1.0, np.floor(allowed))

        def fleet_is_costly(bound: Array) -> BoolArray:
            return np.full(bound.shape, peaks.pages(bound) > whole)

        def series_is_costly(bound: Array) -> BoolArray:
            limit: Array = np.maximum(1.0, np.floor(self.guard_per_week * weeks))
            return np.asarray(peaks.episodes(bound) > limit)

        fleet = self._least(fleet_is_costly, len(weeks))
        if allowed < 3:
            fleet = np.maximum(fleet, min(self.ceiling, peaks.tail_level(allowed, self.default)))
        return np.maximum(fleet, self._least(series_is_costly, len(weeks)))

    def _least(self, is_costly: Callable[[Array], BoolArray], size: int) -> Array:
        """Return the least bound of each series in [default, ceiling] that is not costly, shape (size,)."""
        low, high = np.full(size, self.default), np.full(size, self.ceiling)
        high = np.where(is_costly(low), high, low)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            costly = is_costly(middle)
            low, high = np.where(costly, middle, low), np.where(costly, high, middle)
        return high


@dataclass(frozen=True)
class _Crossings:
    """The samples above a base level: series, second and strangeness of each, ordered."""

    size: int
    rows: IntArray
    seconds: IntArray
    values: Array

    @classmethod
    def of(cls, strangeness: Array, step: int, base: float) -> "_Crossings":
        rows, columns = np.nonzero(strangeness > base)
        return cls(len(strangeness), rows, columns * step, strangeness[rows, columns])

    def starts(self, bound: Array) -> tuple[BoolArray, BoolArray]:
        """Return which samples are above their series' bound, and which of those begin an episode."""
        above = self.values > bound[self.rows]
        rows, seconds = self.rows[above], self.seconds[above]
        begins = np.ones(len(rows), bool)
        begins[1:] = (np.diff(rows) > 0) | (np.diff(seconds) > MERGE)
        return above, begins

    def episodes(self, bound: Array) -> IntArray:
        above, begins = self.starts(bound)
        return np.bincount(self.rows[above][begins], minlength=self.size)

    def pages(self, bound: Array) -> int:
        """Return how often anybody would have been told: series that go off together are one page."""
        above, _ = self.starts(bound)
        seconds = np.sort(self.seconds[above])
        return int(seconds.size > 0) + int(np.count_nonzero(np.diff(seconds) > MERGE))

    def tail_level(self, allowed: float, base: float) -> float:
        """Return the level that `allowed` episodes of this past are expected to exceed."""
        above, begins = self.starts(np.full(self.size, base))
        if not begins.size or allowed <= 0:
            return base
        peaks = np.maximum.reduceat(self.values[above], np.flatnonzero(begins)) - base
        scale = float(np.median(peaks)) / np.log(2)
        return base + scale * max(0.0, float(np.log(len(peaks) / allowed))) if len(peaks) >= LEAST_PEAKS else base


def episodes(strangeness: Array, bound: Array, step: int) -> IntArray:
    """Return how often each series went above its bound, crossings at most 15 minutes apart counted once.

    Args:
        strangeness: shape (S, T); NaN is not above.
        bound: shape (S,), same unit.
        step: seconds between columns.

    Returns:
        Counts, shape (S,).
    """
    return _Crossings.of(strangeness, step, float(np.min(bound, initial=np.inf))).episodes(bound)
