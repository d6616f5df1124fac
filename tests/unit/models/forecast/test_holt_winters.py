"""Smoothing by hand."""

import numpy as np

from offkey.models.forecast.holt_winters import STEPS, _halves, _smooth


def test_a_level_is_approached_by_its_pace():
    """With pace 1/2 and neither trend nor season, three values of 8 leave 8 - 1."""
    level, trend, season = _smooth(np.full((1, 3), 8.0), np.array([0.5, 0.0, 0.0, 0.9]))
    assert (level[0], trend[0]) == (7.0, 0.0)
    np.testing.assert_array_equal(season, np.zeros((1, STEPS)))


def test_the_season_begins_with_the_next_step():
    """A single 10 one day before the next step is found at place 0 when only the season learns."""
    values = np.zeros((1, STEPS))
    values[0, 0] = 10.0
    season = _smooth(values, np.array([0.0, 0.0, 1.0, 0.9]))[2]
    np.testing.assert_array_equal(season[0], [10.0] + [0.0] * (STEPS - 1))


def test_half_hours_are_means_of_what_is_there():
    """A missing bin is left out; a missing half hour is the mean of all."""
    values = np.array([[1.0, 3, np.nan, np.nan, 1, 3, *[np.nan] * 6]])
    np.testing.assert_array_equal(_halves(values), [[2.0, 2.0]])
