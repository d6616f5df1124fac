"""Detectors that say what they expect: strangeness is the distance from it, and the bound has an edge on both sides."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from offkey.core.findings import Band
from offkey.core.frame import Array, Frame
from offkey.core.state import AnyArray, State
from offkey.models.lags import layout
from offkey.models.refitted import Refitted
from offkey.models.tails import values_at

DEVIATION, CENTRE, WIDTH = range(3)  # the first features: a sample is CENTRE + DEVIATION * WIDTH
ABSOLUTE = (layout.DEVIATION, layout.CENTRE, layout.WIDTH)
MOST = 50.0  # deviation that is learned from; larger ones are taken for this


@dataclass(frozen=True)
class Residual(Refitted):
    """A detector with an expected value and a scale on each side of it, whose residuals have an extreme-value tail."""

    @abstractmethod
    def expect(self, rows: Mapping[str, AnyArray], features: Array) -> tuple[Array, Array, Array]:
        """Return the expected deviation and the scale below and above it, (S, T) each, in WIDTHs."""

    def lesson(self, features: Array) -> Array:
        """Return the features with a bounded deviation, and without where it was measured from."""
        kept = features.copy()
        kept[:, DEVIATION] = np.clip(kept[:, DEVIATION], -MOST, MOST)
        kept[:, CENTRE] = 0.0
        return kept

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the distance from what was expected, in scales of that side, (S, T)."""
        middle, below, above = self.expect(rows, features)
        away = features[..., DEVIATION] - middle
        return np.asarray(np.where(away > 0, away / above, -away / below))

    def band(self, state: State, frame: Frame, bound: Array) -> Band:
        """Return the expected value and where strangeness reaches `bound`, (S, T) each."""
        return Band(*self.live_through(state, frame, self._edges, bound=bound))

    def _edges(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the expected value and both edges, (3, S, T)."""
        middle, below, above = self.expect(rows, features)
        reach = values_at(rows["knots"], rows["bound"])[:, None]
        centre, width = features[..., CENTRE], features[..., WIDTH]
        return np.stack([centre + width * at for at in (middle, middle - reach * below, middle + reach * above)])
