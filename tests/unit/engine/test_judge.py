"""Scores with policy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.findings import Band
from offkey.core.signals import Signal
from offkey.engine.judge import alertable, judge, open_close

PLAIN = Signal("load", "load")


def judged(signal, value, expected=100.0, width=10.0, strangeness=None, events=np.nan):
    """Judge one sample against expected +- width."""
    one = np.array([[value]])
    band = Band(*(np.array([[v]]) for v in (expected, expected - width, expected + width)))
    strange = np.abs(one - expected) / width if strangeness is None else np.array([[strangeness]])
    found = judge(signal, one, strange, np.ones(1), band, np.array([[events]]))
    return found.score[0, 0], found.band.lower[0, 0], found.band.upper[0, 0]


@pytest.mark.parametrize(("value", "score"), [(100.0, 0.0), (110.0, 1.0), (80.0, 2.0), (np.nan, np.nan)])
def test_the_score_is_strangeness_in_bounds(value, score):
    """0 as expected, 1 at the bound, unknown stays unknown."""
    np.testing.assert_equal(judged(PLAIN, value)[0], score)


def test_only_the_watched_side_counts():
    """A signal that is wrong below scores 0 above."""
    below = replace(PLAIN, direction="below")
    assert judged(below, 130.0)[0] == 0.0
    assert judged(below, 70.0)[0] == 3.0


def test_small_deviations_never_reach_the_bound():
    """The score is the deviation in least deviations where that is less, and the band widens alike."""
    least = replace(PLAIN, least_absolute=40.0)
    assert judged(least, 120.0) == (0.5, 60.0, 140.0)
    assert judged(replace(PLAIN, least_relative=0.5), 175.0)[0] == 1.5


def test_counting_noise_is_never_an_anomaly():
    """4 events instead of 1 is chance even if the past never varied: 5 * sqrt(1 + 1) = 7.07 events."""
    count = replace(PLAIN, kind="count")
    score, lower, upper = judged(count, 4.0, expected=1.0, width=1e-9, events=1.0)
    assert score == pytest.approx(3 / (5 * np.sqrt(2)))
    assert upper == pytest.approx(1 + 5 * np.sqrt(2))
    assert lower == pytest.approx(1 - 5 * np.sqrt(2))


def test_a_share_of_few_events_is_never_an_anomaly():
    """2 failures of 20 are chance; 200 of 2000 are not."""
    ratio = replace(PLAIN, kind="ratio", direction="below")
    assert judged(ratio, 0.9, expected=1.0, width=1e-9, events=20.0)[0] < 1.0
    assert judged(ratio, 0.9, expected=1.0, width=1e-9, events=2000.0)[0] > 1.0


def test_a_detector_without_expectation_is_judged_by_strangeness_alone():
    """NaN bands stay NaN, the score is there."""
    score, lower, upper = judged(PLAIN, 5.0, expected=np.nan, width=np.nan, strangeness=2.5)
    assert score == 2.5
    assert np.isnan([lower, upper]).all()


@given(st.floats(-1e6, 1e6), st.floats(0.1, 1e5), st.floats(-1e6, 1e6))
def test_outside_the_band_is_exactly_above_one(expected, width, value):
    """Whatever the numbers, score and band say the same (up to rounding at the edge)."""
    score, lower, upper = judged(replace(PLAIN, least_absolute=3.0), value, expected, width)
    edge = 1e-9 * (abs(expected) + abs(value) + width)
    if score > 1.0:
        assert value < lower + edge or value > upper - edge
    else:
        assert lower - edge <= value <= upper + edge


def test_muted_strangeness_counts_for_no_budget():
    """Unwatched side and small deviations are 0, not missing."""
    signal = replace(PLAIN, direction="above", least_absolute=5.0)
    values = np.array([[90.0, 103.0, 120.0, np.nan]])
    flat = np.full((1, 4), 100.0)
    strange = np.array([[1.0, 0.3, 2.0, np.nan]])
    counted = alertable(signal, values, strange, Band(flat, flat, flat), np.full((1, 4), np.nan))
    np.testing.assert_array_equal(counted, [[0.0, 0.0, 2.0, np.nan]])


def test_an_anomaly_opens_above_one_and_closes_below_the_dead_band():
    """Between 1 - dead band and 1 it stays what it was; unknown changes nothing."""
    score = np.array([[0.9, 1.1, 0.9, np.nan, 0.81, 0.8, 0.9]])
    opened = open_close(score, np.zeros(1, bool), 0.2, np.zeros(score.shape, bool))
    np.testing.assert_array_equal(opened, [[False, True, True, True, True, False, False]])
