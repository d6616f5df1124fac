"""The bank does what its slow twin does, and what its parts promise."""

import itertools

import numpy as np
import pytest
from naive_forecast import Bank

from offkey.core.durations import DAY
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models.forecast.bank import Model, _arrays
from offkey.models.forecast.bank._coded import Season, value_at
from offkey.models.forecast.bank._learned import ORIGIN
from offkey.models.forecast.bank._members import median_of_seven
from offkey.models.grid import BIN, DAY_SLOTS, WEEK_SLOTS

MONDAY = 1_709_510_400  # 2024-03-04 00:00 UTC
ONE = (Labels.of(series="one"),)


def frame(values, start=MONDAY, step=BIN):
    """Return one series."""
    return Frame(ONE, np.asarray(values, float)[None], Axis(start, step, len(values)))


def noisy_day(days, seed, gaps=0.1):
    """Return a daily wave with noise, bursts, a level shift and gaps."""
    rng = np.random.default_rng(seed)
    size = int(days * DAY_SLOTS)
    values = 100 + 20 * np.sin(2 * np.pi * np.arange(size) / DAY_SLOTS) + rng.normal(size=size)
    values[rng.random(size) < 0.01] += 200
    values[int(0.7 * size) :] += 15
    values[rng.random(size) < gaps] = np.nan
    return values


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bank_agrees_with_its_slow_twin(seed):
    """After four days with bursts, gaps and a shift, all forecasts of the next 30 hours are the twin's."""
    values = noisy_day(4, seed)
    past, twin = frame(values), Bank()
    first = MONDAY // BIN
    for k, value in enumerate(values):
        twin.learn(first + k, k % WEEK_SLOTS, value)
    asked = [1, 3, 12, 30, 48, 95, 144, 230, 288, 289, 360]
    model = Model()
    found = model.forecast(model.fit(past), past.future(360))
    expected = np.array([twin.forecast((len(values) - 1 + ahead) % WEEK_SLOTS, ahead) for ahead in asked])
    own = np.stack([found.point[0], found.lower[0], found.upper[0]], axis=1)[np.array(asked) - 1]
    np.testing.assert_allclose(own, expected, rtol=0, atol=2e-3)


def forecast(values, size, step=BIN):
    """Return the forecast of a model that learned these values from Monday on."""
    past, model = frame(values, step=step), Model()
    return model.forecast(model.fit(past), past.future(size))


def test_growth_goes_on():
    """A disk that fills by 1 every bin is met within 2 % of what it grows, a day and three days ahead."""
    found = forecast(5000.0 + np.arange(7 * DAY_SLOTS), 3 * DAY_SLOTS).point[0]
    truth = 5000.0 + np.arange(7 * DAY_SLOTS, 10 * DAY_SLOTS)
    assert abs(found[DAY_SLOTS - 1] - truth[DAY_SLOTS - 1]) <= 0.02 * DAY_SLOTS
    assert abs(found[-1] - truth[-1]) <= 0.02 * 3 * DAY_SLOTS


def test_a_quiet_weekend_is_expected():
    """Workdays at 100 and weekends at 20, learned for two weeks: Saturday noon is forecast from Friday noon."""
    days = np.repeat([100.0, 100, 100, 100, 100, 20, 20], DAY_SLOTS)
    values = np.concatenate([days, days, days[: int(4.5 * DAY_SLOTS)]]) + np.random.default_rng(5).normal(size=5328)
    assert abs(forecast(values, DAY_SLOTS).point[0, -1] - 20) < 12


def test_a_level_shift_is_adopted():
    """Six hours after a jump from 100 to 150 the next four hours are forecast at the new level."""
    values = np.full(5 * DAY_SLOTS, 100.0) + np.random.default_rng(6).normal(size=5 * DAY_SLOTS)
    values[-72:] += 50
    assert np.abs(forecast(values, 48).point[0] - 150).max() < 8


def test_one_burst_leaves_no_echo():
    """An hour ten times as high as usual is not expected again a day and a week later."""
    values = np.full(7 * DAY_SLOTS, 100.0) + np.random.default_rng(7).normal(size=7 * DAY_SLOTS)
    values[36:48] = values[-DAY_SLOTS + 36 : -DAY_SLOTS + 48] = 1000
    assert np.abs(forecast(values, DAY_SLOTS).point[0] - 100).max() < 10


