"""When a forecast reaches a limit."""

import numpy as np

from offkey.core.findings import Forecast
from offkey.core.frame import Array, IntArray
from offkey.models.kernels import compiled


def time_to_limit(times: IntArray, path: Array, limit: float, now: int, value: Array) -> Array:
    """Return the seconds from now until each path first reaches a limit from where it is now.

    Between instants a path is a straight line; it starts at (`now`, `value`). A missing instant is bridged.

    Args:
        times: instants of the path, shape (H,), Unix seconds, increasing, after `now`.
        path: values to come, shape (S, H), NaN = unknown.
        limit: the value to reach, same unit.
        now: Unix seconds.
        value: value now, shape (S,); NaN when unknown: the path then starts at its first known instant.

    Returns:
        Seconds >= 0, shape (S,): 0 where the limit is met right now, NaN where it is not reached or nothing is known.
    """
    instants = np.concatenate([[0], times - now]).astype(np.float64)
    with np.errstate(over="ignore"):  # an infinite distance still has a side
        distance = np.column_stack([value, path]) - limit
    return _first_crossings(instants, distance)


def limit_window(times: IntArray, forecast: Forecast, limit: float, now: int, value: Array) -> tuple[Array, Array]:
    """Return the earliest and latest seconds at which the bounds of a forecast reach a limit, (S,) each.

    The earliest is when the first of the two bounds gets there, the latest when both have; NaN as in `time_to_limit`.
    """
    both = np.array([time_to_limit(times, path, limit, now, value) for path in (forecast.lower, forecast.upper)])
    known = ~np.isnan(both)
    earliest = np.where(known.any(axis=0), np.fmin(both[0], both[1]), np.nan)
    return earliest, np.where(known.all(axis=0), np.maximum(both[0], both[1]), np.nan)


@compiled
def _first_crossings(instants: Array, distance: Array) -> Array:
    """Return when each line of signed distances, shape (S, H), first is 0; NaN when it stays on one side."""
    found = np.full(len(distance), np.nan)
    for row in range(distance.shape[0]):
        before = -1  # the last known instant
        for column in range(distance.shape[1]):
            here = distance[row, column]
            if np.isnan(here):
                continue
            if here == 0.0 or (before >= 0 and (here > 0.0) != (distance[row, before] > 0.0)):
                start = instants[before] if before >= 0 else instants[column]
                share = 1.0 / (1.0 - here / distance[row, before]) if before >= 0 else 0.0
                found[row] = start + share * (instants[column] - start)
                break
            before = column
    return found
