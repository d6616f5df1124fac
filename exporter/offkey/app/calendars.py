"""Turn the `calendars` section of offkey.yml into the values the engine runs on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import get_args

from offkey.app import promql
from offkey.app.calendarschema import Calendar, Dated, Holidays, Nth, Weekday, Weekly, last_moment
from offkey.app.ical import Events, Span, events, wall_seconds
from offkey.core import calendars
from offkey.core.calendars import Recurrence, merged
from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.errors import ConfigError

# Years whose holidays and recurring events are known; fixed, so that what was learned keeps its name over the years.
YEARS = range(2010, 2051)
_WEEKDAYS: tuple[str, ...] = get_args(Weekday)


def calendars_of(written: Sequence[Calendar], folder: Path) -> tuple[calendars.Calendar, ...]:
    """Return the calendars of a checked section; files are relative to `folder`.

    Raises:
        ConfigError: an iCalendar file cannot be read, or holds what is not understood.
    """
    return tuple(_calendar(place, one, folder) for place, one in enumerate(written))


def concerning(signal: str, known: Sequence[calendars.Calendar]) -> tuple[calendars.Calendar, ...]:
    """Return the calendars that may concern series of a signal, without what they ask of its name."""
    return tuple(found for one in known if (found := _of_signal(signal, one)) is not None)


def _of_signal(signal: str, calendar: calendars.Calendar) -> calendars.Calendar | None:
    asked = [matcher for matcher in calendar.matchers if matcher.name == "signal"]
    if not all(matcher.matches({"signal": signal}) for matcher in asked):
        return None
    rest = tuple(matcher for matcher in calendar.matchers if matcher.name != "signal")
    return replace(calendar, matchers=rest) if asked else calendar


def _calendar(place: int, written: Calendar, folder: Path) -> calendars.Calendar:
    try:
        happens = events(folder / written.ical, YEARS) if written.ical else Events((), ())
    except ConfigError as error:
        msg = f"calendars[{place}].ical: {error}"
        raise ConfigError(msg) from error
    return calendars.Calendar(
        name=written.name,
        spans=merged([*_holidays(written.holidays), *map(_span, written.dates), *happens.local]),
        instants=merged(happens.instants),
        recurrences=(*map(_weekly, written.weekly), *map(_nth, written.nth)),
        matchers=promql.matchers(written.match) if written.match else (),
        zone=written.time_zone or "",
        exclude=written.exclude,
        mute=written.mute,
        like=None if written.like is None else _WEEKDAYS.index(written.like),
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
    return wall_seconds(datetime.fromisoformat(str(written.begin))), wall_seconds(last_moment(str(written.until)))


def _whole(day: date) -> Span:
    start = wall_seconds(datetime(day.year, day.month, day.day))
    return start, start + DAY


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
