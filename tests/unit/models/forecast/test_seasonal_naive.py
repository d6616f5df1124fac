"""Last season's values, and bounds from what that missed so far."""

import numpy as np
import pytest

from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models.forecast.seasonal_naive import Model
from offkey.models.grid import BIN, DAY_SLOTS, WEEK_SLOTS

MONDAY = 1_709_510_400  # 2024-03-04 00:00 UTC


def frame(values):
    """Return one series."""
    values = np.asarray(values, float)[None]
    return Frame((Labels.of(series="one"),), values, Axis(MONDAY, BIN, values.shape[1]))


def test_yesterday_comes_again():
    """The point is the last value of each slot, exactly; a missing one is older by a day."""
    values = np.arange(3.0 * DAY_SLOTS)
    values[-1] = np.nan
    past, model = frame(values), Model()
    expected = values[-DAY_SLOTS:].copy()
    expected[-1] = values[-1 - DAY_SLOTS]
    np.testing.assert_array_equal(model.forecast(model.fit(past), past.future(DAY_SLOTS)).point[0], expected)


def test_last_week_comes_again():
    """With a weekly season the point is the value of a week ago, and nothing is known of unseen days."""
    values = np.arange(8.0 * DAY_SLOTS)
    past, model = frame(values), Model(season="weekly")
    found = model.forecast(model.fit(past), past.future(WEEK_SLOTS)).point[0]
    np.testing.assert_array_equal(found, values[-WEEK_SLOTS:])
    young = frame(values[:DAY_SLOTS])
    assert np.isnan(model.forecast(model.fit(young), young.future(DAY_SLOTS)).point).all()


def test_bounds_hold_nine_errors_in_ten():
    """On noise around a constant the bounds of a long history hold 87 to 93 % of the next day."""
    rng = np.random.default_rng(1)
    past, model = frame(rng.normal(size=60 * DAY_SLOTS)), Model()
    found = model.forecast(model.fit(past), past.future(DAY_SLOTS))
    truth = rng.normal(size=(1, DAY_SLOTS))
    assert 0.87 <= ((found.lower <= truth) & (truth <= found.upper)).mean() <= 0.93


def test_bounds_need_a_second_season():
    """After one day the point is known and the bounds are not."""
    past, model = frame(np.arange(1.0 * DAY_SLOTS)), Model()
    found = model.forecast(model.fit(past), past.future(3))
    assert np.isfinite(found.point).all()
    assert np.isnan(found.lower).all()


@pytest.mark.parametrize(("days", "share"), [(0.25, 0.25), (0.5, 0.5), (1.0, 1.0), (3.0, 1.0)])
def test_readiness_is_the_share_of_slots_seen(days, share):
    """A quarter of the day seen is a quarter ready."""
    model = Model()
    assert model.ready(model.fit(frame(np.zeros(int(days * DAY_SLOTS)))))[0] == share
