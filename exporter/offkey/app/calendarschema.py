"""The `calendars` section of offkey.yml: times that are not like others, and what they mean."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from offkey.app import promql
from offkey.app.fields import Clock, Line, Name, Strict, ZoneName, nearest, refuse, shown
from offkey.core.calendars import LAST

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _day(value: str) -> str:
    return value if _is_day(value) else refuse(f"{shown(value)} is not a day; write for example 2026-12-24")


def _moment(value: str) -> str:
    try:
        is_local = _is_day(value) or (len(value) >= 16 and datetime.fromisoformat(value).tzinfo is None)
    except ValueError:
        is_local = False
    if not is_local:
        refuse(f"{shown(value)} is not a day or a local time; write for example 2026-12-24, or 2026-12-24 18:00")
    return value


def _is_day(value: str) -> bool:
    try:
        return len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def last_moment(until: str) -> datetime:
    """Return the local time at which something ends: a day counts to its end."""
    return datetime.fromisoformat(until) + timedelta(days=_is_day(until))


def _week(value: int) -> int:
    return (
        value if value in (1, 2, 3, 4, 5, LAST) else refuse(f"{value} is no week of a month; write 1 to 5, -1 = last")
    )


def _selector(value: str) -> str:
    try:
        for matcher in promql.matchers(value) if value else ():
            if matcher.op in ("=~", "!~"):
                re.compile(matcher.value)
    except (ValueError, re.error):
        refuse(f'{shown(value)} is not a selector; write for example {{region="eu"}}')
    return value


Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"format": "date"})]
Moment = Annotated[str, AfterValidator(_moment)]
Selector = Annotated[str, AfterValidator(_selector)]
Week = Annotated[int, AfterValidator(_week), Field(json_schema_extra={"enum": [1, 2, 3, 4, 5, LAST]})]


class Holidays(Strict):
    """Public holidays of a country."""

    country: str
    """ISO 3166 code, for example DE."""
    subdivision: str = ""
    """State or province whose own holidays count as well, for example BY."""

    @model_validator(mode="after")
    def _known(self) -> "Holidays":
        import holidays  # noqa: PLC0415 (slow, and most files have none)

        known = holidays.list_supported_countries()
        if self.country not in known:
            refuse(
                f"no holidays are known of {shown(self.country)}{nearest(self.country, known)}; write a code like DE"
            )
        parts = known[self.country]
        if self.subdivision and self.subdivision not in parts:
            allowed = ", ".join(parts) or "none"
            refuse(f"{self.country} has no subdivision {shown(self.subdivision)} (have: {allowed})")
        return self


class Dated(Strict):
    """Something that happens once: a day, or a time from one moment until another."""

    date: Day | None = None
    """A whole day."""
    begin: Moment | None = Field(default=None, alias="from")
    """First day, or the local time at which it begins."""
    until: Moment | None = None
    """Last day, or the local time at which it ends."""

    @model_validator(mode="after")
    def _complete(self) -> "Dated":
        given = (self.date is not None, self.begin is not None, self.until is not None)
        if given not in ((True, False, False), (False, True, True)):
            refuse("is no time; write date, or from and until")
        if self.begin and self.until and last_moment(self.until) <= datetime.fromisoformat(self.begin):
            refuse(f"until {self.until} is not after from {self.begin}")
        return self


class Weekly(Strict):
    """A window that comes every week."""

    days: Annotated[list[Weekday], Field(min_length=1)]
    """Days on which it begins."""
    begin: Clock = Field(default="00:00", alias="from")
    """Local time at which it begins."""
    until: Clock = "24:00"
    """Local time at which it ends; not after `from` means on the next day."""


class Nth(Strict):
    """A window that comes once a month, as patch Tuesday does."""

    day: Weekday
    """Day on which it begins."""
    week: Week
    """Which such day of the month: 1 to 5, or -1 for the last."""
    begin: Clock = Field(default="00:00", alias="from")
    """Local time at which it begins."""
    until: Clock = "24:00"
    """Local time at which it ends; not after `from` means on the next day."""


class Calendar(Strict):
    """Times that are not like others."""

    name: Name
    """Name of the calendar; unique."""
    description: Line = ""
    """What it means, in words."""
    holidays: list[Holidays] = Field(default=[])
    """Public holidays, whole days, from 2010 to 2050."""
    dates: list[Dated] = Field(default=[])
    """Times that come once."""
    weekly: list[Weekly] = Field(default=[])
    """Windows of every week."""
    nth: list[Nth] = Field(default=[])
    """Windows of one weekday a month."""
    ical: Line = ""
    """iCalendar file of events, once or recurring, relative to this file; read anew with it."""
    time_zone: ZoneName | None = None
    """Zone whose clock counts; when not given, that of each series (`signals[].time_zone`)."""
    match: Selector = ""
    """Selector of the series it concerns, all when not given; the label `signal` is the signal's name."""
    exclude: bool = False
    """Samples inside are judged, but train nothing and count for nothing in budgets."""
    mute: bool = False
    """No anomaly is open inside; what would be one is not learned."""
    like: Weekday | None = Field(default=None, alias="as")
    """Weekday that such times are like: seasons and forecasts expect what is usual on it, and learn it from them."""

    @model_validator(mode="after")
    def _says_something(self) -> "Calendar":
        if not (self.holidays or self.dates or self.weekly or self.nth or self.ical):
            refuse("names no time; write holidays, dates, weekly, nth or ical")
        if not (self.exclude or self.mute or self.like):
            refuse("does nothing; write exclude: true, mute: true or for example as: sun")
        return self


def _unique(calendars: Sequence[Calendar]) -> Sequence[Calendar]:
    names = [calendar.name for calendar in calendars]
    twice = next((name for name in names if names.count(name) > 1), "")
    return refuse(f'two calendars are called "{twice}"') if twice else calendars


Calendars = Annotated[list[Calendar], AfterValidator(_unique)]
