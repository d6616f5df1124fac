"""Turn the `calendars` section of offkey.yml into the values the engine runs on."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import get_args

from offkey.app import promql
from offkey.app.calendarschema import Calendar, Dated, Holidays, Nth, Weekday, Weekly, last_moment
from offkey.core import calendars
from offkey.core.calendars import Recurrence, merged
from offkey.core.durations import DAY, HOUR, MINUTE

# Years whose holidays are known; fixed, so that what was learned does not change its name with the year.
YEARS = range(2010, 2051)
_WEEKDAYS: tuple[str, ...] = get_args(Weekday)

Span = tuple[int, int]


def calendars_of(signal: str, written: Sequence[Calendar]) -> tuple[calendars.Calendar, ...]:
    """Return the calendars that may concern series of a signal.

    Args:
        signal: name of the signal.
        written: the section, checked.
    """
    return tuple(found for one in written if (found := _calendar(signal, one)) is not None)


def _calendar(signal: str, written: Calendar) -> calendars.Calendar | None:
    matchers = promql.matchers(written.match) if written.match else ()
    if not all(matcher.matches({"signal": signal}) for matcher in matchers if matcher.name == "signal"):
        return None
    return calendars.Calendar(
        name=written.name,
        spans=merged([*_holidays(written.holidays), *map(_span, written.dates)]),
        recurrences=(*map(_weekly, written.weekly), *map(_nth, written.nth)),
        matchers=tuple(matcher for matcher in matchers if matcher.name != "signal"),
        zone=written.time_zone or "",
        exclude=written.exclude,
        mute=written.mute,
    )


def _holidays(written: Sequence[Holidays]) -> Iterator[Span]:
    if not written:
        return
    import holidays  # noqa: PLC0415 (slow, and most files have none)

    for one in written:
        for day in holidays.country_holidays(one.country, subdiv=one.subdivision or None, years=YEARS):
            yield _whole(day)


def _span(written: Dated) -> Span:
    if written.date is not None:
        return _whole(date.fromisoformat(written.date))
    return _seconds(datetime.fromisoformat(str(written.begin))), _seconds(last_moment(str(written.until)))


def _whole(day: date) -> Span:
    start = _seconds(datetime(day.year, day.month, day.day))
    return start, start + DAY


def _seconds(local: datetime) -> int:
    """Return seconds since 1970-01-01 00:00 on the clock a local time was read from."""
    return int(local.replace(tzinfo=UTC).timestamp())


def _weekly(written: Weekly) -> Recurrence:
    return Recurrence(tuple(map(_WEEKDAYS.index, written.days)), *_window(written.begin, written.until))


def _nth(written: Nth) -> Recurrence:
    return Recurrence((_WEEKDAYS.index(written.day),), *_window(written.begin, written.until), week=written.week)


def _window(begin: str, until: str) -> Span:
    first, last = _clock(begin), _clock(until)
    return first, last if last > first else last + DAY


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE
