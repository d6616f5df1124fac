"""The rolling median and MAD beyond what every detector promises."""

import naive
import numpy as np
from strategies import MONDAY, names, wave

from offkey.core.durations import HOUR
from offkey.core.frame import Axis, Frame
from offkey.models.detect.mad import FEW, KEPT, Model


def test_strangeness_is_three_tenths_of_a_decade_for_each_mad():
    """Values 1..31 have the median 16 and the MAD 8: 8 away halves what lies beyond, 40 away is five halvings."""
    axis = Axis(MONDAY, 300, 31)
    frame = Frame(names(1), np.arange(1.0, 32.0)[None, :], axis)
    model = Model()
    state = model.fit(frame)
    for x, halvings in ((24.0, 1), (8.0, 1), (56.0, 5), (16.0, 0)):
        new = Frame(names(1), np.array([[x]]), axis.after(1))
        floor = 0.1 * np.abs(np.arange(1, 32) - 16).mean()
        expected = halvings * np.log10(2) * 8 / (8 + floor)
        np.testing.assert_allclose(model.score(state, new), expected, rtol=1e-9)


def test_the_middle_and_the_spread_are_those_of_the_kept_samples():
    """One sample in window / KEPT seconds is remembered, the last KEPT of them, gaps skipped."""
    frame = wave(series=1, days=1, step=240, seed=3)
    frame.values[0, 100:130] = np.nan
    model = Model(window=12 * HOUR)
    band = model.band(model.fit(frame.columns(0, 0)), frame, np.zeros(1))
    middle, _ = naive.rolling_median_and_mad(list(frame.values[0]), KEPT)
    np.testing.assert_allclose(band.expected[0, FEW:], middle[FEW:])
    assert np.isnan(band.expected[0, :FEW]).all()


def test_fine_samples_are_thinned():
    """Fifteen-second samples do not push twelve hours out of the memory: one in four minutes is kept."""
    fine = wave(series=1, days=1, step=15, swing=0)
    state = Model().fit(fine)
    assert state.rows["written"][0] == 24 * HOUR // (12 * HOUR // KEPT)


def test_the_window_forgets():
    """A level left longer ago than the window counts for nothing."""
    frame = wave(series=1, days=2, step=240, swing=0)
    frame.values[:, : frame.axis.size // 2] += 1e6
    state = Model().fit(frame)
    other = Model().fit(wave(series=1, days=2, step=240, swing=0))
    new = Frame(frame.series, frame.values[:, -1:] + 3, frame.axis.after(1))
    np.testing.assert_array_equal(Model().score(state, new), Model().score(other, new))
