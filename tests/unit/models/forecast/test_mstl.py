"""Decomposition by hand."""

import numpy as np

from offkey.models.forecast.mstl import STEPS, WEEK_STEPS, _decompose


def test_a_day_and_a_week_are_told_apart_from_a_trend():
    """A daily wave with a weekly one and a slope of .01 comes back within a fifth of the waves' height."""
    hours = np.arange(2 * WEEK_STEPS)
    waves = np.sin(2 * np.pi * hours / STEPS) + np.sin(2 * np.pi * hours / WEEK_STEPS)
    season, slope = _decompose((waves + 0.01 * hours)[None])
    np.testing.assert_allclose(season[0], waves[-WEEK_STEPS:], rtol=0, atol=0.4)
    np.testing.assert_allclose(slope, [0.01], rtol=0, atol=0.002)


def test_what_never_moves_has_no_season():
    """A constant is left to the usual day."""
    season, slope = _decompose(np.full((2, 2 * WEEK_STEPS), 3.0))
    assert not season.any()
    assert not slope.any()
