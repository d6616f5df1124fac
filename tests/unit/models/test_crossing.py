"""When a forecast reaches a limit: exact on straight lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.findings import Forecast
from offkey.models.crossing import limit_window, time_to_limit

NOW = 1_700_000_000
TIMES = NOW + np.array([100, 200, 300])


def seconds(path, limit=10.0, value=0.0, times=TIMES):
    """Return the time of one path."""
    return time_to_limit(times, np.array([path], float), limit, NOW, np.array([value], float))[0]


@pytest.mark.parametrize(
    ("path", "limit", "value", "expected"),
    [
        ((5, 15, 20), 10, 0, 150),  # half way between the instants
        ((5, 10, 9), 10, 0, 200),  # touching is reaching
        ((20, 30, 40), 10, 0, 50),  # on the way to the first instant
        ((15, 12, 8), 10, 20, 250),  # from above
        ((5, 9, 9.99), 10, 0, np.nan),  # never
        ((15, 5, 0), 10, 20, 150),
        ((12, 13, 9), 10, 10, 0),  # there already
        ((5, 15, 5), 10, 0, 150),  # the first time counts
        ((np.nan, 20, 30), 10, 0, 100),  # a missing instant is bridged
        ((np.nan, np.nan, np.nan), 10, 0, np.nan),
        ((5, 15, 20), 10, np.nan, 150),  # unknown now: from the first known instant
        ((15, 20, 30), 10, np.nan, np.nan),  # and nothing is crossed before it
        ((1e308, 1e308, 1e308), 10, -1e308, 50),  # far apart, and no overflow
    ],
)
def test_straight_lines_by_hand(path, limit, value, expected):
    """Between instants the path is a straight line that starts now."""
    assert seconds(path, limit, value) == pytest.approx(expected, nan_ok=True)


def test_no_instants_no_crossing():
    """An empty horizon reaches nothing, except what is reached already."""
    empty = np.empty((2, 0))
    found = time_to_limit(np.empty(0, np.int64), empty, 10.0, NOW, np.array([9.0, 10.0]))
    np.testing.assert_array_equal(found, [np.nan, 0.0])
    assert time_to_limit(TIMES, np.empty((0, 3)), 10.0, NOW, np.empty(0)).shape == (0,)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=8), st.floats(-100, 100), st.floats(-100, 100))
def test_the_path_is_at_the_limit_when_it_says_so(path, limit, value):
    """At the returned second the line is at the limit; before it, it was on one side only."""
    times = NOW + 60 * np.arange(1, len(path) + 1)
    found = seconds(path, limit, value, times)
    line = [value, *path]
    if np.isnan(found):
        assert all(x > limit for x in line) or all(x < limit for x in line)
        return
    instants = np.array([0.0, *(times - NOW)])
    assert np.interp(found, instants, line) == pytest.approx(limit, abs=1e-6)
    before = np.array(line)[instants < found - 1e-6]
    assert (before >= limit).all() or (before <= limit).all()


def test_the_window_is_between_the_two_bounds():
    """Rising: the upper bound gets there first, the lower one last; falling: the other way round."""
    rising = Forecast(np.array([[5.0, 15, 25]]), np.array([[0.0, 5, 15]]), np.array([[10.0, 25, 35]]))
    earliest, latest = limit_window(TIMES, rising, 10.0, NOW, np.array([0.0]))
    np.testing.assert_allclose([earliest[0], latest[0]], [100, 250])
    falling = Forecast(*(20 - side for side in (rising.point, rising.upper, rising.lower)))
    earliest, latest = limit_window(TIMES, falling, 10.0, NOW, np.array([20.0]))
    np.testing.assert_allclose([earliest[0], latest[0]], [100, 250])


def test_a_window_may_stay_open():
    """Where only one bound reaches the limit there is an earliest time and no latest; where none does, neither."""
    level = np.zeros((1, 3))
    earliest, latest = limit_window(
        TIMES, Forecast(level, level - 20, level + np.array([5.0, 15, 20])), 10.0, NOW, np.array([0.0])
    )
    assert (earliest[0], np.isnan(latest[0])) == (150, True)
    earliest, latest = limit_window(TIMES, Forecast(level, level - 1, level + 1), 10.0, NOW, np.array([0.0]))
    assert np.isnan([earliest[0], latest[0]]).all()
