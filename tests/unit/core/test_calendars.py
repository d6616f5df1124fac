"""Which instants a calendar covers."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.calendars import LAST, Calendar, Recurrence, clocks, excluded, merged, muted, uncounted
from offkey.core.durations import DAY, HOUR
from offkey.core.frame import Axis, Frame, LocalTime
from offkey.core.labels import Labels, Matcher

EU, US = Labels.of(region="eu"), Labels.of(region="us")
YEAR_2026 = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def clock(text) -> int:
    """Return the seconds a wall clock shows at a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def frame(start, size=24, step=HOUR, zones=()):
    """Return two empty series from an instant on."""
    return Frame((EU, US), np.zeros((2, size)), Axis(start, step, size), zones)


@given(
    at=st.integers(YEAR_2026, YEAR_2026 + 366 * DAY),
    days=st.sets(st.integers(0, 6), min_size=1),
    start=st.integers(0, DAY - 1),
    length=st.integers(1, DAY),
    week=st.sampled_from([0, 1, 2, 3, 4, 5, LAST]),
)
def test_a_recurrence_agrees_with_asking_every_day(at, days, start, length, week):
    """An instant is inside when a window that began on its day, or on the day before, holds it."""

    def begins(day):
        of_month = (day.day - 1) // 7 + 1
        is_last = (day + timedelta(days=7)).month != day.month
        return day.weekday() in days and (week in (0, of_month) or (week == LAST and is_last))

    now = datetime.fromtimestamp(at, UTC)
    midnights = [now.replace(hour=0, minute=0, second=0) - timedelta(days=back) for back in (0, 1)]
    expected = any(
        begins(day) and day + timedelta(seconds=start) <= now < day + timedelta(seconds=start + length)
        for day in midnights
    )
    found = Recurrence(tuple(days), start, start + length, week).covers(np.array([at]))
    assert found.tolist() == [expected]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=8))
def test_merged_spans_cover_what_each_of_them_covers(found):
    """They are ascending and apart; the first second is inside, the one after the last is not."""
    spans = [(start, start + length) for start, length in found]
    calendar = Calendar("c", merged(spans))
    assert all(one[1] < two[0] for one, two in zip(calendar.spans, calendar.spans[1:], strict=False))
    expected = [any(start <= t < end for start, end in spans) for t in range(65)]
    assert calendar.covers(np.arange(65)).tolist() == expected


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-12-24", 24)])
def test_a_day_is_as_long_as_it_is_there(day, hours):
    """The days on which Berlin's clocks change have 23 and 25 hours, all of them inside, and none before or after."""
    start = int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
    whole = Calendar("c", ((clock(day), clock(day) + DAY),), zone="Europe/Berlin", exclude=True)
    found = excluded([whole], frame(start - HOUR, 30))
    assert found[0].tolist() == [False] + [True] * hours + [False] * (29 - hours)


def test_patch_tuesday_is_the_second_tuesday():
    """In November 2026, which begins on a Sunday, it is the tenth; the last Tuesday is the 24th."""
    days = clock("2026-11-01") + DAY * np.arange(30)
    assert np.flatnonzero(Recurrence((1,), week=2).covers(days)).tolist() == [9]
    assert np.flatnonzero(Recurrence((1,), week=LAST).covers(days)).tolist() == [23]


def test_without_a_zone_of_its_own_each_series_follows_its_clock():
    """New York's 24 December begins six hours after Berlin's."""
    christmas = Calendar("c", ((clock("2026-12-24"), clock("2026-12-25")),), mute=True)
    found = muted([christmas], frame(clock("2026-12-23T20:00"), 40, zones=("Europe/Berlin", "America/New_York")))
    assert (np.argmax(found, axis=1) - 3).tolist() == [0, 6]
    np.testing.assert_array_equal(found.sum(axis=1), [24, 24])


def test_only_matching_series_are_concerned_and_only_by_what_it_says():
    """A calendar that mutes does not exclude; both count for nothing."""
    always = (Recurrence(tuple(range(7))),)
    eu = Calendar("c", (), always, (Matcher("region", "=", "eu"),), mute=True)
    now = frame(YEAR_2026, 2)
    np.testing.assert_array_equal(muted([eu], now), [[True, True], [False, False]])
    np.testing.assert_array_equal(uncounted([eu], now), [[True, True], [False, False]])
    assert not excluded([eu], now).any()


def test_an_instant_is_the_same_in_every_zone():
    """Two series with different clocks are inside together."""
    calendar = Calendar("c", mute=True, instants=((YEAR_2026 + HOUR, YEAR_2026 + 3 * HOUR),))
    found = muted([calendar], frame(YEAR_2026, 4, zones=("Europe/Berlin", "America/New_York")))
    np.testing.assert_array_equal(found, [[False, True, True, False]] * 2)


def test_a_day_that_is_like_another_counts_in_budgets():
    """What is only like a Sunday is judged and counted as ever."""
    day = Calendar("c", ((0, 2**40),), like=6)
    assert not uncounted([day], frame(YEAR_2026)).any()


def test_a_clock_follows_the_calendars_of_its_series():
    """Series that no such calendar concerns keep their plain zone; without one the zones are given back."""
    feast = Calendar("c", ((0, 2**40),), matchers=(Matcher("region", "=", "eu"),), like=0)
    muted_only = Calendar("d", ((0, 2**40),), mute=True)
    zones, series = ("Europe/Berlin", "UTC"), (EU, US)
    assert clocks((muted_only,), zones, series) is zones
    eu, us = clocks((feast, muted_only), zones, series)
    assert us == "UTC"
    assert eu == LocalTime("Europe/Berlin", ((feast, 0),))
