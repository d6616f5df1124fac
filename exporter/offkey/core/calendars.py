"""Times that are not like others: holidays, dated events, weekly and nth-weekday windows, by label matcher and zone.

Windows stand on the wall clock, as people say them: seconds since 1970-01-01 00:00 of the zone's own clock. A day with
a change of daylight saving is one day there, and an hour that comes twice is inside both times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from offkey.core.durations import DAY
from offkey.core.frame import Axis, BoolArray, Clock, Frame, IntArray, LocalTime
from offkey.core.labels import Labels, Matcher
from offkey.core.places import by_identity

LAST = -1  # the week that stands for the last such weekday of the month
_THURSDAY = 3  # weekday of 1970-01-01, Monday is 0


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A window on some weekdays, every week or in one week of each month.

    Attributes:
        days: weekdays on which it begins, Monday is 0.
        start: seconds after midnight at which it begins.
        end: seconds after that midnight at which it ends, more than a day when it passes midnight; at most a day long.
        week: 1 to 5 for the first to fifth such weekday of a month, `LAST` for the last, 0 for every week.
    """

    days: tuple[int, ...]
    start: int = 0
    end: int = DAY
    week: int = 0

    def covers(self, clock: IntArray) -> BoolArray:
        """Return which instants of a wall clock, seconds of any shape, are inside."""
        day, second = np.divmod(clock, DAY)
        today = self._begins(day) & (second >= self.start) & (second < self.end)
        if self.end <= DAY:
            return today
        return today | (self._begins(day - 1) & (second < self.end - DAY))

    def _begins(self, day: IntArray) -> BoolArray:
        """Return on which days, counted from 1970-01-01, it begins."""
        found: BoolArray = np.isin((day + _THURSDAY) % 7, self.days)
        if not self.week:
            return found
        month = day.astype("datetime64[D]").astype("datetime64[M]")
        first, next_first = ((month + ahead).astype("datetime64[D]").astype(np.int64) for ahead in (0, 1))
        chosen: BoolArray = next_first - day <= 7 if self.week == LAST else (day - first) // 7 == self.week - 1
        return found & chosen


@dataclass(frozen=True, slots=True)
class Calendar:
    """Windows, whom they concern, and what they mean.

    Attributes:
        name: what people call it.
        spans: first second and the one after the last, on the wall clock; ascending, apart from each other.
        instants: the same in Unix seconds, for what happens everywhere at once.
        like: weekday that such times are expected to be like, Monday is 0; None = the one they are on.
        recurrences: windows that come again.
        matchers: conditions on the labels of a series; none concern all.
        zone: IANA zone whose clock counts; each series' own when empty.
        exclude: samples inside train nothing and count for nothing in budgets.
        mute: no anomaly is open inside.
    """

    name: str
    spans: tuple[tuple[int, int], ...] = ()
    recurrences: tuple[Recurrence, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    zone: str = ""
    exclude: bool = False
    mute: bool = False
    instants: tuple[tuple[int, int], ...] = ()
    like: int | None = None

    def inside(self, axis: Axis, clock: IntArray) -> BoolArray:
        """Return which instants are inside, (T,), for a series with such a wall clock, `Axis.clock_seconds`."""
        own = axis.clock_seconds(self.zone) if self.zone else clock
        return self.covers(own) | _within(self.instants, axis.times)

    def covers(self, clock: IntArray) -> BoolArray:
        """Return which instants of a wall clock, seconds of any shape, are inside."""
        inside = _within(self.spans, clock)
        for recurrence in self.recurrences:
            inside |= recurrence.covers(clock)
        return inside


def _within(spans: tuple[tuple[int, int], ...], seconds: IntArray) -> BoolArray:
    starts = np.array([start for start, _ in spans], np.int64)
    ends = np.array([0, *(end for _, end in spans)], np.int64)
    place = np.searchsorted(starts, seconds, side="right")
    found: BoolArray = (place > 0) & (seconds < ends[place])
    return found


def excluded(calendars: Sequence[Calendar], frame: Frame) -> BoolArray:
    """Return which samples train nothing and count for nothing, (S, T)."""
    return _covered([calendar for calendar in calendars if calendar.exclude], frame)


def muted(calendars: Sequence[Calendar], frame: Frame) -> BoolArray:
    """Return where no anomaly may be open, (S, T)."""
    return _covered([calendar for calendar in calendars if calendar.mute], frame)


def uncounted(calendars: Sequence[Calendar], frame: Frame) -> BoolArray:
    """Return which samples cost nothing of a budget, (S, T): the excluded and the muted."""
    return _covered([calendar for calendar in calendars if calendar.exclude or calendar.mute], frame)


@by_identity
def clocks(calendars: Sequence[Calendar], zones: tuple[str, ...], series: tuple[Labels, ...]) -> tuple[Clock, ...]:
    """Return the clock that each series' season follows: its zone, and what its calendars say of weekdays.

    Args:
        calendars: any; of those that say nothing of weekdays nothing is taken.
        zones: IANA zone of each series.
        series: S label sets.
    """
    asked = [calendar for calendar in calendars if calendar.like is not None]
    if not asked:
        return zones
    concerned = np.array([_concerned(calendar, series) for calendar in asked], bool)
    alike = [
        tuple((calendar, calendar.like or 0) for calendar, mine in zip(asked, column, strict=True) if mine)
        for column in concerned.T
    ]
    return tuple(LocalTime(zone, own) if own else zone for zone, own in zip(zones, alike, strict=True))


def _covered(calendars: Sequence[Calendar], frame: Frame) -> BoolArray:
    inside = np.zeros(frame.values.shape, bool)
    for calendar in calendars:
        mine = _concerned(calendar, frame.series)
        if mine.any():
            local, rows = frame.local_clock()
            found = np.array([calendar.inside(frame.axis, clock) for clock in local[: 1 if calendar.zone else None]])
            inside |= mine[:, None] & (found if calendar.zone else found[rows])
    return inside


@by_identity
def _concerned(calendar: Calendar, series: tuple[Labels, ...]) -> BoolArray:
    """Return which series meet all conditions, (S,)."""
    matchers = calendar.matchers
    return np.array([all(matcher.matches(labels) for matcher in matchers) for labels in series], bool)


def merged(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return spans in ascending order, those that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)
