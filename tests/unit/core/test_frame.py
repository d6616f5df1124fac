"""Frames, axes and local clocks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.frame import Axis, Frame, join
from offkey.core.labels import Labels

A, B, C = (Labels.of(name=name) for name in "abc")


def frame(values, start=0, step=60, series=None, zones=()):
    """Return a small frame."""
    values = np.asarray(values, float)
    return Frame(series or (A, B, C)[: len(values)], values, Axis(start, step, values.shape[1]), zones)


def test_an_axis_between_two_instants_holds_the_multiples_of_its_step():
    """Both ends count when they are multiples."""
    assert Axis.between(61, 300, 60) == Axis(120, 60, 4)
    assert Axis.between(61, 100, 60).size == 0
    assert Axis(120, 60, 4).end == 300
    assert Axis(120, 60, 4).after(2, 300) == Axis(600, 300, 2)


def test_an_axis_without_a_step_is_refused():
    """The message says what was found."""
    with pytest.raises(ValueError, match="found step 0"):
        Axis(0, 0, 3)


@given(
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.integers(min_value=1_600_000_000, max_value=1_900_000_000),
)
def test_week_seconds_agree_with_the_wall_clock(zone, moment):
    """Monday 00:00 local is 0, whatever the zone does with its clocks."""
    local = datetime.fromtimestamp(moment, ZoneInfo(zone))
    expected = local.weekday() * 86_400 + local.hour * 3600 + local.minute * 60 + local.second
    assert Axis(moment, 60, 1).week_seconds(zone)[0] == expected


def test_daylight_saving_shifts_utc_and_not_the_wall_clock():
    """Noon in Berlin is noon before and after the change."""
    before = int(datetime(2024, 3, 30, 12, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
    after = int(datetime(2024, 4, 6, 12, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
    assert after - before == 7 * 86_400 - 3600
    assert Axis(before, 60, 1).week_seconds("Europe/Berlin") == Axis(after, 60, 1).week_seconds("Europe/Berlin")


def test_a_frame_must_agree_with_its_series_and_axis():
    """Shape and zones are checked."""
    with pytest.raises(ValueError, match="values have shape"):
        Frame((A,), np.zeros((2, 3)), Axis(0, 60, 3))
    with pytest.raises(ValueError, match="2 time zones for 1 series"):
        Frame((A,), np.zeros((1, 3)), Axis(0, 60, 3), ("UTC", "UTC"))


def test_spread_gives_exactly_the_asked_series():
    """Absent series are missing, unasked ones are left out, zones are the ones that are given."""
    spread = frame([[1, 2], [3, 4]]).spread((C, B), ("UTC", "Europe/Berlin"))
    assert spread.series == (C, B)
    np.testing.assert_array_equal(spread.values, [[np.nan, np.nan], [3, 4]])
    assert spread.zones == ("UTC", "Europe/Berlin")


def test_join_takes_only_frames_that_meet():
    """The second starts one step after the first ends."""
    whole = frame([[1, 2, 3, 4]])
    joined = join(whole.columns(0, 2), whole.columns(2, 4))
    np.testing.assert_array_equal(joined.values, whole.values)
    assert joined.axis == whole.axis
    with pytest.raises(ValueError, match="do not meet"):
        join(whole.columns(0, 2), whole.columns(3, 4))


def test_the_future_is_empty_and_follows():
    """It carries the series and zones, and may have another step."""
    future = frame([[1, 2]], zones=("Europe/Berlin",)).future(3, 300)
    assert future.axis == Axis(360, 300, 3)
    assert np.isnan(future.values).all()
    assert future.zones == ("Europe/Berlin",)


def test_local_week_has_one_row_a_zone():
    """Series point at the row of their zone."""
    clocks, index = frame([[1], [2], [3]], zones=("UTC", "Asia/Tokyo", "UTC")).local_week()
    assert clocks.shape == (2, 1)
    assert index[0] == index[2] != index[1]
    assert (clocks[index[1]] - clocks[index[0]]) % 604_800 == 9 * 3600
