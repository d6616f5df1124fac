"""Read the events of an iCalendar file; what is not understood is refused, never left out in silence.

Source: RFC 5545, sections 3.6.1 (VEVENT) and 3.3.5 (local times, UTC times, times with a zone).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from offkey.core.errors import ConfigError

Span = tuple[int, int]

# Properties that make several events of one, or change one that stands elsewhere.
_NOT_UNDERSTOOD = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")


@dataclass(frozen=True, slots=True)
class Events:
    """When the events of a file happen: first second and the one after the last.

    Attributes:
        local: days, and times without a zone, as seconds of a wall clock since 1970-01-01 00:00.
        instants: times in UTC or in a zone, Unix seconds.
    """

    local: tuple[Span, ...]
    instants: tuple[Span, ...]


def events(path: Path) -> Events:
    """Return the events of a file that are not cancelled.

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
    for event in found.walk("VEVENT"):
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            begin, end = _times(path, event)
            kept = instants if isinstance(begin, datetime) and begin.tzinfo else local
            kept.append((wall_seconds(begin), wall_seconds(end)))
    return Events(tuple(local), tuple(instants))


def wall_seconds(moment: date) -> int:
    """Return the Unix seconds of a moment with a zone; without one, of a day, what a clock there shows since 1970."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _times(path: Path, event: Any) -> tuple[date, date]:  # noqa: ANN401 (icalendar's components are not typed)
    """Return when an event begins and ends."""
    where = f'{path}: event "{event.get("SUMMARY") or event.get("UID") or "without a name"}"'
    for name in _NOT_UNDERSTOOD:
        if name in event:
            msg = f"{where}: {name} is not understood; write weekly or nth in offkey.yml, or one event for each time"
            raise ConfigError(msg)
    try:
        begin, end = event.start, event.end
    except ValueError as error:
        msg = f"{where}: {str(error).splitlines()[0]}"
        raise ConfigError(msg) from error
    if wall_seconds(end) <= wall_seconds(begin):
        msg = f"{where}: ends at {end}, not after its begin {begin}"
        raise ConfigError(msg)
    return begin, end
