"""The grid on which forecasters learn: means over five minutes, whatever the step of the frames."""

from collections.abc import Mapping

import numpy as np

from offkey.core.durations import DAY, MINUTE, WEEK
from offkey.core.frame import Array, Axis, Frame, IntArray
from offkey.core.state import AnyArray

BIN = 5 * MINUTE  # divides every offset from UTC, so a bin has one slot of the wall clock
DAY_SLOTS = DAY // BIN
WEEK_SLOTS = WEEK // BIN
LARGEST = 1e150  # larger samples are taken for this: sums and squares stay finite

OPEN_ROWS: Mapping[str, type] = {"open_bin": np.int64, "open_sum": np.float64, "open_count": np.int64}


def blank_open() -> dict[str, AnyArray]:
    """Return the rows of the bin that is still being filled, for no series yet."""
    return {name: np.zeros(0, kind) for name, kind in OPEN_ROWS.items()}


def close_bins(rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Frame, dict[str, AnyArray]]:
    """Gather samples into bins; the last bin stays open until the next column lies beyond it.

    Args:
        rows: the open bin of each series as `blank_open` or an earlier call left it, (S,) each.
        frame: the columns that follow, at any step; a step longer than a bin fills all bins up to the next column.

    Returns:
        The bins that are complete now, at step `BIN`, NaN where no sample fell, and the rows of the open bin.
    """
    axis, size = frame.axis, frame.values.shape[0]
    first, beyond = axis.start // BIN, (axis.end + axis.step) // BIN
    if axis.size == 0:
        return frame.with_values(frame.values), dict(rows)
    if axis.step > BIN:
        column = np.maximum((BIN * np.arange(first, beyond) - axis.start) // axis.step, 0)
        means, sums, counts = frame.values[:, column], np.zeros(size), np.zeros(size, np.int64)
    else:
        means, sums, counts = _means(rows, frame, beyond - first)
    means = np.ascontiguousarray(np.clip(means, -LARGEST, LARGEST))
    closed = Frame(frame.series, means, Axis(first * BIN, BIN, beyond - first), frame.zones)
    return closed, {"open_bin": np.full(size, beyond), "open_sum": sums, "open_count": counts}


def _means(rows: Mapping[str, AnyArray], frame: Frame, closed: int) -> tuple[Array, Array, IntArray]:
    """Return the means of the closed bins (S, N), and sum and count of the open one (S,)."""
    bins = frame.axis.times // BIN
    edges = np.flatnonzero(np.r_[True, np.diff(bins) > 0])
    present = ~np.isnan(frame.values)
    values = np.where(present, np.clip(frame.values, -LARGEST, LARGEST), 0.0)
    sums = np.add.reduceat(values, edges, axis=1)
    counts = np.add.reduceat(present.astype(np.int64), edges, axis=1)
    going_on = (rows["open_bin"] == bins[0]) & (rows["open_count"] > 0)
    sums[:, 0] += np.where(going_on, rows["open_sum"], 0.0)
    counts[:, 0] += np.where(going_on, rows["open_count"], 0)
    means = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    if closed < sums.shape[1]:
        return means[:, :closed], sums[:, closed], counts[:, closed]
    return means, np.zeros(len(sums)), np.zeros(len(sums), np.int64)


def slots_of(frame: Frame) -> IntArray:
    """Return each series' slot of the week on its own wall clock at each instant, shape (S, T), 0 <= slot < 2016."""
    clocks, row = frame.local_week()
    return (clocks // BIN)[row]
