"""What every file of models/forecast promises; a dropped-in file is tested without an edit here."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from offkey.core import plugins
from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.errors import MissingLibrary
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.ports import Reaching
from offkey.core.state import State
from offkey.models.crossing import time_to_limit

PACKAGE = "offkey.models.forecast"
STEP = 5 * MINUTE
HORIZONS = (HOUR, 4 * HOUR, DAY)
MONDAY = 1_700_438_400  # 2023-11-20 00:00 UTC
SPRING, AUTUMN = 1_711_846_800, 1_729_990_800  # Europe/Berlin: 2024-03-31 and 2024-10-27, 01:00 UTC


class Remembering:
    """A forecaster that fits the same history once; every caller gets arrays of its own."""

    def __init__(self, model):
        """Wrap a model."""
        self.model, self.fitted = model, {}

    def __getattr__(self, name):
        """Everything else is the model's own."""
        return getattr(self.model, name)

    def fit(self, frame):
        """Return what the model learned of such a frame before, or learn it."""
        key = (frame.series, frame.values.tobytes(), frame.axis, frame.zones)
        if key not in self.fitted:
            self.fitted[key] = self.model.fit(frame)
        state = self.fitted[key]
        return State(state.series, *({k: v.copy() for k, v in part.items()} for part in (state.rows, state.shared)))


@pytest.fixture(scope="module", params=plugins.names(PACKAGE))
def forecaster(request):
    """Return each forecaster with its defaults; one whose library is an extra that is not installed is skipped."""
    try:
        return Remembering(plugins.model(PACKAGE, request.param))
    except MissingLibrary as error:
        pytest.skip(str(error))


def names(count):
    """Return so many label sets."""
    return tuple(Labels.of(__name__="requests", instance=f"node-{k}") for k in range(count))


def daily(times, zone="UTC"):
    """Return a daily wave on a wall clock: 100 +- 20, shape of times."""
    offsets = [datetime.fromtimestamp(int(t), UTC).astimezone(ZoneInfo(zone)).utcoffset().seconds for t in times]
    return 100 + 20 * np.sin(2 * np.pi * (times + np.array(offsets)) / DAY)


