"""Which series are forecast, from where, and what they are compared with.

Everything happens on a grid of five minutes. The reference repeats the last day; its bounds are split-conformal, from
the errors it made from earlier origins (Vovk et al. (2005), Algorithmic Learning in a Random World).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from offkey.core.findings import Forecast
from offkey.core.frame import Array, Axis, BoolArray, Frame
from offkey.core.labels import Labels
from offkey.core.state import State
from offkey.models.grid import BIN, DAY_SLOTS, blank_open, close_bins

HORIZON = DAY_SLOTS
HISTORY = 14 * DAY_SLOTS
LEAST_HISTORY = 8 * DAY_SLOTS
GAP = DAY_SLOTS + 50  # bins between origins: each starts at another time of day
EARLIER = 3  # origins before a scored one whose errors give the reference its bounds
BLOCK = 48  # bins ahead that share the width of the reference's bounds
NOMINAL = 0.9
PRESENT = 0.9  # share of bins that must hold samples


@dataclass(frozen=True)
class Series:
    """One series on the grid.

    Attributes:
        fleet: name of its folder.
        name: name of its file, and its column when there are several.
        frame: the bins, NaN is missing.
    """

    fleet: str
    name: str
    frame: Frame

    @cached_property
    def filled(self) -> Array:
        """The values with gaps bridged by straight lines, shape (T,): the reference and scales need them."""
        values = self.frame.values[0]
        known = np.flatnonzero(np.isfinite(values))
        return np.interp(np.arange(values.size), known, values[known])

    @property
    def observed(self) -> BoolArray:
        """Where there really was a sample, shape (T,)."""
        return np.isfinite(self.frame.values[0])

    def origins(self, count: int) -> list[int]:
        """Return the first bins to be forecast, the last ones that fit, in order."""
        last = self.frame.axis.size - HORIZON
        return [first for first in range(last - GAP * (count - 1), last + 1, GAP) if first >= LEAST_HISTORY]

    def scale(self, origin: int) -> float:
        """Return the mean change from one day to the next before an origin, the unit of errors."""
        past = self.filled[max(0, origin - HISTORY) : origin]
        return float(np.abs(past[DAY_SLOTS:] - past[:-DAY_SLOTS]).mean())

    def reference(self, origin: int) -> Forecast:
        """Return the last day once more, (1, HORIZON) each."""
        point = self._last_day(origin)
        before = [start for k in range(1, EARLIER + 1) if (start := origin - k * GAP) >= DAY_SLOTS]
        misses = np.abs([self.filled[start : start + HORIZON] - self._last_day(start) for start in before])
        width = np.empty(HORIZON)
        for first in range(0, HORIZON, BLOCK):
            pool = misses[:, first : first + BLOCK]
            width[first : first + BLOCK] = np.quantile(pool, min(1.0, NOMINAL * (1 + 1 / pool.size)))
        return Forecast(point[None], (point - width)[None], (point + width)[None])

    def _last_day(self, origin: int) -> Array:
        return self.filled[origin - DAY_SLOTS : origin]


def load(path: Path, columns: int) -> Iterator[Series]:
    """Yield the series of one file that can be forecast: `value`, or so many of the columns of a machine (m00, ...)."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (only needed to read files)

    table = pq.read_table(path)
    seconds = table["timestamp"].to_numpy().astype(np.int64)
    names = [name for name in table.column_names if name == "value" or (name[0] == "m" and name[1:].isdigit())]
    chosen = sorted(sorted(names, key=lambda name: _chance(path.stem + name))[:columns])
    for name in [] if path.name.startswith("artificial") else chosen:
        frame = on_grid(seconds, table[name].to_numpy().astype(np.float64))
        series = Series(path.parent.name, path.stem if name == "value" else f"{path.stem}:{name}", frame)
        if frame.axis.step == BIN and series.observed.mean() >= PRESENT and series.origins(1):
            yield series


def on_grid(seconds: Array, values: Array) -> Frame:
    """Return samples as a frame of one series, in bins where their step allows it; NaN is missing."""
    order = np.argsort(seconds, kind="stable")
    seconds, values = seconds[order], values[order]
    step = int(np.median(np.diff(seconds)))
    place = np.rint((seconds - seconds[0]) / step).astype(np.int64)
    even = np.full((1, int(place[-1]) + 1), np.nan)
    even[0, place] = values
    frame = Frame((Labels.of(series="one"),), even, Axis(int(seconds[0]), step, even.shape[1]))
    return frame if step > BIN else close_bins(State((), blank_open()).align(frame.series).rows, frame)[0]


def _chance(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
