"""iCalendar files: when their events happen, and what is refused."""

from datetime import UTC, datetime

import pytest

from offkey.app import config
from offkey.app.ical import Events, events
from offkey.core.durations import DAY, HOUR
from offkey.core.errors import ConfigError

CLOSING = 1_795_737_600  # 2026-11-27 00:00 UTC


YEARS = range(2010, 2051)
SALE = ("SUMMARY:Sale", "UID:7", "DTSTART:20261127T180000Z", "DTEND:20261127T190000Z")


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
        ),
        YEARS,
    )
    assert datetime.fromisoformat("2026-11-27T00:00Z").timestamp() == CLOSING
    assert found == Events(
        local=((CLOSING, CLOSING + DAY), (CLOSING + 18 * HOUR, CLOSING + 20 * HOUR)),
        instants=((CLOSING + 18 * HOUR, CLOSING + 19 * HOUR), (CLOSING + 17 * HOUR, CLOSING + 18 * HOUR)),
    )


def begins(folder, *found, years=YEARS):
    """Return when events begin, local ones and instants, as people write it in UTC."""
    happens = events(written(folder, *found), years)
    return [f"{datetime.fromtimestamp(begin, UTC):%Y-%m-%d %H:%M}" for begin, _ in happens.local + happens.instants]


def test_what_comes_again_keeps_its_hour_when_the_clocks_change(tmp_path):
    """Fridays at 18:00 of Berlin, which is 16:00 UTC in summer; each lasts an hour."""
    weekly = ("UID:1", "DTSTART;TZID=Europe/Berlin:20261016T180000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3")
    assert begins(tmp_path, weekly) == ["2026-10-16 16:00", "2026-10-23 16:00", "2026-10-30 17:00"]
    assert {end - begin for begin, end in events(written(tmp_path, weekly), YEARS).instants} == {HOUR}


def test_days_come_again_as_days_until_the_last_one(tmp_path):
    """The last one is in; a rule without an end ends with the years that are known."""
    day = ("UID:1", "DTSTART;VALUE=DATE:20261127")
    until = (*day, "RRULE:FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270129")
    assert begins(tmp_path, until) == ["2026-11-27 00:00", "2026-12-25 00:00", "2027-01-29 00:00"]
    forever = (*day, "RRULE:FREQ=YEARLY")
    assert begins(tmp_path, forever, years=range(2027, 2029)) == ["2027-11-27 00:00", "2028-11-27 00:00"]


def test_the_end_of_a_rule_in_utc_counts_on_the_clock_of_the_event(tmp_path):
    """An UNTIL at the begin of the last time includes it, as calendars write it."""
    zone = ("UID:1", "DTSTART;TZID=America/New_York:20261102T090000", "DURATION:PT1H")
    rule = "RRULE:FREQ=DAILY;UNTIL=20261104T140000Z"
    assert begins(tmp_path, (*zone, rule)) == ["2026-11-02 14:00", "2026-11-03 14:00", "2026-11-04 14:00"]


def test_single_times_are_added_left_out_moved_and_cancelled(tmp_path):
    """By list, and by events that name the time they stand for."""
    master = (*SALE, "RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20261128T180000Z", "RDATE:20261210T180000Z,20261211T180000Z")
    moved = ("UID:7", "RECURRENCE-ID:20261129T180000Z", "DTSTART:20261129T200000Z", "DURATION:PT1H")
    gone = ("UID:7", "RECURRENCE-ID;TZID=Europe/Berlin:20261130T190000", "STATUS:CANCELLED", "DTSTART:20261130T180000Z")
    assert sorted(begins(tmp_path, master, moved, gone)) == [
        "2026-11-27 18:00",
        "2026-11-29 20:00",
        "2026-12-01 18:00",
        "2026-12-10 18:00",
        "2026-12-11 18:00",
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((*SALE, "EXRULE:FREQ=DAILY"), 'event "Sale": EXRULE is not understood; write weekly or nth in offkey.yml'),
        ((*SALE, "RRULE:FREQ=HOURLY"), 'event "Sale": FREQ=HOURLY is not understood; '),
        ((*SALE, "RRULE:FREQ=DAILY;BYDAY=XX"), 'event "Sale": '),
        (
            (*SALE, "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20261204"),
            'event "Sale": 2026-12-04 is of another ',
        ),
        ((*SALE, "RDATE;VALUE=PERIOD:20261128T180000Z/PT1H"), 'event "Sale": '),
        ((*SALE, "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5"), 'event "Sale": happens more than 20,000 times; write weekly '),
        ((*SALE, "RECURRENCE-ID;RANGE=THISANDFUTURE:20261127T180000Z"), 'event "Sale": RANGE is not understood; '),
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
        events(path, YEARS)
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
