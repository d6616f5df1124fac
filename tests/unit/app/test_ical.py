"""iCalendar files: when their events happen, and what is refused."""

from datetime import datetime

import pytest

from offkey.app import config
from offkey.app.ical import Events, events
from offkey.core.durations import DAY, HOUR
from offkey.core.errors import ConfigError

CLOSING = 1_795_737_600  # 2026-11-27 00:00 UTC


def written(folder, *found):
    """Write a file of events, each some lines, and return its path."""
    body = [line for event in found for line in ("BEGIN:VEVENT", *event, "END:VEVENT")]
    path = folder / "shop.ics"
    path.write_text("\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *body, "END:VCALENDAR", ""]))
    return path


def test_days_and_floating_times_follow_the_clock_others_are_instants(tmp_path):
    """A day without end is one day; a zone is kept exactly; what is cancelled does not happen."""
    found = events(
        written(
            tmp_path,
            ("UID:1", "DTSTART;VALUE=DATE:20261127"),
            ("UID:2", "DTSTART:20261127T180000", "DURATION:PT2H"),
            ("UID:3", "DTSTART:20261127T180000Z", "DTEND:20261127T190000Z"),
            ("UID:4", "DTSTART;TZID=Europe/Berlin:20261127T180000", "DTEND;TZID=Europe/Berlin:20261127T190000"),
            ("UID:5", "STATUS:CANCELLED", "DTSTART:20261127T180000Z", "DTEND:20261127T190000Z"),
        )
    )
    assert datetime.fromisoformat("2026-11-27T00:00Z").timestamp() == CLOSING
    assert found == Events(
        local=((CLOSING, CLOSING + DAY), (CLOSING + 18 * HOUR, CLOSING + 20 * HOUR)),
        instants=((CLOSING + 18 * HOUR, CLOSING + 19 * HOUR), (CLOSING + 17 * HOUR, CLOSING + 18 * HOUR)),
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("SUMMARY:Sale", "DTSTART:20261127T180000Z", "RRULE:FREQ=DAILY"), 'event "Sale": RRULE is not understood; '),
        (("UID:7", "DTSTART:2026xx"), 'event "7": '),
        (("SUMMARY:Sale",), 'event "Sale": '),
        (("DTSTART:20261127T180000Z",), 'event "without a name": ends at '),
        (("UID:7", "DTSTART:20261127T180000Z", "DTEND:20261127T170000Z"), 'event "7": ends at '),
    ],
)
def test_an_event_that_is_not_understood_is_refused_by_name(tmp_path, lines, said):
    """Leaving it out would be silent."""
    path = written(tmp_path, lines)
    with pytest.raises(ConfigError) as caught:
        events(path)
    assert str(caught.value).startswith(f"{path}: {said}")


def test_a_file_of_something_else_is_refused_where_it_is_named(tmp_path):
    """Both the key and the file are in the message."""
    file = tmp_path / "offkey.yml"
    file.write_text(
        "sources: {default: {url: http://localhost:9090}}\nsignals: [{name: a, query: up}]\n"
        "calendars: [{name: c, ical: shop.ics, mute: true}]\n"
    )
    with pytest.raises(ConfigError, match=r"calendars\[0\]\.ical: .*shop\.ics: No such file"):
        config.load(file)
    (tmp_path / "shop.ics").write_text("nonsense")
    with pytest.raises(ConfigError, match=r"calendars\[0\]\.ical: .*shop\.ics: not an iCalendar file"):
        config.load(file)
    written(tmp_path, ("UID:1", "DTSTART:20261127T180000Z", "DTEND:20261127T190000Z"))
    (found,) = config.load(file).signals[0].calendars
    assert found.instants == ((CLOSING + 18 * HOUR, CLOSING + 19 * HOUR),)
