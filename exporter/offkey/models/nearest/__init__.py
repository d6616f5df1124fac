"""Distance to the nearest of a few remembered points."""

import numpy as np

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.nearest.distance import nearest


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
