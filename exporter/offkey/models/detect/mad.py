"""Rolling median and MAD: the distance from the recent middle, in the usual distances from it."""

import math
from dataclasses import dataclass

import numpy as np

from offkey.core.durations import HOUR
from offkey.core.findings import Band
from offkey.core.frame import Array, Frame
from offkey.core.state import State

KEPT = 180  # samples remembered of each series, spread over the window
FEW = 30  # samples needed before anything is judged
DECADES_PER_MAD = math.log10(2.0)  # in a Laplace law every MAD from the middle halves what lies beyond


@dataclass(frozen=True)
class Model:
    """Measure strangeness as the distance from the rolling median, in rolling MADs.

    For series without a season: queue lengths, ratios, pool sizes. A robust choice, blind to the time of day.

    Attributes:
        window: seconds of past that are usual.
        context: none; the state remembers the window.

    Source: Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers.
    """

    window: int = 12 * HOUR
    context: int = 0

    def fit(self, frame: Frame) -> State:
        """Learn from a history: its last window remains."""
        rows = {"kept": np.full((0, KEPT), np.nan), "written": np.zeros(0, np.int64), "wait": np.zeros(0)}
        return self.update(State((), rows), frame)

    def update(self, state: State, frame: Frame) -> State:
        """Remember the frame's samples, at most one in `window / KEPT` seconds."""
        rows = state.align(frame.series).rows
        kept, written, wait = (np.array(rows[name]) for name in ("kept", "written", "wait"))
        for values in frame.values.T:
            _remember(kept, written, wait, values, frame.axis.step, self.window / KEPT)
        return State(frame.series, {"kept": kept, "written": written, "wait": wait})

    def ready(self, state: State) -> Array:
        """Return the share of the first samples that were seen, shape (S,)."""
        return np.minimum(state.rows["written"] / FEW, 1.0)

    def score(self, state: State, frame: Frame) -> Array:
        """Return decades of rarity under a Laplace law with the window's MAD, shape (S, T)."""
        return self.sweep(state, frame, np.zeros(len(frame.series)))[0]

    def band(self, state: State, frame: Frame, bound: Array) -> Band:
        """Return the rolling median and the samples whose strangeness is `bound`, (S, T) each."""
        return self.sweep(state, frame, bound)[1]

    def sweep(self, state: State, frame: Frame, bound: Array) -> tuple[Array, Band]:
        """Return what `score` and `band` do, of one walk."""
        middle, spread = self._walk(state, frame)
        reach = bound[:, None] / DECADES_PER_MAD * spread
        return np.abs(frame.values - middle) / spread * DECADES_PER_MAD, Band(middle, middle - reach, middle + reach)

    def glance(self, state: State, frame: Frame, bound: Array) -> tuple[Array, Array]:
        """Return strangeness and the rolling median, (S, T) each."""
        strangeness, band = self.sweep(state, frame, bound)
        return strangeness, band.expected

    def _walk(self, state: State, frame: Frame) -> tuple[Array, Array]:
        """Return the median and the MAD before each column, (S, T) each; NaN where too little was seen."""
        rows = state.align(frame.series).rows
        kept, written, wait = (np.array(rows[name]) for name in ("kept", "written", "wait"))
        middle, spread = np.full((2, *frame.values.shape), np.nan)
        for t, values in enumerate(frame.values.T):
            known = written >= FEW
            middle[known, t] = _median(kept[known])
            away = np.abs(kept[known] - middle[known, t, None])
            mean = np.nansum(away, axis=1) / np.count_nonzero(~np.isnan(away), axis=1)
            spread[known, t] = _median(away) + 0.1 * mean + 1e-12 * (1 + np.abs(middle[known, t]))
            _remember(kept, written, wait, values, frame.axis.step, self.window / KEPT)
        return middle, spread


def _median(values: Array) -> Array:
    """Return the median of each row, (S,), where NaN is missing; numpy's own takes twelve times as long."""
    ranked, rows = np.sort(values, axis=1), np.arange(len(values))  # NaN comes last
    count = np.count_nonzero(~np.isnan(values), axis=1)
    return np.asarray(0.5 * (ranked[rows, (count - 1) // 2] + ranked[rows, count // 2]))


def _remember(kept: Array, written: Array, wait: Array, values: Array, step: int, pause: float) -> None:
    """Write one column into the rings of the series that have waited long enough."""
    np.copyto(wait, np.nan_to_num(wait) - step)
    due = ~np.isnan(values) & (wait <= 0)
    kept[due, written[due] % KEPT] = values[due]
    written[due] += 1
    wait[due] = pause
