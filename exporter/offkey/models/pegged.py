"""Series pegged at an end of their scale: how long they stay, and how long they usually did."""

import math
from typing import NamedTuple

from offkey.core.durations import DAY, MINUTE, WEEK
from offkey.core.frame import Array, IntArray
from offkey.models.kernels import compiled

KNOWN = WEEK  # seconds of samples after which it is known how long a series stays at an end
LEAST = 10 * MINUTE  # seconds: a shorter stay is never told
PATIENCE = 3.0  # of the second longest stay: one incident teaches nothing, what happens twice is usual
FORGETTING = 28 * DAY  # time constant in which a long stay is forgotten; what comes each week stays known


class Stays(NamedTuple):
    """What is known of each series; ends are in the order lower, upper."""

    watched: IntArray  # seconds with samples, (S,)
    stay: IntArray  # seconds at an end until now, (S,): above 0 at the upper one, below 0 at the lower one
    longest: Array  # longest usual stay at each end, seconds, (S, 2); NaN = there was none
    second: Array  # the one next to it, (S, 2)


@compiled
def enter(stays: Stays, s: int, end: int, seconds: float) -> None:
    """Take a stay that is over."""
    longest = 0.0 if math.isnan(stays.longest[s, end]) else stays.longest[s, end]
    second = 0.0 if math.isnan(stays.second[s, end]) else stays.second[s, end]
    stays.longest[s, end] = max(longest, seconds)
    stays.second[s, end] = max(second, min(longest, seconds))


@compiled
def patience(second: float, step: int) -> float:
    """Return how long a series with such a second longest stay may stay, seconds."""
    return max(float(max(LEAST, 3 * step)), 0.0 if math.isnan(second) else PATIENCE * second)


@compiled
def follow(stays: Stays, values: Array, marks: tuple[float, float], step: int, adopt_after: int, out: Array) -> None:
    """Go on through columns; what is known is written to.

    Args:
        stays: of the series.
        values: samples, (S, T), NaN is missing and changes nothing.
        marks: a sample at or below the first is at the lower end, one at or above the second at the upper one.
        step: seconds between columns.
        adopt_after: seconds after which a stay that goes on is usual.
        out: each sample's stay, in those that may be, (S, T): above 1 it is longer; 0 where none is or too little is
            known.
    """
    keep = math.exp(-step / FORGETTING)
    for s in range(values.shape[0]):
        for t in range(values.shape[1]):
            x = values[s, t]
            out[s, t] = 0.0
            if math.isnan(x):
                continue
            side = 1 if x >= marks[1] else -1 if x <= marks[0] else 0
            stay = stays.stay[s]
            if stay != 0 and side * stay <= 0:
                if abs(stay) < adopt_after:
                    enter(stays, s, 1 if stay > 0 else 0, float(abs(stay)))
                stay = 0
            stays.stay[s] = stay + side * step
            for end in range(2):
                stays.longest[s, end] *= keep
                stays.second[s, end] *= keep
            if side != 0:
                seconds, end = float(abs(stays.stay[s])), 1 if side > 0 else 0
                if stays.watched[s] >= KNOWN:
                    out[s, t] = seconds / patience(stays.second[s, end], step)
                if seconds >= adopt_after:
                    stays.longest[s, end] = stays.second[s, end] = seconds
            stays.watched[s] += step
