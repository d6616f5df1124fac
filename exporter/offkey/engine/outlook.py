"""What lies ahead of a signal: forecasts at its horizons and the path to its limit, made once in five minutes."""

import math
from dataclasses import dataclass

import numpy as np

from offkey.core.durations import MINUTE
from offkey.core.findings import Forecast
from offkey.core.frame import Array, Axis, Frame
from offkey.core.labels import Labels
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.models.crossing import time_to_limit
from offkey.models.grid import BIN

# The forecast of a crossing is looked at this often.
CROSSING_STEP = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class Outlook:
    """What was forecast from one bin of the forecasters' grid.

    Attributes:
        series: whose, S label sets.
        bin: number of the bin, counted from 1970.
        forecast: at the signal's horizons, arrays (S, H), inside its valid range.
        axis: instants of the path to the limit; empty without one.
        path: point forecasts there, shape (S, instants).
    """

    series: tuple[Labels, ...]
    bin: int
    forecast: Forecast
    axis: Axis
    path: Array

    def is_current(self, now: Frame) -> bool:
        """Return whether this still stands at the only column of `now`: within its bin, for the same series.

        Forecasters learn and speak in whole bins (`models.grid`); to ask them at every step would cost five times as
        much as all the rest of a cycle and say the same.
        """
        return self.bin == now.axis.end // BIN and (self.series is now.series or self.series == now.series)

    def crossing(self, limit: float, now: Frame) -> Array:
        """Return the seconds from the only column of `now` until the path reaches a limit, (S,), NaN = not on it."""
        ahead = max(0, (now.axis.end - self.axis.start) // self.axis.step + 1)
        times = self.axis.times[ahead:]
        return time_to_limit(times, self.path[:, ahead:], limit, now.axis.end, now.values[:, 0])


def outlook(plan: Plan, memory: Memory, now: Frame) -> Outlook:
    """Return what the forecaster says at the only column of `now`, which it has learned."""
    signal, size = plan.signal, len(now.series)
    low, high = signal.valid
    said = [plan.forecaster.forecast(memory.forecaster, now.future(1, horizon)) for horizon in signal.horizons]
    none = np.empty((size, 0))
    forecast = (
        Forecast(*(np.clip(np.hstack([none, *sides]), low, high) for sides in zip(*map(_sides, said), strict=True)))
        if said
        else Forecast(none, none, none)
    )
    path = now.future(0)
    if signal.limit is not None and signal.horizons:
        step = math.gcd(CROSSING_STEP, *signal.horizons)
        path = now.future(max(signal.horizons) // step, step)
        path = path.with_values(plan.forecaster.forecast(memory.forecaster, path).point)
    return Outlook(now.series, now.axis.end // BIN, forecast, path.axis, path.values)


def _sides(forecast: Forecast) -> tuple[Array, Array, Array]:
    return forecast.point, forecast.lower, forecast.upper
