"""Many series on one clock."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from offkey.core.durations import DAY, WEEK
from offkey.core.labels import Labels
from offkey.core.places import by_identity, places

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# Monday 1970-01-05 00:00 UTC: local weeks start on Monday.
_FIRST_MONDAY = 4 * 86_400


@dataclass(frozen=True, slots=True)
class Axis:
    """Evenly spaced instants: `start`, `start + step`, ... (`size` of them), Unix seconds."""

    start: int
    step: int
    size: int

    def __post_init__(self) -> None:
        if self.step <= 0 or self.size < 0:
            msg = f"an axis needs a positive step and no negative size; found step {self.step}, size {self.size}"
            raise ValueError(msg)

    @classmethod
    def between(cls, first: int, last: int, step: int) -> "Axis":
        """Return the multiples of `step` in [first, last]."""
        start = -(-first // step) * step
        return cls(start, step, max(0, (last - start) // step + 1))

    @property
    def end(self) -> int:
        """The last instant; `start - step` when empty."""
        return self.start + (self.size - 1) * self.step

    @property
    def times(self) -> IntArray:
        """All instants, shape (T,), Unix seconds."""
        return self.start + self.step * np.arange(self.size, dtype=np.int64)

    def cut(self, first: int, last: int) -> "Axis":
        """Return the columns first <= k < last as an axis of their own."""
        return Axis(self.start + first * self.step, self.step, max(0, last - first))

    def after(self, size: int, step: int | None = None) -> "Axis":
        """Return the `size` instants that follow the last one."""
        step = step or self.step
        return Axis(self.end + step, step, size)

    def week_seconds(self, zone: str) -> IntArray:
        """Return the seconds since Monday 00:00 on the wall clock of an IANA zone, shape (T,), 0 <= s < 604800."""
        return (self.clock_seconds(zone) - _FIRST_MONDAY) % WEEK

    def clock_seconds(self, zone: str) -> IntArray:
        """Return the wall clock of an IANA zone, shape (T,): seconds since 1970-01-01 00:00 on that clock."""
        times = self.times
        return times + _utc_offsets(zone, times)


def _utc_offsets(zone: str, times: IntArray) -> IntArray:
    """Return the zone's offset from UTC at each instant of an axis, shape (T,), seconds."""
    if zone == "UTC" or times.size == 0:
        return np.zeros(times.shape, np.int64)
    quarters = times // 900  # every zone changes on a quarter hour
    if quarters[0] == quarters[-1]:
        return np.full(times.shape, _offset_at(zone, int(quarters[0])), np.int64)
    distinct, inverse = np.unique(quarters, return_inverse=True)
    return np.array([_offset_at(zone, int(quarter)) for quarter in distinct], np.int64)[inverse]


@lru_cache(maxsize=65_536)
def _offset_at(zone: str, quarter: int) -> int:
    offset = datetime.fromtimestamp(quarter * 900, UTC).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    return int(offset.total_seconds())


class Times(Protocol):
    """Times that are not like others; hashable."""

    def inside(self, axis: Axis, clock: IntArray) -> BoolArray:
        """Return which instants are among them, (T,); `clock` is the series' own wall clock, `Axis.clock_seconds`."""
        ...


@dataclass(frozen=True, slots=True)
class LocalTime:
    """The wall clock of an IANA zone on which some times pass for another weekday: a holiday for a Sunday.

    Attributes:
        zone: its name.
        alike: times, and the weekday they are like, Monday is 0; where two hold, the later one counts.
    """

    zone: str
    alike: tuple[tuple[Times, int], ...]

    def week_seconds(self, axis: Axis) -> IntArray:
        """Return `Axis.week_seconds` with these times moved to their weekday, shape (T,)."""
        clock, week = axis.clock_seconds(self.zone), axis.week_seconds(self.zone)
        for times, weekday in self.alike:
            week = np.where(times.inside(axis, clock), weekday * DAY + week % DAY, week)
        return week


Clock = str | LocalTime


