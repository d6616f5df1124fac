"""A bank of cheap forecasters, each trusted by what it got right lately at that distance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.findings import Forecast
from offkey.core.frame import Array, Frame, IntArray
from offkey.core.labels import Labels
from offkey.core.state import AnyArray, State
from offkey.models.forecast.bank._kernel import continue_series, learn
from offkey.models.forecast.bank._learned import Learned, shapes
from offkey.models.forecast.bank._members import desk
from offkey.models.grid import BIN, DAY_SLOTS, blank_open, close_bins, slots_of
from offkey.models.kernels import shared_out

NEED = DAY_SLOTS * 3 // 2  # bins with a value before every distance was judged and its bounds were checked


@dataclass(frozen=True)
class Model:
    """Mix profiles of the season and running levels; the bounds follow the errors the mix makes."""

    pooled: ClassVar[bool] = False  # whether `fit` learns something from all series together
    context: int = 0  # past samples a frame must hold before its first new one

    def fit(self, frame: Frame) -> State:
        """Replay a history, bin by bin."""
        blank: dict[str, AnyArray] = {name: np.zeros((0, *shape), kind) for name, (shape, kind) in shapes().items()}
        return self.update(State((), blank | blank_open()), frame)

    def update(self, state: State, frame: Frame) -> State:
        """Learn every column; the arrays of the state are used on."""
        rows = state.align(frame.series).rows
        bins, still_open = close_bins(rows, frame)
        learned = _arrays(rows)
        if bins.axis.size > 0:
            slots = slots_of(bins)

            def work(first: int, last: int) -> None:
                learn(learned, (first, last), bins.axis.start // BIN, slots, bins.values, desk())

            shared_out(len(frame.series), work)
        return State(frame.series, learned._asdict() | still_open)

    def ready(self, state: State) -> Array:
        """Return the share of the first day and a half that was seen, shape (S,)."""
        return np.minimum(state["clock"][:, 1] / NEED, 1.0)

    def forecast(self, state: State, future: Frame) -> Forecast:
        """Return point and bounds, shape (S, H); NaN at a distance from which nothing could be judged yet."""
        return _said(state, future.series, future.axis.times, slots_of(future))

    def reach(self, state: State, now: Frame, horizons: Sequence[int]) -> Forecast:
        """Return what `forecast` does at some distances in seconds from the last column of `now`."""
        futures = [now.future(1, horizon) for horizon in horizons]
        times = np.array([future.axis.end for future in futures], np.int64)
        slots = np.empty((len(now.series), len(futures)), np.int64)
        for column, future in enumerate(futures):
            slots[:, column] = slots_of(future)[:, 0]
        return _said(state, now.series, times, slots)


def _said(state: State, series: tuple[Labels, ...], times: IntArray, slots: IntArray) -> Forecast:
    """Return what is said of instants (H,), in slots of the week (S, H)."""
    out = np.empty((3, *slots.shape))
    learned = _arrays(state.align(series).rows)

    def work(first: int, last: int) -> None:
        continue_series(learned, (first, last), times // BIN, slots, out, desk())

    shared_out(len(series), work)
    return Forecast(*out)


def _arrays(rows: Mapping[str, AnyArray]) -> Learned:
    """Return the arrays of a state as the compiled code takes them: those of a store may be read-only."""
    return Learned(**{name: np.require(rows[name], requirements=("C", "W")) for name in Learned._fields})
