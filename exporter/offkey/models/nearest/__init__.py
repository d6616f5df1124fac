"""Distances to a few remembered points, and between them."""

import numpy as np

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.nearest.distance import between, nearest


def distance_to_nearest(points: AnyArray, features: Array, *, others: bool = False) -> Array:
    """Return the Euclidean distance of each sample to the nearest point of its series, shape (S, T).

    Args:
        points: shape (S, K, F) float32; rows of NaN are no points. There is at least one.
        features: shape (S, T, F).
        others: whether a point at distance 0 is the sample itself and does not count.
    """
    out = np.full(features.shape[:2], np.nan)
    nearest(np.ascontiguousarray(points), np.ascontiguousarray(features, np.float32), others, out)
    return out


def distances(points: Array) -> Array:
    """Return the Euclidean distance of every point to every other, shape (N, N).

    Args:
        points: shape (N, F).
    """
    out = np.empty((len(points), len(points)))
    between(np.ascontiguousarray(points, np.float64), out)
    return out
