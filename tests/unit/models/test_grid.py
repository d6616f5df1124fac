"""Bins of five minutes, whatever the step of the frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.state import State
from offkey.models.grid import BIN, LARGEST, WEEK_SLOTS, blank_open, close_bins, slots_of

MONDAY = 1_709_510_400  # 2024-03-04 00:00 UTC
ONE = (Labels.of(series="one"),)


def frame(values, start=MONDAY, step=60):
    """Return one series."""
    values = np.asarray(values, float)[None]
    return Frame(ONE, values, Axis(start, step, values.shape[1]))


def nothing():
    """Return the open bin of a series nobody has seen."""
    return State((), blank_open()).align(ONE).rows


def test_a_bin_closes_with_its_last_column():
    """Five minutes of samples are one mean at once; the sixth waits."""
    closed, still_open = close_bins(nothing(), frame([1, 2, 3, np.nan, 5, 100]))
    np.testing.assert_array_equal(closed.values, [[11 / 4]])
    assert closed.axis == Axis(MONDAY, BIN, 1)
    assert (still_open["open_sum"][0], still_open["open_count"][0]) == (100, 1)


def test_a_bin_without_samples_is_missing():
    """Nothing seen in five minutes is NaN, not 0."""
    closed, _ = close_bins(nothing(), frame([np.nan] * 5))
    np.testing.assert_array_equal(closed.values, [[np.nan]])


def test_a_long_step_fills_its_bins():
    """A sample every 15 minutes stands for three bins."""
    closed, _ = close_bins(nothing(), frame([1, 2], step=900))
    np.testing.assert_array_equal(closed.values, [[1, 1, 1, 2, 2, 2]])


def test_a_bin_is_left_when_time_jumps():
    """What waits in a bin that is never completed does not spill into a later one."""
    _, still_open = close_bins(nothing(), frame([7, 7]))
    closed, _ = close_bins(still_open, frame([1, 1, 1, 1, 1], start=MONDAY + 3600))
    np.testing.assert_array_equal(closed.values, [[1]])


def test_no_columns_change_nothing():
    """An empty frame closes nothing and keeps what waits."""
    _, still_open = close_bins(nothing(), frame([7, 7]))
    closed, after = close_bins(still_open, frame([], start=MONDAY + 120))
    assert closed.axis.size == 0
    assert after == still_open


@given(
    st.sampled_from([15, 60, 100, 300, 420, 900]),
    st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=1, max_size=60),
    st.data(),
)
def test_pieces_close_the_same_bins(step, values, data):
    """Cutting a frame anywhere closes the bins of the whole, in two parts."""
    whole, cut = frame(values, step=step), data.draw(st.integers(0, len(values)))
    closed, still_open = close_bins(nothing(), whole)
    first, between = close_bins(nothing(), whole.columns(0, cut))
    second, after = close_bins(between, whole.columns(cut, len(values)))
    parts = [part for part in (first, second) if part.axis.size and part.axis.step == BIN]
    if step <= BIN:
        np.testing.assert_allclose(np.hstack([part.values for part in parts] or [np.empty((1, 0))]), closed.values)
        np.testing.assert_allclose(after["open_sum"], still_open["open_sum"])
    else:
        assert {part.axis.end for part in parts[-1:]} == {closed.axis.end}


@pytest.mark.parametrize("value", [np.finfo(float).max, -np.finfo(float).max])
def test_the_largest_floats_stay_finite(value):
    """Means and sums of the largest floats are cut to 1e150."""
    closed, still_open = close_bins(nothing(), frame([value] * 7))
    assert abs(closed.values[0, 0]) == LARGEST
    assert np.isfinite(still_open["open_sum"]).all()


def test_slots_follow_the_wall_clock():
    """Across the start of summer time in Berlin the slots of an hour are left out, in autumn they come twice."""
    for change, jump in ((1_711_846_800, 13), (1_729_990_800, -11)):
        axis = Axis(change - 2 * BIN, BIN, 4)
        around = Frame(ONE, np.zeros((1, 4)), axis, ("Europe/Berlin",))
        slots = slots_of(around)[0]
        assert np.diff(slots).tolist() == [1, jump, 1]
        assert ((slots >= 0) & (slots < WEEK_SLOTS)).all()
