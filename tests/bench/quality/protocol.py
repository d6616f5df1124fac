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
LONG_DAYS = 60  # series beyond are cut as those of the AIOps challenge
FEW = 50  # samples without which a part is not worth looking at


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
    def is_usable(self) -> bool:
        """Whether history and evaluation hold samples enough."""
        sampled = ~np.isnan(self.values)
        return bool(min(sampled[: self.history].sum(), sampled[self.known :].sum()) >= FEW)

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
    """Yield each folder that holds parquet files and those files, in order: the folder itself and all below it."""
    folder = folder.resolve()
    for place in (folder, *sorted(path for path in folder.rglob("*") if path.is_dir())):
        if files := sorted(place.glob("*.parquet")):
            yield place.name, files


def load(path: Path) -> Series | None:
    """Read one file; None when it is not a single labelled series, artificial, or too short to cut."""
    read = None if path.name.startswith("artificial") else _read(path)
    if read is None:
        return None
    first, history, known, last = _cuts(read.windows, len(read.values), read.axis.step)
    cut = read.cut(first, history, known, last)
    return cut if cut.is_usable else None


def load_whole(path: Path) -> Series | None:
    """Read one file of NAB, artificial ones included, as its own scorer cuts it; None when it is of another kind.

    The first 15 %, at most 750 samples, teach; everything after is scored.
    """
    read = _read(path)
    if read is None or not read.windows:
        return None
    probation = int(0.15 * min(len(read.values), 5000))
    return read.cut(0, probation, probation, len(read.values))


@dataclass(frozen=True)
class _File:
    fleet: str
    name: str
    axis: Axis
    values: Array
    labels: BoolArray
    windows: bool  # labels are windows around an instant

    def cut(self, first: int, history: int, known: int, last: int) -> Series:
        step = self.axis.step
        return Series(
            self.fleet,
            self.name,
            Axis(self.axis.start + first * step, step, last - first),
            self.values[first:last],
            self.labels[first:last],
            history - first,
            known - first,
            len(self.values) if self.windows else PROMPT,
        )


def _read(path: Path) -> _File | None:
    """Put a file on an even grid of its most usual step; of two samples in one place the later one stays."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (only needed to read files)

    table = pq.read_table(path)
    if not {"timestamp", "value", "label"} <= set(table.column_names):
        return None
    seconds = table["timestamp"].to_numpy()
    order = np.argsort(seconds, kind="stable")
    seconds = seconds[order].astype(np.int64)
    step = int(np.median(np.diff(seconds))) if len(seconds) > 1 else 0
    if step <= 0:
        return None
    place = np.rint((seconds - seconds[0]) / step).astype(np.int64)
    values, labels = np.full(place[-1] + 1, np.nan), np.zeros(place[-1] + 1, bool)
    samples = table["value"].to_numpy()[order].astype(float)
    values[place] = np.where(np.isfinite(samples), samples, np.nan)
    np.logical_or.at(labels, place, table["label"].to_numpy()[order] > 0)
    axis = Axis(int(seconds[0]), step, len(values))
    return _File(path.parent.name, path.stem, axis, values, labels, "point" in table.column_names)


def _cuts(windows: bool, size: int, step: int) -> tuple[int, int, int, int]:
    """Return where history, calibration and evaluation begin, and the end.

    Of series longer than two months the second half is scored, at most eight weeks of it; four weeks of history and
    two of calibration come before. Of shorter ones the second half is scored too; of NAB's, all but 35 %.
    """
    if windows:
        return 0, int(size * 0.2), int(size * 0.35), size
    day = DAY // step
    if size > LONG_DAYS * day > 0:
        known = size // 2
        history = max(known - 14 * day, int(known * 0.6))
        return max(0, history - 28 * day), history, known, min(size, known + 56 * day)
    return 0, int(size * 0.3), int(size * 0.5), size
