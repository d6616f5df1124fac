"""What lies ahead of a signal: forecasts at its horizons and the path to its limit, made once in five minutes."""

import math
from dataclasses import dataclass

import numpy as np

from offkey.core.durations import MINUTE
from offkey.core.findings import Forecast
from offkey.core.frame import Array, Axis, Frame, IntArray
from offkey.core.labels import Labels
from offkey.core.ports import Forecaster, Reaching
from offkey.core.state import State
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.models.crossing import limit_window, time_to_limit
from offkey.models.grid import BIN

# The forecast of a crossing is looked at this often.
CROSSING_STEP = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class Outlook:
    """What was forecast from one bin of the forecasters' grid.

    Attributes:
        series: whose, S label sets.
        bin: number of the bin, counted from 1970.
        forecast: at the signal's horizons, arrays (S, H), inside what can be.
        axis: instants of the path to the limit; empty without one.
        path: forecasts there, arrays (S, instants).
    """

    series: tuple[Labels, ...]
    bin: int
    forecast: Forecast
    axis: Axis
    path: Forecast

    def is_current(self, now: Frame) -> bool:
        """Return whether this still stands at the only column of `now`: within its bin, for the same series.

        Forecasters learn and speak in whole bins (`models.grid`); to ask them at every step would cost five times as
        much as all the rest of a cycle and say the same.
        """
        return self.bin == now.axis.end // BIN and (self.series is now.series or self.series == now.series)

    def crossing(self, limit: float, now: Frame) -> Array:
        """Return the seconds from the only column of `now` until the path reaches a limit, (S,), NaN = not on it."""
        times, path = self._ahead(now)
        return time_to_limit(times, path.point, limit, now.axis.end, now.values[:, 0])

    def window(self, limit: float, now: Frame) -> Array:
        """Return the earliest and latest of these seconds by the path's bounds, shape (2, S)."""
        times, path = self._ahead(now)
        return np.array(limit_window(times, path, limit, now.axis.end, now.values[:, 0]))

    def _ahead(self, now: Frame) -> tuple[IntArray, Forecast]:
        """Return the instants after the only column of `now`, and the path there."""
        first = max(0, (now.axis.end - self.axis.start) // self.axis.step + 1)
        return self.axis.times[first:], Forecast(*(side[:, first:] for side in _sides(self.path)))


def outlook(plan: Plan, memory: Memory, now: Frame) -> Outlook:
    """Return what the forecaster says at the only column of `now`, which it has learned."""
    signal, size = plan.signal, len(now.series)
    low, high = signal.span
    said = _at_horizons(plan.forecaster, memory.forecaster, now, signal.horizons)
    forecast, none = Forecast(*(np.clip(side, low, high) for side in _sides(said))), np.empty((size, 0))
    future, path = now.future(0), Forecast(none, none, none)
    if signal.limit is not None and signal.horizons:
        step = math.gcd(CROSSING_STEP, *signal.horizons)
        future = now.future(max(signal.horizons) // step, step)
        path = plan.forecaster.forecast(memory.forecaster, future)
    return Outlook(now.series, now.axis.end // BIN, forecast, future.axis, path)


def _at_horizons(forecaster: Forecaster, known: State, now: Frame, horizons: tuple[int, ...]) -> Forecast:
    """Return what is forecast so many seconds after the only column of `now`, (S, H) each."""
    if isinstance(forecaster, Reaching):
        return forecaster.reach(known, now, horizons)
    said = [_sides(forecaster.forecast(known, now.future(1, horizon))) for horizon in horizons]
    none = np.empty((len(now.series), 0))
    return Forecast(*(np.hstack([none, *(sides[k] for sides in said)]) for k in range(3)))


def _sides(forecast: Forecast) -> tuple[Array, Array, Array]:
    return forecast.point, forecast.lower, forecast.upper
