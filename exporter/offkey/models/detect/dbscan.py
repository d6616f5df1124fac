"""DBSCAN: how far a sample and its last hour are from the dense regions of the past."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.lags.layout import OF_NEIGHBOURS
from offkey.models.nearest import distance_to_nearest, distances
from offkey.models.refitted import Refitted, Rows

LEARNED_FROM = 1_024  # samples that core points are sought among
CORES = 768  # core points remembered
REACH = 0.9  # share of the past whose neighbourhood is dense


@dataclass(frozen=True)
class Model(Refitted):
    """Measure strangeness as the distance to the nearest core point of the past, in neighbourhood radii.

    Attributes:
        neighbours: samples that make a neighbourhood dense, the sample itself included.
    """

    neighbours: int = 6

    @property
    def picked(self) -> tuple[int, ...]:
        """The features that distances are taken in."""
        return OF_NEIGHBOURS

    @property
    def trained(self) -> Rows:
        """Core points and the radius of a neighbourhood."""
        return {"cores": ((CORES, self.features), np.float32), "radius": ((), np.float64)}

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Find the core points of the past: those with so many neighbours within the radius."""
        kept = _spread(kept, LEARNED_FROM)
        wanted = min(self.neighbours, len(kept))
        apart = distances(kept)
        radius = float(np.quantile(np.partition(apart, wanted - 1, axis=1)[:, wanted - 1], REACH)) + 1e-9
        dense = _spread(kept[(apart <= radius).sum(axis=1) >= wanted], CORES)
        cores = np.full((CORES, self.features), np.nan, np.float32)
        cores[: len(dense)] = dense
        return {"cores": cores, "radius": np.array(radius)}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the distance to the nearest core point, in radii, (S, T)."""
        return distance_to_nearest(rows["cores"], features) / rows["radius"][:, None]

    def recall(self, rows: Mapping[str, AnyArray], kept: Array) -> Array:
        """Return the same for the past itself, where a core point looks for another one, (N,)."""
        apart = distance_to_nearest(rows["cores"], kept[None], others=True)
        return np.asarray(apart[0] / rows["radius"])


def _spread(samples: Array, most: int) -> Array:
    """Return so many of the samples at most, evenly spread."""
    return samples[np.unique(np.linspace(0, len(samples) - 1, min(most, len(samples))).astype(np.int64))]
