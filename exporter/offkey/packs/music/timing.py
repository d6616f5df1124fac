"""Shares of log-normal times between histogram bounds."""

import math

import numpy as np
from numba import njit

from offkey.core.frame import Array


def lognormal_shares(median: Array, spread: float, bounds: tuple[str, ...]) -> Array:
    """Return the share of times in each bucket.

    Args:
        median: seconds, shape (S, T).
        spread: standard deviation of the logarithm.
        bounds: upper bounds as in the exposition, the last one `+Inf`.

    Returns:
        Shares that sum to 1 over the B buckets, shape (B, S, T).
    """
    edges = np.log(np.array([float(bound) for bound in bounds[:-1]]))
    reached = _below(edges, np.ascontiguousarray(np.log(median)), spread)
    return np.diff(reached, axis=0, prepend=0.0, append=1.0)


@njit(cache=True, nogil=True)
def _below(edges: Array, middle: Array, spread: float) -> Array:
    """Return the normal distribution function at each edge, shape (B - 1, S, T)."""
    shares = np.empty((edges.shape[0], *middle.shape))
    for bucket in range(edges.shape[0]):
        for row in range(middle.shape[0]):
            for column in range(middle.shape[1]):
                away = (edges[bucket] - middle[row, column]) / spread
                shares[bucket, row, column] = 0.5 * math.erfc(-away / math.sqrt(2.0))
    return shares
