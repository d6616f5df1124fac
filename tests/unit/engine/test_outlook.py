"""Forecasts are made anew exactly when they can have changed."""

from dataclasses import replace

import numpy as np
import pytest
from paper import SIGNAL, Fixed, Rig, Script, Steady

from offkey.core.findings import Forecast
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.plugins import model
from offkey.engine.outlook import Outlook, outlook
from offkey.engine.plan import Plan
from offkey.models.grid import BIN

A, B = Labels.of(name="a"), Labels.of(name="b")


def wave(times):
    """Return a day's wave with a trend."""
    return 50 + 10 * np.sin(times / 7000) + times / 100_000


def planned(kind, **changes):
    """Return a plan with a real forecaster."""
    signal = replace(SIGNAL, horizons=(600, 3600), history=86_400, **changes)
    return Plan(signal, Steady(), model("offkey.models.forecast", kind), Fixed(1e9))


@pytest.mark.parametrize("kind", ["bank", "seasonal_naive"])
def test_a_forecast_stands_for_its_bin(monkeypatch, kind):
    """It is what a forecaster says at the first step of every five minutes, and not asked for again until the next."""
    plan = planned(kind, limit=80.0)
    rig = Rig([plan], Script({"load": {A: wave, B: lambda times: -wave(times)}}))
    made = []
    monkeypatch.setattr("offkey.engine.prospects.outlook", lambda *given: made.append(given) or outlook(*given))
    fresh = None
    for _ in range(12):
        found = rig.tick().verdicts[0]
        if fresh is None or found.time % BIN == 0:
            fresh = outlook(plan, rig.engine._memories[plan.key], _column(found))
        np.testing.assert_array_equal(found.forecast.point, fresh.forecast.point)
        np.testing.assert_array_equal(found.forecast.upper, fresh.forecast.upper)
        assert found.forecast.point.shape == (2, 2)
        np.testing.assert_array_equal(found.time_to_limit, fresh.crossing(80.0, _column(found)))
        np.testing.assert_array_equal(found.limit_window, fresh.window(80.0, _column(found)))
    assert len(made) == 3


def test_series_that_come_are_forecast_at_once():
    """Another set of series is another outlook, in the same bin too."""
    plan = planned("bank")
    answers = {A: wave}
    rig = Rig([plan], Script({"load": answers}))
    rig.tick()
    answers[B] = wave
    assert rig.tick().verdicts[0].forecast.point.shape == (2, 2)


def test_a_limit_is_met_early_or_late_by_the_bounds():
    """A path of 10 a step, its bounds 10 to either side, meets 25 at 2.5, 1.5 and 3.5 steps, less what has passed."""
    point = np.array([[10.0, 20.0, 30.0, 40.0]])
    found = Outlook(
        (A,), 0, Forecast(*(np.empty((1, 0)),) * 3), Axis(100, 100, 4), Forecast(point, point - 10, point + 10)
    )
    start = Frame((A,), np.zeros((1, 1)), Axis(0, 50, 1))
    np.testing.assert_allclose(found.crossing(25.0, start), [250.0])
    np.testing.assert_allclose(found.window(25.0, start), [[150.0], [350.0]])
    later = Frame((A,), np.full((1, 1), 20.0), Axis(200, 50, 1))
    np.testing.assert_allclose(found.crossing(25.0, later), [50.0])
    np.testing.assert_allclose(found.window(25.0, later)[1], [150.0])


def test_no_horizon_no_forecast():
    """Nothing is asked of the forecaster, and no limit is reached."""
    plan = planned("bank")
    plan = replace(plan, signal=replace(plan.signal, horizons=(), limit=1.0))
    found = Rig([plan], Script({"load": {A: wave}})).tick().verdicts[0]
    assert found.forecast.point.shape == (1, 0)
    assert np.isnan(found.time_to_limit).all()


def _column(found):
    """Return a verdict's samples as a frame of one column."""
    return Frame(found.series, found.observed[:, None], Axis(found.time, found.signal.step, 1))
