"""When a forecast reaches a limit."""

import numpy as np

from offkey.core.findings import Forecast
from offkey.core.frame import Array, IntArray


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
        return np.array([_first_crossing(instants, line) for line in distance], np.float64)


def limit_window(times: IntArray, forecast: Forecast, limit: float, now: int, value: Array) -> tuple[Array, Array]:
    """Return the earliest and latest seconds at which the bounds of a forecast reach a limit, (S,) each.

    The earliest is when the first of the two bounds gets there, the latest when both have; NaN as in `time_to_limit`.
    """
    both = np.array([time_to_limit(times, path, limit, now, value) for path in (forecast.lower, forecast.upper)])
    known = ~np.isnan(both)
    earliest = np.where(known.any(axis=0), np.fmin(both[0], both[1]), np.nan)
    return earliest, np.where(known.all(axis=0), np.maximum(both[0], both[1]), np.nan)


def _first_crossing(instants: Array, distance: Array) -> float:
    """Return when a line of signed distances first is 0; NaN when it stays on one side."""
    known = ~np.isnan(distance)
    instants, distance = instants[known], distance[known]
    if distance.size == 0:
        return np.nan
    met = np.flatnonzero(np.sign(distance) != np.sign(distance[0]))
    if distance[0] == 0:
        return float(instants[0])
    if met.size == 0:
        return np.nan
    after = int(met[0])
    share = 1.0 / (1.0 - distance[after] / distance[after - 1])
    return float(instants[after - 1] + share * (instants[after] - instants[after - 1]))
