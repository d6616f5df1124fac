"""Sub-PCA: how unlike the shapes of the past the last hour of samples is, on the axes along which those vary."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.refitted import Rows
from offkey.models.windows import LENGTH, Windowed

LEAST = 1e-3  # share of the largest variance that every direction is taken to have


@dataclass(frozen=True)
class Model(Windowed):
    """Measure strangeness as the whitened distance of a window of 60 samples from the mean window.

    Attributes:
        components: directions with a variance of their own; the remaining ones share what is left.

    Source: Tipping and Bishop (1999), Probabilistic principal component analysis, J. R. Stat. Soc. B 61:611-622.
    """

    components: Annotated[int, Interval(ge=1, le=LENGTH - 1)] = 16

    @property
    def trained(self) -> Rows:
        """The mean window, the directions divided by their standard deviation, and that of the rest."""
        shape = (self.components, LENGTH)
        return {"mean": ((LENGTH,), np.float64), "axes": (shape, np.float64), "plain": (shape, np.float64)} | {
            "rest": ((), np.float64)
        }

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Find the directions in which the windows of the past vary."""
        mean = kept.mean(axis=0)
        variance, vectors = np.linalg.eigh((kept - mean).T @ (kept - mean) / len(kept))
        variance = np.maximum(variance, LEAST * variance[-1] + 1e-9)
        plain = vectors[:, : -self.components - 1 : -1].T
        axes = plain / np.sqrt(variance[: -self.components - 1 : -1])[:, None]
        return {"mean": mean, "axes": axes, "plain": plain, "rest": np.sqrt(variance[: -self.components].mean())}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the root mean square of the whitened window, (S, T)."""
        centred = features - rows["mean"][:, None, :]
        along = centred @ np.swapaxes(rows["axes"], 1, 2)
        inside = ((centred @ np.swapaxes(rows["plain"], 1, 2)) ** 2).sum(axis=2)
        beside = np.maximum((centred**2).sum(axis=2) - inside, 0.0) / rows["rest"][:, None] ** 2
        return np.asarray(np.sqrt(((along**2).sum(axis=2) + beside) / LENGTH))
