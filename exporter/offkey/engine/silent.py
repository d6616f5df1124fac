"""The forecaster of replays that ask for no forecast."""

import numpy as np

from offkey.core.findings import Forecast
from offkey.core.frame import Array, Frame
from offkey.core.state import State


class Silent:
    """Learns nothing and forecasts nothing, so that a replay costs what its detector costs."""

    context = 0
    pooled = False

    def fit(self, frame: Frame) -> State:
        """Return a state that holds nothing."""
        return State(frame.series, {})

    def update(self, _state: State, frame: Frame) -> State:
        """Return a state that holds nothing."""
        return State(frame.series, {})

    def ready(self, state: State) -> Array:
        """Return that nothing is missing, (S,)."""
        return np.ones(len(state.series))

    def forecast(self, _state: State, future: Frame) -> Forecast:
        """Return NaN for every series and instant, (S, H)."""
        unknown = np.full(future.values.shape, np.nan)
        return Forecast(unknown, unknown, unknown)
