"""Distances between points; the search for the nearest is given up early where a point is already too far."""

import math

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.kernels import compiled

STRIDE = 5  # coordinates between two looks at whether a point is already too far


@compiled
def nearest(points: AnyArray, features: AnyArray, others: bool, out: Array) -> None:
    """Write the distance of each sample to the nearest point of its series; NaN stays where the sample is NaN."""
    count, size = points.shape[1], points.shape[2]
    for s in range(features.shape[0]):
        last = 0
        for t in range(features.shape[1]):
            x = features[s, t]
            if math.isnan(x[0]):
                continue
            best = squared(points[s, last], x, size, math.inf)  # its neighbour in time is often near
            if math.isnan(best) or (others and best == 0.0):
                best = math.inf
            for k in range(count):
                found = squared(points[s, k], x, size, best)
                if found < best and not (others and found == 0.0):
                    best, last = found, k
            out[s, t] = math.sqrt(best) if best < math.inf else 0.0


@compiled
def between(points: AnyArray, out: Array) -> None:
    """Write the distance of every point, (N, F), to every other, (N, N)."""
    for a in range(points.shape[0]):
        out[a, a] = 0.0
        for b in range(a):
            out[a, b] = out[b, a] = math.sqrt(squared(points[a], points[b], points.shape[1], math.inf))


@compiled
def squared(point: AnyArray, x: AnyArray, size: int, best: float) -> float:
    """Return the squared distance, or what there is of it where it is no longer below the best."""
    total = 0.0
    first = 0
    while first < size:
        part = 0.0
        for k in range(first, min(first + STRIDE, size)):
            away = float(point[k]) - float(x[k])
            part += away * away
        total += part
        if not total < best:
            return total
        first += STRIDE
    return total
