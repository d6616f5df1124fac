"""The `calendars` section: what it becomes, and every mistake at its place."""

from datetime import UTC, datetime

import numpy as np
import pytest

from offkey.app import config
from offkey.core.calendars import Calendar, Recurrence
from offkey.core.durations import DAY, HOUR
from offkey.core.errors import ConfigError
from offkey.core.labels import Matcher

HEAD = "sources: {default: {url: http://localhost:9090}}\nsignals: [{name: a, query: up}]\ncalendars:\n"


def calendars(text) -> tuple[Calendar, ...]:
    """Return the calendars of the only signal."""
    return config.parse(HEAD + text, "offkey.yml").signals[0].calendars


def mistakes(text) -> list[str]:
    """Return the lines of the error of a text, after `offkey.yml:`."""
    with pytest.raises(ConfigError) as caught:
        calendars(text)
    return [line.removeprefix("offkey.yml:") for line in str(caught.value).splitlines()]


def clock(text) -> int:
    """Return the seconds a wall clock shows at a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_every_way_to_name_a_time():
    """Days end at midnight, moments when they say; windows pass midnight; touching spans are one."""
    (found,) = calendars("""\
- name: all
  match: '{region="eu", signal="a"}'
  time_zone: Europe/Berlin
  dates:
  - {date: 2026-12-24}
  - {from: 2026-12-25, until: 2026-12-26}
  - {from: 2026-12-30 18:00, until: "2026-12-31T06:00"}
  weekly: [{days: [sat, sun], from: "22:00", until: "06:00"}, {days: [mon]}]
  nth: [{day: tue, week: 2, from: "19:00", until: "23:00"}]
  exclude: true
""")
    assert found == Calendar(
        name="all",
        spans=(
            (clock("2026-12-24"), clock("2026-12-27")),
            (clock("2026-12-30 18:00"), clock("2026-12-31 06:00")),
        ),
        recurrences=(
            Recurrence((5, 6), 22 * HOUR, DAY + 6 * HOUR),
            Recurrence((0,), 0, DAY),
            Recurrence((1,), 19 * HOUR, 23 * HOUR, 2),
        ),
        matchers=(Matcher("region", "=", "eu"),),
        zone="Europe/Berlin",
        exclude=True,
    )


def test_holidays_of_a_subdivision_are_whole_days():
    """Epiphany is a holiday in Bavaria and not in Hamburg; New Year's Day in both."""
    bavaria, hamburg = (
        calendars(f"- {{name: c, holidays: [{{country: DE, subdivision: {part}}}], mute: true}}\n")[0]
        for part in ("BY", "HH")
    )
    days = np.array([clock("2026-01-01 23:59"), clock("2026-01-02"), clock("2026-01-06")])
    assert bavaria.covers(days).tolist() == [True, False, True]
    assert hamburg.covers(days).tolist() == [True, False, False]


def test_a_calendar_of_other_signals_is_not_this_ones():
    """The label `signal` is the signal's name."""
    assert calendars("- {name: c, dates: [{date: 2026-12-24}], match: '{signal=~\"b.*\"}', mute: true}\n") == ()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("dates: [{date: 2026-13-01}]", '4:28: calendars[0].dates[0].date: "2026-13-01" is not a day; '),
        ("dates: [{from: 2026-12-01}]", "4:21: calendars[0].dates[0]: is no time; write date, or from and until"),
        (
            "dates: [{from: 2026-12-02, until: 2026-12-01}]",
            "4:21: calendars[0].dates[0]: until 2026-12-01 is not after from 2026-12-02",
        ),
        (
            'dates: [{from: 2026-12-01T00:00Z, until: "2026-12-02"}]',
            '4:28: calendars[0].dates[0].from: "2026-12-01T00:00Z" is not a day or a local time; ',
        ),
        ("holidays: [{country: DR}]", '4:24: calendars[0].holidays[0]: no holidays are known of "DR"; '),
        (
            "holidays: [{country: DE, subdivision: XX}]",
            '4:24: calendars[0].holidays[0]: DE has no subdivision "XX" (have: BB, ',
        ),
        ("weekly: [{days: [so]}]", '4:30: calendars[0].weekly[0].days[0]: "so" is not allowed'),
        ('weekly: [{days: [mon], from: "7"}]', '4:42: calendars[0].weekly[0].from: "7" is not a time of day'),
        ("nth: [{day: tue, week: 6}]", "4:36: calendars[0].nth[0].week: 6 is no week of a month; "),
        ("weekly: [{days: [mon]}], match: 'up[5m]'", "is not a selector; write for example"),
        ("weekly: [{days: [mon]}], match: '{a=~\"(\"}'", "is not a selector; write for example"),
        ("match: ''", "names no time; write holidays, dates, weekly, nth or ical"),
    ],
)
def test_a_mistake_is_told_at_its_place(keys, said):
    """One line, with what was found and what is allowed."""
    (line,) = mistakes(f"- {{name: c, {keys}, mute: true}}\n")
    assert said in line


def test_a_calendar_that_does_nothing_and_a_second_of_a_name_are_mistakes():
    """Both would be silent otherwise."""
    assert mistakes("- {name: c, dates: [{date: 2026-12-24}]}\n") == [
        "4:3: calendars[0]: does nothing; write exclude: true, mute: true or for example as: sun"
    ]
    one = "- {name: c, dates: [{date: 2026-12-24}], mute: true}\n"
    assert mistakes(one * 2) == ['4:1: calendars: two calendars are called "c"']
