"""The last week in a byte for each bin: twelve of them, an hour, share a floor and a step. Compiled; see `_kernel.py`.

The step is a power of two and the floor a multiple of it, so that values stay as they are when another one of their
hour is written, unless it lies so far from them that the step must grow.
"""

import math

import numpy as np

from offkey.core.frame import Array
from offkey.models.forecast.bank._learned import BINS_OF_HOUR, Learned
from offkey.models.kernels import part

MOST = 255  # codes count from 1; 0 is no value
STEEPEST, FINEST = 127, -126
STEPS = 2.0 ** np.arange(FINEST, STEEPEST + 1)
FLOAT32 = 2.0**-15  # of the largest value: the least reach of an hour, so that a floor of 24 bits is exact


@part
def value_at(one: Learned, slot: int) -> float:
    """Return the last value of a slot of the week; NaN when there is none."""
    code = int(one.week[slot])
    hour = slot // BINS_OF_HOUR
    return one.floors[hour] + (code - 1) * STEPS[int(one.powers[hour]) - FINEST] if code > 0 else np.nan


@part
def put(one: Learned, slot: int, value: float, hour: Array) -> bool:
    """Write the value of a slot of the week; return whether the others of its hour had to be rounded for it.

    Args:
        one: what was learned about the series.
        slot: of the week.
        value: less the origin.
        hour: room for the values of an hour.
    """
    place, first = slot // BINS_OF_HOUR, slot // BINS_OF_HOUR * BINS_OF_HOUR
    low, high = value, value
    for k in range(BINS_OF_HOUR):
        hour[k] = value if first + k == slot else value_at(one, first + k)
        if not np.isnan(hour[k]):
            low, high = min(low, hour[k]), max(high, hour[k])
    reach = max(high - low, FLOAT32 * max(abs(low), abs(high)))
    power = min(max(math.frexp(reach / (MOST - 2))[1], FINEST), STEEPEST)
    step = STEPS[power - FINEST]
    floor = np.floor(low / step) * step
    is_coarser = power > one.powers[place]
    one.floors[place], one.powers[place] = floor, power
    for k in range(BINS_OF_HOUR):
        one.week[first + k] = 0 if np.isnan(hour[k]) else 1 + int(np.rint((hour[k] - floor) / step))
    return bool(is_coarser)
