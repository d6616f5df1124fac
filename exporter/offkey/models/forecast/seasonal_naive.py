"""What the season showed last: the same time yesterday, or the same time last week."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from offkey.core.findings import Forecast
from offkey.core.frame import Array, Frame, IntArray
from offkey.core.state import State
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS, blank_open, close_bins, slots_of
from offkey.models.kernels import compiled

OUTSIDE = 0.1  # share of errors the bounds leave out
PACE = 0.02  # how fast the width follows the errors it sees
FIRST = 3.0  # width that the first errors are given, in mean absolute errors


@dataclass(frozen=True)
class Model:
    """Repeat the last season; the bounds hold 90 % of the errors this made so far."""

    season: Literal["daily", "weekly"] = "daily"
    pooled: ClassVar[bool] = False  # whether `fit` learns something from all series together
    context: int = 0  # past samples a frame must hold before its first new one

    def fit(self, frame: Frame) -> State:
        """Learn from a history."""
        blank = {"season": np.zeros((0, self._slots)), "error": np.zeros(0), "width": np.zeros(0)}
        return self.update(State((), blank | blank_open()), frame)

    def update(self, state: State, frame: Frame) -> State:
        """Learn every column."""
        rows = dict(state.align(frame.series).rows)
        bins, still_open = close_bins(rows, frame)
        learned = {name: rows[name].copy() for name in ("season", "error", "width")}
        _learn(learned["season"], learned["error"], learned["width"], slots_of(bins) % self._slots, bins.values)
        return State(frame.series, learned | still_open)

    def ready(self, state: State) -> Array:
        """Return the share of one season's slots that were seen, shape (S,)."""
        return np.asarray(np.isfinite(state["season"]).mean(axis=1))

    def forecast(self, state: State, future: Frame) -> Forecast:
        """Return last season's values, shape (S, H); NaN where that slot was never seen.

        The bounds are NaN until the season was repeated once.
        """
        state = state.align(future.series)
        point = np.take_along_axis(state["season"], slots_of(future) % self._slots, axis=1)
        width = (state["error"] * state["width"])[:, None]
        return Forecast(point, point - width, point + width)

    @property
    def _slots(self) -> int:
        return DAY_SLOTS if self.season == "daily" else WEEK_SLOTS


@compiled
def _learn(season: Array, error: Array, width: Array, slots: IntArray, values: Array) -> None:
    """Judge the season by each value, then let it take the value's place; all arrays but the last two are written.

    Args:
        season: last value of each slot, shape (S, P).
        error: running mean of the absolute errors, shape (S,), own unit.
        width: running 90 % quantile of the absolute errors, in units of `error`, shape (S,).
        slots: slot of each column, shape (S, N).
        values: samples, shape (S, N); NaN is missing.
    """
    pace = 2.0 / season.shape[1]
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value, slot = values[row, column], slots[row, column]
            if np.isnan(value):
                continue
            miss = abs(value - season[row, slot])
            season[row, slot] = value
            if np.isnan(miss):
                continue
            if np.isnan(error[row]):
                error[row], width[row] = miss, FIRST
            outside = miss > width[row] * error[row]
            width[row] *= 1.0 + PACE * ((1.0 if outside else 0.0) - OUTSIDE)
            error[row] += pace * (miss - error[row])
