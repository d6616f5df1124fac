"""What regressions are told does not know the unit of a series, and never the future."""

import numpy as np

from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models.grid import BIN, DAY_SLOTS
from offkey.models.lessons import DISTANCES, FEATURES, features, lessons, past_of, samples


def history(values):
    """Return series on the grid from a Monday on."""
    values = np.atleast_2d(np.asarray(values, float))
    names = tuple(Labels.of(series=str(k)) for k in range(len(values)))
    return Frame(names, values, Axis(4 * 86_400, BIN, values.shape[1]))


def noise(days, series=2):
    """Return noisy days."""
    season = 10 * np.sin(2 * np.pi * np.arange(days * DAY_SLOTS) / DAY_SLOTS)
    return season + np.random.default_rng(1).normal(size=(series, days * DAY_SLOTS))


def test_the_unit_of_a_series_does_not_matter():
    """A series times a thousand plus a million is told as the series itself."""
    week = noise(7)
    slot, slots, ahead = np.array([2015, 2015]), np.tile([3, 200], (2, 1)), np.array([4, 201])
    one = features(past_of(week, slot), slots, ahead)
    other = features(past_of(1e6 + 1e3 * week, slot), slots, ahead)
    assert one.shape == (2, 2, FEATURES)
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def test_a_lesson_knows_nothing_of_what_came():
    """Values after the moment of a lesson change what came, and nothing that is told."""
    values = noise(5)
    later = values.copy()
    first = next(lessons(history(values), DISTANCES))
    moment = values.shape[1] - DAY_SLOTS
    later[:, moment:] += 1000
    second = next(lessons(history(later), DISTANCES))
    np.testing.assert_array_equal(first.past.week, second.past.week)


def test_what_never_moves_teaches_nothing():
    """Constants have no unit, so there is nothing to learn from them; nor is there from two days."""
    assert samples(history(np.full((2, 5 * DAY_SLOTS), 3.0)))[0].shape == (0, FEATURES)
    assert samples(history(noise(2)))[0].shape == (0, FEATURES)


def test_a_daily_wave_teaches_its_noise():
    """Five days of two series give moments times distances times series, finite, centred on the profile."""
    told, came = samples(history(noise(5)))
    assert len(told) == len(came) > 1000
    assert np.isfinite(told).all()
    assert abs(np.median(came)) < 0.5
