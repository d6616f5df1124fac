"""A bank of cheap forecasters, each trusted by what it got right lately at that distance."""

from dataclasses import dataclass

import numpy as np

from offkey.core.findings import Forecast
from offkey.core.frame import Array, Frame
from offkey.core.state import AnyArray, State
from offkey.models.forecast.bank import _kernel as kernel
from offkey.models.grid import BIN, DAY_SLOTS, blank_open, close_bins, slots_of


@dataclass(frozen=True)
class Model:
    """Mix profiles of the season and running levels; the bounds follow the errors the mix makes."""

    context: int = 0  # past samples a frame must hold before its first new one

    def fit(self, frame: Frame) -> State:
        """Replay a history, bin by bin."""
        blank: dict[str, AnyArray] = {
            name: np.zeros((0, *shape), kind) for name, (shape, kind) in kernel.shapes().items()
        }
        return self.update(State((), blank | blank_open()), frame)

    def update(self, state: State, frame: Frame) -> State:
        """Learn every column."""
        rows = dict(state.align(frame.series).rows)
        bins, still_open = close_bins(rows, frame)
        learned = kernel.Learned(**{name: rows[name].copy() for name in kernel.Learned._fields})
        kernel.learn(learned, bins.axis.start // BIN, slots_of(bins), bins.values)
        return State(frame.series, learned._asdict() | still_open)

    def ready(self, state: State) -> Array:
        """Return the share of the first day and a bit that was seen, shape (S,)."""
        need = DAY_SLOTS + kernel.STRIDE
        return np.minimum(state["clock"][:, 1] / need, 1.0)

    def forecast(self, state: State, future: Frame) -> Forecast:
        """Return point and bounds, shape (S, H); NaN at a distance from which nothing could be judged yet."""
        state = state.align(future.series)
        learned = kernel.Learned(**{name: state[name] for name in kernel.Learned._fields})
        out = np.empty((3, *future.values.shape))
        kernel.continue_series(learned, future.axis.times // BIN, slots_of(future), out)
        return Forecast(*out)