def waves(series=3, days=9, step=STEP, start=MONDAY, noise=1.0, seed=1):
    """Return daily waves of different sizes with noise."""
    axis = Axis(start, step, days * DAY // step)
    rng = np.random.default_rng(seed)
    values = np.arange(1, series + 1)[:, None] * daily(axis.times) + noise * rng.normal(size=(series, axis.size))
    return Frame(names(series), values, axis)


def ahead(frame, horizons=HORIZONS):
    """Return the empty frame up to the farthest horizon, and the columns of the horizons in it."""
    future = frame.future(max(horizons) // frame.axis.step)
    return future, [horizon // frame.axis.step - 1 for horizon in horizons]


def learn(forecaster, state, frame, first, last):
    """Update with columns first <= k < last, and the context the model asked for before them."""
    return forecaster.update(state, frame.columns(first - forecaster.context, last))


def assert_same(one, other):
    """Compare two forecasts to nine digits."""
    for name in ("point", "lower", "upper"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-9, err_msg=name)


def copied(array):
    """Return an array read back from its bytes."""
    return np.frombuffer(bytearray(array.tobytes()), array.dtype).reshape(array.shape)


def everything(forecast):
    """Return point, lower and upper as one array, shape (3, S, H)."""
    return np.stack([forecast.point, forecast.lower, forecast.upper])


def test_a_learned_series_is_continued_with_bounds_around_the_point(forecaster):
    """After nine days all values are known, of shape (S, H), and lower <= point <= upper."""
    frame = waves()
    future, _ = ahead(frame)
    forecast = forecaster.forecast(forecaster.fit(frame), future)
    assert everything(forecast).shape == (3, *future.values.shape)
    assert np.isfinite(everything(forecast)).all()
    assert (forecast.lower <= forecast.point).all()
    assert (forecast.point <= forecast.upper).all()


def test_the_order_of_series_does_not_matter(forecaster):
    """Permuted rows give permuted forecasts, in `fit`, `update` and `forecast`."""
    frame, order = waves(), np.array([2, 0, 1])
    half = frame.axis.size // 2
    future, _ = ahead(frame)
    straight = learn(forecaster, forecaster.fit(frame.columns(0, half)), frame, half, frame.axis.size)
    turned = frame.rows(order)
    state = learn(forecaster, forecaster.fit(turned.columns(0, half)), frame, half, frame.axis.size)
    expected = everything(forecaster.forecast(straight, future))
    np.testing.assert_array_equal(everything(forecaster.forecast(state, future)), expected)
    np.testing.assert_array_equal(everything(forecaster.forecast(straight, future.rows(order))), expected[:, order])


def test_a_series_does_not_depend_on_its_company(forecaster):
    """One series forecast alone is the same as among others, unless the model says that it learns from all."""
    if forecaster.pooled:
        pytest.skip("learns from all series together")
    frame = waves()
    future, _ = ahead(frame)
    alone, row = np.array([1]), slice(1, 2)
    together = everything(forecaster.forecast(forecaster.fit(frame), future))
    single = everything(forecaster.forecast(forecaster.fit(frame.rows(alone)), future.rows(alone)))
    np.testing.assert_allclose(single, together[:, row], rtol=1e-9)


def test_a_series_nobody_has_seen_is_unknown(forecaster):
    """A new series is NaN and not ready, both when it is only asked for and after its first samples."""
    frame = waves()
    more = Frame(names(4), np.vstack([frame.values, frame.values[:1]]), frame.axis)
    future, _ = ahead(more)
    state = forecaster.fit(frame)
    assert np.isnan(everything(forecaster.forecast(state, future))[:, 3]).all()
    size = frame.axis.size
    joined = Frame(more.series, np.hstack([more.values, more.values[:, :2]]), Axis(MONDAY, STEP, size + 2))
    state = learn(forecaster, state, joined, size, size + 2)
    assert forecaster.ready(state)[3] < 0.2
    assert (forecaster.ready(state)[:3] == 1).all()
    late = everything(forecaster.forecast(state, joined.future(DAY // STEP)))
    assert np.isnan(late[:, 3]).any()
    assert np.isfinite(late[:, :3]).all()


def test_a_forgotten_series_leaves_the_state(forecaster):
    """`update` returns a state for exactly the series of the frame."""
    frame = waves()
    size = frame.axis.size
    kept = np.array([2, 1])
    state = learn(forecaster, forecaster.fit(frame.columns(0, size - 9)), frame.rows(kept), size - 9, size)
    assert state.series == frame.rows(kept).series
    assert all(array.shape[0] == 2 for array in state.rows.values())


def test_pieces_teach_the_same_as_the_whole(forecaster):
    """Updating column by column or in blocks of any size ends in the same forecast."""
    frame = waves()
    size, first = frame.axis.size, frame.axis.size - 300
    future, _ = ahead(frame)
    whole = learn(forecaster, forecaster.fit(frame.columns(0, first)), frame, first, size)
    pieces = forecaster.fit(frame.columns(0, first))
    edges = [first, first + 1, first + 2, first + 3, first + 100, first + 101, size]
    for start, stop in itertools.pairwise(edges):
        pieces = learn(forecaster, pieces, frame, start, stop)
    assert_same(forecaster.forecast(pieces, future), forecaster.forecast(whole, future))


@pytest.mark.parametrize("step", [15, MINUTE, 15 * MINUTE])
def test_the_step_may_change_after_the_fit(forecaster, step):
    """A day of columns at another step keeps the forecast of a wave within a tenth of its height."""
    frame = waves(noise=0.5)
    lead = forecaster.context * step
    later = waves(noise=0.5, days=1, step=step, start=frame.axis.end + STEP - lead, seed=2)
    state = forecaster.update(forecaster.fit(frame), later)
    future = Axis(later.axis.end + step, HOUR, 24)
    forecast = forecaster.forecast(state, Frame(frame.series, np.full((3, 24), np.nan), future))
    truth = np.arange(1, 4)[:, None] * daily(future.times)
    assert (np.abs(forecast.point - truth) <= 4 * np.arange(1, 4)[:, None]).all()


def test_no_horizon_gives_empty_arrays(forecaster):
    """A frame without columns is answered with shape (S, 0), and teaches nothing."""
    frame = waves()
    state = forecaster.fit(frame)
    assert forecaster.forecast(state, frame.future(0)).point.shape == (3, 0)
    future, _ = ahead(frame)
    before = forecaster.forecast(state, future)
    size = frame.axis.size
    assert_same(forecaster.forecast(learn(forecaster, state, frame, size, size), future), before)


@pytest.mark.parametrize("value", [0.0, 1.0, -3.25, 1e9, 1e-9])
def test_a_constant_forecasts_itself(forecaster, value):
    """A series that never moves goes on, with bounds on it."""
    frame = waves()
    frame = frame.with_values(np.full(frame.values.shape, value))
    future, _ = ahead(frame)
    forecast = forecaster.forecast(forecaster.fit(frame), future)
    np.testing.assert_allclose(everything(forecast), value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("offset", [0.0, 1e9, -1e12])
def test_a_daily_wave_is_continued(forecaster, offset):
    """At 1 h, 4 h and 24 h a wave of height 40 is met within 2 (5 %), whatever it rests on."""
    frame = waves(noise=0.0, days=14)
    frame = frame.with_values(frame.values / np.arange(1, 4)[:, None] + offset)
    future, columns = ahead(frame)
    point = forecaster.forecast(forecaster.fit(frame), future).point[:, columns]
    truth = daily(future.axis.times[columns]) + offset
    np.testing.assert_allclose(point, np.tile(truth, (3, 1)), rtol=0, atol=2)


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_summer_time_does_not_shift_a_wave(forecaster, change):
    """A wave on the wall clock of Berlin is met within 5 % of its height across both changes of the clock."""
    axis = Axis(change - 13 * DAY, STEP, 13 * DAY // STEP)
    frame = Frame(names(1), daily(axis.times, "Europe/Berlin")[None], axis, ("Europe/Berlin",))
    future, _ = ahead(frame)
    forecast = forecaster.forecast(forecaster.fit(frame), future)
    truth = daily(future.axis.times, "Europe/Berlin")
    np.testing.assert_allclose(forecast.point[0], truth, rtol=0, atol=2)


def test_zones_are_per_series(forecaster):
    """Two series of one frame follow two clocks over the same change."""
    zones = ("Europe/Berlin", "UTC")
    axis = Axis(SPRING - 13 * DAY, STEP, 13 * DAY // STEP)
    frame = Frame(names(2), np.array([daily(axis.times, zone) for zone in zones]), axis, zones)
    future, _ = ahead(frame)
    truth = np.array([daily(future.axis.times, zone) for zone in zones])
    np.testing.assert_allclose(forecaster.forecast(forecaster.fit(frame), future).point, truth, rtol=0, atol=2)


def test_gaps_teach_nothing_and_break_nothing(forecaster):
    """Missing hours, a missing day and a series that goes silent leave a wave within a tenth of its height."""
    frame = waves(noise=0.0, days=14)
    values = frame.values / np.arange(1, 4)[:, None]
    values[0, np.random.default_rng(3).random(values.shape[1]) < 0.3] = np.nan
    values[1, 5 * DAY // STEP : 6 * DAY // STEP] = np.nan
    values[2, -3 * HOUR // STEP :] = np.nan
    future, columns = ahead(frame)
    forecast = forecaster.forecast(forecaster.fit(frame.with_values(values)), future)
    truth = np.tile(daily(future.axis.times[columns]), (3, 1))
    np.testing.assert_allclose(forecast.point[:, columns], truth, rtol=0, atol=4)
    assert np.isfinite(everything(forecast)).all()


def test_only_missing_samples_is_unknown(forecaster):
    """A series without a single sample has no forecast and is not ready; its neighbours have."""
    frame = waves()
    frame.values[1] = np.nan
    state = forecaster.fit(frame)
    future, _ = ahead(frame)
    known = np.isfinite(everything(forecaster.forecast(state, future))).all(axis=(0, 2))
    assert known.tolist() == [True, False, True]
    assert forecaster.ready(state).tolist() == [1, 0, 1]


def test_any_finite_value_leaves_a_finite_forecast(forecaster):
    """The largest and smallest floats in the history leave forecasts and states without infinity."""
    frame = waves()
    rng = np.random.default_rng(4)
    largest = np.finfo(float).max
    for value in (largest, -largest, 5e-324, 1e300, -1e200):
        frame.values[:, rng.integers(0, frame.axis.size, 20)] = value
    frame.values[2, -1] = largest
    state = forecaster.fit(frame)
    for name, array in state.rows.items():
        assert not np.isinf(array.astype(float)).any(), name
    future, _ = ahead(frame)
    assert np.isfinite(everything(forecaster.forecast(state, future))).all()


def test_readiness_grows_from_nothing_to_one(forecaster):
    """Readiness is 0 without a sample, never falls as a series is seen, and is 1 after nine days."""
    frame = waves()
    state = forecaster.fit(frame.columns(0, 0))
    shares = [forecaster.ready(state)]
    size, context = frame.axis.size, forecaster.context
    for first in range(context, size, 144):
        state = learn(forecaster, state, frame, first, min(first + 144, size))
        shares.append(forecaster.ready(state))
    assert (shares[0] == 0).all()
    assert (np.diff(shares, axis=0) >= 0).all()
    assert (shares[-1] == 1).all()


def test_the_same_history_gives_the_same_forecast(forecaster):
    """Nothing is drawn by chance and nothing is kept between calls."""
    frame = waves()
    future, _ = ahead(frame)
    first = everything(forecaster.forecast(forecaster.fit(frame), future))
    again = forecaster.model.fit(frame)
    np.testing.assert_array_equal(everything(forecaster.forecast(again, future)), first)


def test_arguments_are_left_alone(forecaster):
    """Frames keep their values; `forecast` and `ready` leave the state as it was."""
    frame = waves()
    values = frame.values.copy()
    future, _ = ahead(frame)
    state = forecaster.fit(frame)
    rows = {name: array.copy() for name, array in state.rows.items()}
    forecaster.forecast(state, future)
    forecaster.ready(state)
    for name, array in rows.items():
        np.testing.assert_array_equal(state.rows[name], array, err_msg=name)
    size = frame.axis.size
    learn(forecaster, state, frame, size - 10, size)
    np.testing.assert_array_equal(frame.values, values)
    assert np.isnan(future.values).all()


def test_a_forecast_does_not_see_what_it_forecasts(forecaster):
    """Values in the frame that is to be filled change nothing."""
    frame = waves()
    future, _ = ahead(frame)
    state = forecaster.fit(frame)
    told = forecaster.forecast(state, future.with_values(np.full(future.values.shape, 7.0)))
    assert_same(told, forecaster.forecast(state, future))


def test_instants_are_answered_one_by_one(forecaster):
    """The answer for an instant does not depend on which others are asked for."""
    frame = waves()
    future, columns = ahead(frame)
    state = forecaster.fit(frame)
    dense = everything(forecaster.forecast(state, future))
    for column in columns:
        single = everything(forecaster.forecast(state, future.columns(column, column + 1)))
        np.testing.assert_allclose(single[:, :, 0], dense[:, :, column], rtol=1e-9)


def test_horizons_are_answered_at_once_as_one_by_one(forecaster):
    """A forecaster that answers several distances together says of each what it says of it alone."""
    if not isinstance(forecaster.model, Reaching):
        pytest.skip("says one after the other")
    frame = waves()
    state = forecaster.fit(frame)
    together = everything(forecaster.model.reach(state, frame, HORIZONS))
    for column, horizon in enumerate(HORIZONS):
        alone = everything(forecaster.forecast(state, frame.future(1, horizon)))
        np.testing.assert_allclose(together[:, :, column], alone[:, :, 0], rtol=1e-9)


def test_a_state_is_named_arrays_of_numbers(forecaster):
    """What was learned survives being written as plain arrays: no objects, and equal forecasts after a copy."""
    frame = waves()
    future, _ = ahead(frame)
    state = forecaster.fit(frame)
    assert all(array.dtype.kind in "fiub" for array in (*state.rows.values(), *state.shared.values()))
    copy = State(state.series, {name: copied(array) for name, array in state.rows.items()}, state.shared)
    assert_same(forecaster.forecast(copy, future), forecaster.forecast(state, future))


def test_noise_lies_inside_the_bounds_about_nine_times_in_ten(forecaster):
    """On a noisy wave the 90 % bounds hold 75 to 99 % of a day, and are no wider than the wave is high."""
    frame = waves(series=6, days=15, noise=8.0, seed=6)
    past, truth = frame.columns(0, 14 * DAY // STEP), frame.values[:, 14 * DAY // STEP :]
    forecast = forecaster.forecast(forecaster.fit(past), past.future(DAY // STEP))
    share = ((forecast.lower <= truth) & (truth <= forecast.upper)).mean()
    assert 0.75 <= share <= 0.99
    assert (forecast.upper - forecast.lower <= 40 * np.arange(1, 7)[:, None] + 60).all()


def test_a_forecast_says_when_a_limit_is_reached(forecaster):
    """A wave that will rise through a limit is announced within half an hour of the truth."""
    frame = waves(series=1, noise=0.0, days=14)
    future, _ = ahead(frame)
    forecast = forecaster.forecast(forecaster.fit(frame), future)
    limit = 110.0  # the wave starts at 100 and reaches 110 after 2 hours
    seconds = time_to_limit(future.axis.times, forecast.point, limit, frame.axis.end, frame.values[:, -1])
    np.testing.assert_allclose(seconds, 2 * HOUR + STEP, rtol=0, atol=HOUR / 2)