def test_distances_become_known_one_after_the_other():
    """After half a day the next hour has bounds, tomorrow has none; after a day and a half all have."""
    early = forecast(noisy_day(0.5, 1), DAY_SLOTS)
    assert np.isfinite(early.lower[0, :12]).all()
    assert np.isnan(early.lower[0, -1])
    late = forecast(noisy_day(1.6, 1), DAY_SLOTS)
    assert np.isfinite([late.point, late.lower, late.upper]).all()


def test_time_that_no_frame_held_passes():
    """Frames that leave out two hours end in the same point forecasts as frames of missing samples."""
    values, model = noisy_day(4, 8, gaps=0.0), Model()
    values[700:724] = np.nan
    past = frame(values)
    state = model.fit(past.columns(0, 700))
    state = model.update(state, past.columns(724, values.size))
    found = model.forecast(state, past.future(DAY_SLOTS)).point
    np.testing.assert_allclose(found, model.forecast(model.fit(past), past.future(DAY_SLOTS)).point, rtol=1e-6)


def test_a_month_of_silence_is_survived():
    """A series that comes back after 30 days is forecast from what was known before."""
    past, model = frame(noisy_day(4, 9)), Model()
    later = frame(noisy_day(0.5, 10), start=MONDAY + 35 * DAY)
    state = model.update(model.fit(past), later)
    assert np.isfinite(model.forecast(state, later.future(DAY_SLOTS)).upper).all()


def test_samples_every_hour_are_enough():
    """Three weeks of hourly samples are forecast at their own step within a tenth of the wave's height."""
    hours = 100 + 20 * np.sin(2 * np.pi * np.arange(21 * 24) / 24)
    found = forecast(hours, 24, step=3600)
    np.testing.assert_allclose(found.point[0], hours[:24], rtol=0, atol=4)


def test_what_is_kept_of_a_series_is_small():
    """A state takes less than 5.5 KB for each series."""
    state = Model().fit(frame(noisy_day(1, 1)))
    assert sum(array.nbytes for array in state.rows.values()) < 5.5 * 1024
    assert not state.shared


def kept(values):
    """Return the values of the week as a state of the bank gives them back, in its own unit."""
    learned = _arrays(Model().fit(frame(values)).rows)
    week = Season(learned.week[0], learned.week_floors[0], learned.week_powers[0])
    return learned.own[0, ORIGIN] + np.array([value_at.py_func(week, slot) for slot in range(len(values))])


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1e-9, 1.0), (1e12, -1e15)])
def test_a_value_is_kept_to_a_step_of_its_two_hours(scale, offset):
    """However large values are, each is within a step of what came, and a step is at most 2/253 of their reach."""
    values = offset + scale * np.random.default_rng(11).normal(size=(12, 24)).cumsum(axis=1)
    reach = np.maximum(np.ptp(values, axis=1), 2.0**-15 * np.abs(values - values[0, 0]).max(axis=1))
    # A value is rounded by half a step each time the step doubles, which adds up to one.
    error = np.abs(kept(values.ravel()).reshape(values.shape) - values)
    assert (error <= (2 * reach / 253)[:, None]).all()


def test_two_hours_are_rounded_no_further_by_what_fits_in():
    """Values stay bit for bit what they were while others of their block are written between them."""
    first, then = [0.0, 100.0, 33.3, 41.7], [50.0, 60.1, 12.3]
    np.testing.assert_array_equal(kept(first + then)[:4], kept(first))


def test_a_constant_is_kept_exactly():
    """Two hours that never moved have a floor and no need of steps."""
    np.testing.assert_array_equal(kept([7.25] * 24), np.full(24, 7.25))


def test_the_median_of_seven_is_the_fourth():
    """On all inputs of zeros and ones, which proves it for all inputs, as it only compares."""
    for found in itertools.product((0.0, 1.0), repeat=7):
        assert median_of_seven.py_func(np.array(found)) == np.median(found)
