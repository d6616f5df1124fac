"""A profile of the day and a level that fades."""

import numpy as np
import pytest

from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models.forecast.daily_profile import Model
from offkey.models.grid import BIN, DAY_SLOTS


def test_a_shift_fades_to_its_share():
    """Half an hour 10 above a constant: most of it now, a third of that two hours later, nothing half a day later."""
    values = np.full((1, 7 * DAY_SLOTS), 100.0)
    values[0, -6:] = 110.0
    past, model = Frame((Labels.of(series="one"),), values, Axis(0, BIN, values.shape[1])), Model()
    point = model.forecast(model.fit(past), past.future(DAY_SLOTS - 12)).point[0]
    assert 105 < point[6] < 110
    assert (point[30] - 100) / (point[6] - 100) == pytest.approx(np.exp(-1), abs=0.02)
    assert point[150] == pytest.approx(100, abs=0.1)


def test_a_faster_fade_is_an_option():
    """With a shorter fade the forecast is back at the profile sooner."""
    values = np.full((1, 7 * DAY_SLOTS), 100.0)
    values[0, -6:] = 110.0
    past = Frame((Labels.of(series="one"),), values, Axis(0, BIN, values.shape[1]))
    slow, fast = (model.forecast(model.fit(past), past.future(30)).point[0, 29] for model in (Model(), Model(fade=5.0)))
    assert fast < slow - 1
