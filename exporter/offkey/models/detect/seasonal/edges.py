"""The values at which strangeness reaches a bound."""

import math

import numpy as np

from offkey.models.detect.seasonal.combining import judge, one_sided
from offkey.models.detect.seasonal.layout import BEND, HALF, HUNDREDTH, LARGEST, Case, Tails
from offkey.models.detect.seasonal.weights import OF_SIGNS
from offkey.models.kernels import door

TOLERANCE = 1e-7  # of strangeness at an edge: a millionth of a score changes nothing that anybody sees
DEVIATIONS = 4.5  # factors of the power, about, that grow with a deviation
STEEPNESS = 0.5 * DEVIATIONS * OF_SIGNS[0] + sum(OF_SIGNS[1:])  # of the size, in the logarithm of a large deviation
MOST_STEP = 8.0  # units of the logarithm of a deviation that are passed over at once
MOST_FREE = 6  # steps until every third one halves what is left, and MOST_HALVED those until every one does
MOST_HALVED = 24
MOST = 100


@door
def band(bound: float, case: Case) -> tuple[float, float, float]:
    """Return what is usual and the edges at which strangeness reaches the bound."""
    lower = upper = 0.0
    for side in (1.0, -1.0):  # a loop, so that the search is compiled once
        lower, upper = edge(side, bound, case), lower
    return between(lower, upper, case.expected.usual)


@door
def between(lower: float, upper: float, usual: float) -> tuple[float, float, float]:
    """Return what is expected and both edges, from what is usual and where the edges were found.

    Where season and recent level disagree so much that every sample is stranger than the bound, the edges meet, just
    crossed, so that no sample lies between them.
    """
    if lower <= upper:
        return min(upper, max(lower, usual)), lower, upper
    middle = 0.5 * (lower + upper)
    return middle, float(np.nextafter(middle, np.inf)), float(np.nextafter(middle, -np.inf))


@door
def is_within(bound: float, case: Case) -> bool:
    """Return whether what is usual lies between the edges, so that they need not be known to say what is expected."""
    return judge(case.expected.usual, case, bound).rarity <= bound - TOLERANCE


@door
def size_at(bound: float, past: Tails) -> float:
    """Return the size whose strangeness is a bound above the median's."""
    decades = bound if bound < BEND else BEND + 2.0 * math.expm1((bound - BEND) / 2.0)
    return past.median + (decades - HALF) * max(1.0, past.rare - past.median) / (HUNDREDTH - HALF)


@door
def guess(bound: float, case: Case) -> float:
    """Return the logarithm of 1 plus the deviation, in scales, at which all signs would reach the bound, if far out."""
    return max(0.2, size_at(bound, case.past) / STEEPNESS)


@door
def edge(side: float, bound: float, case: Case) -> float:
    """Return the sample furthest out on a side whose strangeness there is the bound; beyond all samples if none is.

    Strangeness is nearly straight in the logarithm of the deviation, so the secant through the last two samples finds
    it in a few steps; halving takes over where it is not. At what is usual nothing is strange.
    """
    p = case.expected
    inner = side * min(side * p.forecast, side * p.usual)
    if bound <= 0.0:
        return inner
    scale = max(p.jump, p.width)
    low, high = 0.0, math.log1p(2.0 * LARGEST / scale)
    old, off_before = 0.0, -bound
    at = min(high, guess(bound, case))
    x = inner
    for step in range(MOST):
        x = inner + side * scale * math.expm1(at)
        off = one_sided(x, side, case, bound).rarity - bound
        if abs(off) <= TOLERANCE:
            break
        if off < 0.0:
            low = at
        else:
            high = at
        slope = (off - off_before) / (at - old)
        old, off_before = at, off
        at -= off / slope if abs(off) < MOST_STEP * slope else math.copysign(MOST_STEP, off)
        if not low < at < high or step > MOST_HALVED or (step > MOST_FREE and step % 3 == 0):
            at = 0.5 * (low + high)
            if at in (low, high):
                break
    return x
