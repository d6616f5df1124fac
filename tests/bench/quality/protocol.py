"""Which part of a labelled series teaches, which part may set thresholds, and which part is scored.

A folder holds parquet files with the columns timestamp (Unix seconds), value and label (1 inside an anomaly).
Nothing ever looks ahead, and labels of the scored part choose nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from offkey.core.durations import DAY, MINUTE, WEEK
from offkey.core.frame import Array, Axis, BoolArray, Frame
from offkey.core.labels import Labels

MERGE = 15 * MINUTE  # alerts no further apart are one episode
PROMPT = 10  # an incident counts as found when an alert falls on one of so many samples after its first
LEAD = 2  # samples before an incident in which an alert belongs to it


@dataclass(frozen=True)
class Series:
    """One labelled series on an even grid, cut in history, calibration and evaluation.

    Attributes:
        fleet: name of its folder.
        name: name of its file.
        axis: the grid.
        values: samples, shape (T,), NaN is missing.
        labels: inside a labelled anomaly, shape (T,).
        history: columns that teach.
        known: first column after the calibration part, where evaluation begins.
        prompt: samples after an incident's first in which it must be found.
    """

    fleet: str
    name: str
    axis: Axis
    values: Array
    labels: BoolArray
    history: int
    known: int
    prompt: int

    @cached_property
    def frame(self) -> Frame:
        """The whole series as a frame of one."""
        return Frame((Labels.of(name=self.name),), self.values[None, :], self.axis)

    @property
    def gap(self) -> int:
        """Samples that merge two alerts into one episode."""
        return max(3, MERGE // self.axis.step)


@dataclass(frozen=True)
class Scored:
    """A series' strangeness where samples exist, after its history.

    Attributes:
        series: whose.
        past: strangeness of the calibration part; its labels are never looked at.
        strangeness: of the evaluated part.
        labels: of the evaluated part.
        cost: microseconds per point, fit included.
    """

    series: Series
    past: Array
    strangeness: Array
    labels: BoolArray
    cost: float

    @property
    def weeks(self) -> float:
        """Length of the evaluated part that has samples."""
        return len(self.strangeness) * self.series.axis.step / WEEK

    @property
    def past_weeks(self) -> float:
        """Length of the calibration part that has samples."""
        return len(self.past) * self.series.axis.step / WEEK


def fleets(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """Yield each folder that holds series and its files, in order: the folder itself or those in it."""
    for place in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
        if files := sorted(place.glob("*.parquet")):
            yield place.name, files


def load(path: Path) -> Series | None:
    """Read one file; None when it is not a single labelled series, or artificial."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (only needed to read files)

    table = pq.read_table(path)
    if not {"timestamp", "value", "label"} <= set(table.column_names) or path.name.startswith("artificial"):
        return None
    order = np.argsort(table["timestamp"].to_numpy(), kind="stable")
    seconds = table["timestamp"].to_numpy()[order].astype(np.int64)
    step = int(np.median(np.diff(seconds)))
    place = np.rint((seconds - seconds[0]) / step).astype(np.int64)
    values, labels = np.full(place[-1] + 1, np.nan), np.zeros(place[-1] + 1, bool)
    values[place] = table["value"].to_numpy()[order].astype(float)
    np.logical_or.at(labels, place, table["label"].to_numpy()[order] > 0)
    first, history, known, last = _cuts(path.parent.name, len(values), DAY // step)
    axis = Axis(int(seconds[0]) + first * step, step, last - first)
    prompt = len(values) if path.parent.name == "nab" else PROMPT  # the labels of NAB are windows around an instant
    return Series(
        path.parent.name,
        path.stem,
        axis,
        values[first:last],
        labels[first:last],
        history - first,
        known - first,
        prompt,
    )


def _cuts(fleet: str, size: int, day: int) -> tuple[int, int, int, int]:
    """Return where history, calibration and evaluation begin, and the end."""
    if fleet == "kpi":  # the official test half, at most eight weeks of it; four weeks of history before
        known = size // 2
        history = max(known - 14 * day, int(known * 0.6))
        return max(0, history - 28 * day), history, known, min(size, known + 56 * day)
    if fleet == "nab":
        return 0, int(size * 0.2), int(size * 0.35), size
    return 0, int(size * 0.3), int(size * 0.5), size
