"""K-means: how far the last samples are from the nearest of the shapes that the past consists of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.nearest import distance_to_nearest
from offkey.models.refitted import Rows
from offkey.models.windows import LENGTH, MOST, Windowed

HALF_LIFE = 5.0  # samples after which one counts for half: with all alike, an incident drowns in an hour of noise
COUNTS = 0.5 ** (np.arange(LENGTH)[::-1] / HALF_LIFE)  # for how much each sample of a window counts, the newest last


@dataclass(frozen=True)
class Model(Windowed):
    """Measure strangeness as the distance of the last samples from the nearest learned shape, the newest first of all.

    Attributes:
        shapes: how many shapes are learned; fewer where the past is short.
        seed: where the search for them begins.

    Source: Lloyd (1982), IEEE Trans. Inf. Theory 28:129-137.
    """

    shapes: int = 16
    seed: int = 0
    revision: int = field(default=2, init=False)  # of what is learned; with another one it is learned anew

    @property
    def trained(self) -> Rows:
        """The shapes."""
        return {"shapes": ((self.shapes, LENGTH), np.float32)}

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Cluster the windows of the past, each sample for as much as it counts; a single spike is no shape."""
        from sklearn.cluster import KMeans  # type: ignore[import-untyped]  # noqa: PLC0415 (no types; heavy)

        kept = np.clip(kept, -MOST, MOST) * np.sqrt(COUNTS)
        size = min(self.shapes, len(np.unique(kept, axis=0)))
        found = KMeans(size, n_init=1, max_iter=30, random_state=self.seed).fit(kept)
        shapes = np.full((self.shapes, LENGTH), np.nan, np.float32)
        shapes[:size] = found.cluster_centers_
        return {"shapes": shapes}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the distance to the nearest shape, per sample that counts, (S, T)."""
        return np.asarray(distance_to_nearest(rows["shapes"], features * np.sqrt(COUNTS)) / np.sqrt(COUNTS.sum()))