@dataclass(frozen=True, slots=True)
class Frame:
    """Many series on one clock.

    Attributes:
        series: who, S label sets, each once.
        values: samples, shape (S, T), in the series' own unit; NaN is missing and nothing else.
        axis: when, T instants.
        zones: IANA time zone of each series, or a local time with its own idea of weekdays; all UTC when not given.
    """

    series: tuple[Labels, ...]
    values: Array
    axis: Axis
    zones: tuple[Clock, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.series), self.axis.size):
            msg = f"values have shape {self.values.shape}; the frame has {len(self.series)} series x {self.axis.size}"
            raise ValueError(msg)
        if not self.zones:
            object.__setattr__(self, "zones", ("UTC",) * len(self.series))
        if len(self.zones) != len(self.series):
            msg = f"{len(self.zones)} time zones for {len(self.series)} series"
            raise ValueError(msg)

    def with_values(self, values: Array) -> "Frame":
        """Return the same series and instants with other values (S, T)."""
        return replace(self, values=values)

    def columns(self, first: int, last: int) -> "Frame":
        """Return the columns first <= k < last; values are a view."""
        axis = self.axis.cut(first, min(last, self.axis.size))
        return Frame(self.series, self.values[:, first : first + axis.size], axis, self.zones)

    def rows(self, index: IntArray) -> "Frame":
        """Return the series at some positions."""
        return Frame(
            tuple(self.series[k] for k in index), self.values[index], self.axis, tuple(self.zones[k] for k in index)
        )

    def future(self, size: int, step: int | None = None) -> "Frame":
        """Return the empty (all NaN) columns that follow the last one: what a forecaster is asked to fill."""
        return Frame(self.series, np.full((len(self.series), size), np.nan), self.axis.after(size, step), self.zones)

    def spread(self, series: tuple[Labels, ...], zones: tuple[Clock, ...] = ()) -> "Frame":
        """Return the frame for exactly `series`, in `zones` (UTC): absent ones are NaN, others are left out."""
        index = places(series, self.series)
        padded = np.vstack([self.values, np.full((1, self.axis.size), np.nan)])
        return Frame(series, padded[index], self.axis, zones)

    def local_week(self) -> tuple[IntArray, IntArray]:
        """Return wall-clock seconds since Monday for each distinct zone (Z, T), and each series' row in it (S,).

        This is the clock that seasons follow: times that are like another weekday are on that day.
        """
        distinct, rows = _distinct(self.zones)
        weeks = [
            self.axis.week_seconds(one) if isinstance(one, str) else one.week_seconds(self.axis) for one in distinct
        ]
        return np.array(weeks, np.int64).reshape(len(weeks), self.axis.size), rows

    def local_clock(self) -> tuple[IntArray, IntArray]:
        """Return `Axis.clock_seconds` of each distinct zone (Z, T), and each series' row in it (S,)."""
        distinct, rows = _distinct(self.zones)
        clocks = [self.axis.clock_seconds(one if isinstance(one, str) else one.zone) for one in distinct]
        return np.array(clocks, np.int64).reshape(len(clocks), self.axis.size), rows


def _distinct(zones: tuple[Clock, ...]) -> tuple[tuple[Clock, ...], IntArray]:
    """Return the distinct zones, and which of them each one is."""
    if zones.count(zones[0] if zones else "") == len(zones):
        return zones[:1], np.zeros(len(zones), np.int64)
    return _several(zones)


@by_identity
def _several(zones: tuple[Clock, ...]) -> tuple[tuple[Clock, ...], IntArray]:
    distinct = tuple(dict.fromkeys(zones))
    place = {one: k for k, one in enumerate(distinct)}
    return distinct, np.array([place[one] for one in zones], np.int64)


def join(first: Frame, second: Frame) -> Frame:
    """Return two frames of the same series, the second right after the first, as one.

    Raises:
        ValueError: the series differ or the clocks do not meet.
    """
    if first.series != second.series or first.axis.end + first.axis.step != second.axis.start:
        msg = f"frames do not meet: one ends at {first.axis.end}, the next starts at {second.axis.start}"
        raise ValueError(msg)
    axis = Axis(first.axis.start, first.axis.step, first.axis.size + second.axis.size)
    return Frame(first.series, np.hstack([first.values, second.values]), axis, second.zones)
