"""Numbers in fewer bits, as far as nothing is lost that anybody sees. Compiled; see `_kernel.py`.

Values of a season are codes of a byte or two: those of two hours share a floor and a step. The step is a power of two
and the floor a multiple of it, so that values stay as they are when another one of their block is written, unless it
lies so far from them that the step must grow.
"""

import math
from typing import NamedTuple

import numpy as np

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.kernels import part

SPAN = 24  # bins that share a floor and a step
STEEPEST, FINEST = 127, -126
STEPS = 2.0 ** np.arange(FINEST, STEEPEST + 1)
FLOOR_BITS = 23  # of a floor: the least reach of a block is such that it is exact in single precision
WHOLE, MISSING = 32_767, -32_768  # largest code of a level, and that of one that is not known


class Season(NamedTuple):
    """One value for each slot of a season."""

    codes: AnyArray  # steps above the floor, counted from 1; 0 is no value (N,)
    floors: AnyArray  # of each block, float32 (N / SPAN,)
    powers: AnyArray  # of two: its step (N / SPAN,)


@part
def value_at(season: Season, slot: int) -> float:
    """Return the value of a slot; NaN when there is none."""
    code, block = int(season.codes[slot]), slot // SPAN
    return season.floors[block] + (code - 1) * STEPS[int(season.powers[block]) - FINEST] if code > 0 else np.nan


@part
def put(season: Season, slot: int, value: float, bits: int, room: Array) -> bool:
    """Write the value of a slot; return whether the others of its block had to be rounded for it.

    Args:
        season: written to.
        slot: where.
        value: what.
        bits: of a code.
        room: for the values of a block, (SPAN,).
    """
    block, first = slot // SPAN, slot // SPAN * SPAN
    low, high = value, value
    for k in range(SPAN):
        room[k] = value if first + k == slot else value_at(season, first + k)
        if not np.isnan(room[k]):
            low, high = min(low, room[k]), max(high, room[k])
    reach = max(high - low, STEPS[bits - FLOOR_BITS - FINEST] * max(abs(low), abs(high)))
    power = min(max(math.frexp(reach / ((1 << bits) - 3))[1], FINEST), STEEPEST)
    step = STEPS[power - FINEST]
    floor = np.floor(low / step) * step
    is_coarser = power > season.powers[block]
    season.floors[block], season.powers[block] = floor, power
    for k in range(SPAN):
        season.codes[first + k] = 0 if np.isnan(room[k]) else 1 + int(np.rint((room[k] - floor) / step))
    return bool(is_coarser)


@part
def write_levels(levels: Array, codes: AnyArray) -> int:
    """Write levels as codes of two bytes, as precise as the largest one allows; return the power of two of a code.

    Args:
        levels: (N,); NaN = unknown.
        codes: (N,), written.
    """
    largest = 0.0
    for k in range(len(codes)):
        largest = max(largest, abs(levels[k]))
    power = min(max(math.frexp(largest / WHOLE)[1], FINEST), STEEPEST)
    for k in range(len(codes)):
        codes[k] = MISSING if np.isnan(levels[k]) else int(np.rint(levels[k] / STEPS[power - FINEST]))
    return int(power)


@part
def read_levels(codes: AnyArray, power: int, levels: Array) -> None:
    """Write what the codes stand for to `levels`, (N,)."""
    for k in range(len(codes)):
        levels[k] = codes[k] * STEPS[power - FINEST] if codes[k] != MISSING else np.nan
