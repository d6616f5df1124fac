"""K-means: how far the last hour of samples is from the nearest of the shapes that the past consists of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.nearest import distance_to_nearest
from offkey.models.refitted import Rows
from offkey.models.windows import LENGTH, Windowed


@dataclass(frozen=True)
class Model(Windowed):
    """Measure strangeness as the distance of a window of 60 samples from the nearest learned shape.

    Attributes:
        shapes: how many shapes are learned; fewer where the past is short.
        seed: where the search for them begins.

    Source: Lloyd (1982), IEEE Trans. Inf. Theory 28:129-137.
    """

    shapes: int = 16
    seed: int = 0

    @property
    def trained(self) -> Rows:
        """The shapes."""
        return {"shapes": ((self.shapes, LENGTH), np.float32)}

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Cluster the windows of the past."""
        from sklearn.cluster import KMeans  # type: ignore[import-untyped]  # noqa: PLC0415 (no types; heavy)

        size = min(self.shapes, len(np.unique(kept, axis=0)))
        found = KMeans(size, n_init=1, max_iter=30, random_state=self.seed).fit(kept)
        shapes = np.full((self.shapes, LENGTH), np.nan, np.float32)
        shapes[:size] = found.cluster_centers_
        return {"shapes": shapes}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the distance to the nearest shape, per sample of the window, (S, T)."""
        return np.asarray(distance_to_nearest(rows["shapes"], features) / np.sqrt(LENGTH))
