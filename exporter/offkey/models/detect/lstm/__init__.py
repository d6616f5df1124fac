"""LSTM: how wrong a small recurrent network was about a sample; trained across series, with torch (extra `deep`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.frame import Array, BoolArray, Frame, IntArray
from offkey.core.state import AnyArray, State
from offkey.models import lags
from offkey.models.detect.lstm.cells import HIDDEN, SEASONAL, STEPS, predict
from offkey.models.lags import layout
from offkey.models.recurrent import need_torch
from offkey.models.refitted import FEW, NEED, Rows
from offkey.models.residual import ABSOLUTE, DEVIATION, Residual
from offkey.models.windows import RECENT, last_residuals

GATES = 4 * HIDDEN
WEIGHTS = GATES * (2 + HIDDEN) + HIDDEN + SEASONAL + 1
CONTEXT = (layout.SINE, layout.COSINE, layout.PLACE)


@dataclass(frozen=True)
class Model(Residual):
    """Measure strangeness as the distance from what a recurrent network expects of the next residual.

    One network learns from all series together, and each series carries its weights.

    Attributes:
        rounds: batches of 256 windows that it learns from at each training.
        seed: where its weights and the choice of windows begin.
        learns_across: the neighbours' past is part of what is learned.

    Source: Hochreiter and Schmidhuber (1997), Neural Computation 9:1735-1780.
    """

    rounds: int = 60
    seed: int = 0

    learns_across: ClassVar[bool] = True

    def __post_init__(self) -> None:
        need_torch("lstm")

    @property
    def picked(self) -> tuple[int, ...]:
        """Deviation, time of day and season, and the last residuals."""
        return tuple(range(len(ABSOLUTE) + len(CONTEXT) + STEPS))

    @property
    def watched(self) -> Rows:
        """What `lags` remembers, and the last residuals."""
        return {**lags.ROWS, **RECENT}

    @property
    def trained(self) -> Rows:
        """The network's weights, the same for all series."""
        return {"weights": ((WEIGHTS,), np.float64)}

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return deviation, context and the residuals before each sample, (S, T, F), and where they are known."""
        features, known = lags.look(rows, frame)
        residuals = np.where(known, features[..., layout.RESIDUAL], 0.0)
        before = last_residuals(rows["recent"], residuals, ~np.isnan(frame.values))[..., -STEPS - 1 : -1]
        return np.concatenate([features[..., ABSOLUTE + CONTEXT], before], axis=2), known

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Learn nothing from one series alone; see `update`."""
        return {}

    def expect(self, rows: Mapping[str, AnyArray], features: Array) -> tuple[Array, Array, Array]:
        """Return what the network expects, with the same scale on both sides."""
        expected = np.full(features.shape[:2], np.nan)
        predict(rows["weights"], np.ascontiguousarray(features[..., len(ABSOLUTE) :]), expected)
        one = np.ones(expected.shape)
        return expected, one, one

    def update(self, state: State, frame: Frame) -> State:
        """Learn the frame's samples; the network learns anew when the series seen for longest is due."""
        first = 0
        for last in self._lessons(state, frame):
            state, first = super().update(state, frame.columns(first, last)), last
            self._teach(state)
        return super().update(state, frame.columns(first, frame.axis.size))

    def score(self, state: State, frame: Frame) -> Array:
        """Return decades of rarity beside the series' own past, shape (S, T)."""
        pieces, first = [np.empty((len(frame.series), 0))], 0
        for last in self._lessons(state, frame):
            piece = frame.columns(first, last)
            pieces.append(super().score(state, piece))
            if last < frame.axis.size:
                own = state.align(frame.series)
                state = self.update(State(own.series, {name: array.copy() for name, array in own.rows.items()}), piece)
            first = last
        return np.hstack([*pieces, super().score(state, frame.columns(first, frame.axis.size))])

    def _lessons(self, state: State, frame: Frame) -> IntArray:
        """Return after how many of the columns the network learns."""
        before = state.align(frame.series).rows["seen"][:, None]
        seen = before + frame.axis.step * np.cumsum(~np.isnan(frame.values), axis=1)
        longest = np.hstack([before, seen]).max(axis=0, initial=0)
        return np.flatnonzero(np.diff(self.trainings(longest, np.zeros(1, np.int64))) > 0) + 1

    def _teach(self, state: State) -> None:
        """Train the network on what all series kept, and learn the rarity of its errors; the rows are written to."""
        rows = state.rows
        order = sorted(np.flatnonzero(rows["written"] >= FEW).tolist(), key=lambda s: state.series[s])
        if not order:
            return
        past = {s: self.kept(rows, s) for s in order}
        still = [s for s in order if not past[s][:, DEVIATION].any()]
        moving = [past[s] for s in order if s not in still]
        rows["weights"][:] = self._learned(np.vstack(moving)) if moving else 0.0
        rows["weights"][still] = 0.0  # what never moved is expected to stay, exactly
        for s in order:
            if rows["seen"][s] >= NEED:
                self._train({name: array[s : s + 1] for name, array in rows.items()})

    def _learned(self, kept: Array) -> Array:
        """Return the weights of a network that has learned from what was kept, (WEIGHTS,)."""
        from offkey.models.detect.lstm.training import learn  # noqa: PLC0415 (imports torch)

        return learn(kept[:, len(ABSOLUTE) :], kept[:, DEVIATION], self.rounds, self.seed)
