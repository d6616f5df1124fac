"""Read the events of an iCalendar file; what is not understood is refused, never left out in silence.

Source: RFC 5545, sections 3.6.1 (VEVENT), 3.3.5 (local times, UTC times, times with a zone), 3.3.10 (rules) and
3.8.5 (what comes again).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from offkey.core.errors import ConfigError

Span = tuple[int, int]

MOST = 20_000  # times that one event may happen: daily for half a century
_OFTEN = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_REMEDY = "write weekly or nth in offkey.yml, or one event for each time"


@dataclass(frozen=True, slots=True)
class Events:
    """When the events of a file happen: first second and the one after the last.

    Attributes:
        local: days, and times without a zone, as seconds of a wall clock since 1970-01-01 00:00.
        instants: times in UTC or in a zone, Unix seconds.
    """

    local: tuple[Span, ...]
    instants: tuple[Span, ...]


def events(path: Path, years: range) -> Events:
    """Return the events of a file that are not cancelled; of those that come again, what falls into the years.

    Raises:
        ConfigError: it cannot be read, is no iCalendar file, or holds an event that is not understood.
    """
    import icalendar  # noqa: PLC0415 (slow, and most files have none)

    try:
        found = icalendar.Calendar.from_ical(path.read_bytes())
    except OSError as error:
        msg = f"{path}: {error.strerror or error}"
        raise ConfigError(msg) from error
    except ValueError as error:
        msg = f"{path}: not an iCalendar file: {str(error).splitlines()[0]}"
        raise ConfigError(msg) from error
    local: list[Span] = []
    instants: list[Span] = []
    written: list[Any] = list(found.walk("VEVENT"))
    moved = {(str(event.get("UID")), event["RECURRENCE-ID"].dt) for event in written if "RECURRENCE-ID" in event}
    for event in written:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            for begin, end in _happenings(path, event, years, moved):
                kept = instants if isinstance(begin, datetime) and begin.tzinfo else local
                kept.append((wall_seconds(begin), wall_seconds(end)))
    return Events(tuple(local), tuple(instants))


def wall_seconds(moment: date) -> int:
    """Return the Unix seconds of a moment with a zone; without one, of a day, what a clock there shows since 1970."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _happenings(path: Path, event: Any, years: range, moved: set[tuple[str, date]]) -> Iterator[tuple[date, date]]:  # noqa: ANN401 (icalendar's components are not typed)
    """Yield when an event begins and ends, each time.

    Args:
        path: the file, for messages.
        event: one of its events.
        years: of what comes again forever.
        moved: UID and begin of what happens at another time instead, which is an event of its own, or not at all.
    """
    where = f'{path}: event "{event.get("SUMMARY") or event.get("UID") or "without a name"}"'
    try:
        _refuse(event)
        begin, lasting = event.start, timedelta(seconds=wall_seconds(event.end) - wall_seconds(event.start))
        begins = list(islice(_begins(event, begin, years), MOST + 1))
    except (ValueError, TypeError) as error:  # dateutil raises either for a rule that it cannot read
        msg = f"{where}: {str(error).splitlines()[0]}"
        raise ConfigError(msg) from error
    if lasting <= timedelta(0):
        msg = f"{where}: ends at {event.end}, not after its begin {begin}"
        raise ConfigError(msg)
    if len(begins) > MOST:
        msg = f"{where}: happens more than {MOST:,} times; {_REMEDY}"
        raise ConfigError(msg)
    for one in begins:
        if "RECURRENCE-ID" in event or (str(event.get("UID")), one) not in moved:
            yield one, _after(one, lasting)


def _refuse(event: Any) -> None:  # noqa: ANN401 (icalendar's components are not typed)
    """Raise a ValueError for an event that happens at times nobody here works out."""
    odd = [name for name in ("EXRULE",) if name in event]
    if "RECURRENCE-ID" in event and "RANGE" in event["RECURRENCE-ID"].params:
        odd.append("RANGE")
    often = [str(often) for rule in _listed(event, "RRULE") for often in rule.get("FREQ", ["none"])]
    odd += [f"FREQ={one}" for one in often if one not in _OFTEN]
    if odd:
        msg = f"{odd[0]} is not understood; {_REMEDY}"
        raise ValueError(msg)


def _begins(event: Any, begin: date, years: range) -> Iterator[date]:  # noqa: ANN401 (icalendar's components are not typed)
    """Yield when an event begins: once, or by its rules and its lists of further and of excepted times.

    Rules count on the wall clock of the event's own zone, so that 9:00 stays 9:00 when the clocks change.
    """
    if not any(name in event for name in ("RRULE", "RDATE", "EXDATE")):
        yield begin
        return
    from dateutil.rrule import rruleset, rrulestr  # type: ignore[import-untyped]  # noqa: PLC0415 (no types; few need it)

    times = rruleset()
    times.rdate(_on_the_clock(begin, begin))
    for rule in _listed(event, "RRULE"):
        if until := rule.get("UNTIL"):
            rule["UNTIL"] = [_on_the_clock(until[0], begin)]
        times.rrule(rrulestr(rule.to_ical().decode(), dtstart=_on_the_clock(begin, begin)))
    for name, take in (("RDATE", times.rdate), ("EXDATE", times.exdate)):
        for listed in _listed(event, name):
            for moment in listed.dts:
                take(_on_the_clock(moment.dt, begin))
    for wall in times.xafter(datetime(years[0], 1, 1), inc=True):
        if wall.year > years[-1]:
            return
        yield _like(wall, begin)


def _listed(event: Any, name: str) -> list[Any]:  # noqa: ANN401 (icalendar's components are not typed)
    """Return a property as a list, however often it is written."""
    found = event.get(name, [])
    return found if isinstance(found, list) else [found]


def _on_the_clock(moment: object, begin: date) -> datetime:
    """Return what the clock shows at a moment in the zone of an event that begins at `begin`.

    Raises:
        ValueError: the moment is of another kind than the begin: a day for a time, or a period.
    """
    if isinstance(moment, datetime) and isinstance(begin, datetime):
        if moment.tzinfo and begin.tzinfo:
            return moment.astimezone(begin.tzinfo).replace(tzinfo=None)
        return moment.replace(tzinfo=None)
    if isinstance(moment, date) and not isinstance(moment, datetime) and not isinstance(begin, datetime):
        return datetime(moment.year, moment.month, moment.day)
    msg = f"{moment} is of another kind than its begin {begin}"
    raise ValueError(msg)


def _like(wall: datetime, begin: date) -> date:
    """Return what a clock shows as the kind of moment that the first begin is."""
    return wall.replace(tzinfo=begin.tzinfo) if isinstance(begin, datetime) else wall.date()


def _after(begin: date, lasting: timedelta) -> date:
    """Return the moment so much later; with a zone that much time has passed, whatever its clock did in between."""
    if isinstance(begin, datetime) and begin.tzinfo:
        return begin.astimezone(UTC) + lasting
    return begin + lasting
