"""The score of the Numenta Anomaly Benchmark, standard profile: early alerts in a window earn, all others cost.

Source: Lavin and Ahmad (2015), Evaluating real-time anomaly detection algorithms, IEEE ICMLA.
"""

from collections.abc import Sequence

import numpy as np

from offkey.core.frame import Array, BoolArray

from .measures import segments
from .protocol import Scored

FALSE_COST = 0.11  # of an alert outside all windows
REFRACTORY = 0.02  # share of a file after an alert in which another one is the same
CANDIDATES = 100  # thresholds tried


def score(scored: Sequence[Scored]) -> float:
    """Return 100 for perfect and 0 for silence, at the one threshold that is best for all files, as NAB does."""
    windows = sum(len(segments(one.labels)[0]) for one in scored)
    if not windows:
        return float("nan")
    pooled = np.concatenate([one.strangeness for one in scored])
    levels = np.unique(np.quantile(pooled, 1 - np.geomspace(1e-5, 0.1, CANDIDATES)))
    best = max(sum(earned(one.strangeness >= level, one.labels) for one in scored) for level in levels)
    return float(100 * (best + windows) / (2 * windows))


def earned(alerts: BoolArray, labels: BoolArray) -> float:
    """Return what the alerts of one file earn: 1 for each window at its very begin, less later, -1 for a missed one."""
    first, last = segments(labels)
    total = 0.0
    places = damped(alerts)
    windowed = np.zeros(len(places), bool)
    for s, e in zip(first, last, strict=True):
        inside = (places >= s) & (places <= e)
        windowed |= inside
        total += _sigmoid(-(e - places[inside][0] + 1) / (e - s + 1)) / _sigmoid(-1.0) if inside.any() else -1.0
    for place in places[~windowed]:
        before = int(np.searchsorted(last, place)) - 1
        away = (place - last[before]) / max(1, last[before] - first[before]) if before >= 0 else np.inf
        total += FALSE_COST * (_sigmoid(away) if away < 3 else -1.0)
    return total


def damped(alerts: BoolArray) -> Array:
    """Return where alerts are told: one within 2 % of the file after another is not."""
    told: list[int] = []
    for place in np.flatnonzero(alerts):
        if not told or place - told[-1] > REFRACTORY * len(alerts):
            told.append(int(place))
    return np.array(told, int)


def _sigmoid(position: float) -> float:
    return float(2 / (1 + np.exp(5 * position)) - 1)
