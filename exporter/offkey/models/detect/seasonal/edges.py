"""The values at which strangeness reaches a bound."""

import math

import numpy as np

from offkey.models.detect.seasonal.combining import one_sided
from offkey.models.detect.seasonal.layout import LARGEST, Case
from offkey.models.kernels import door

STRAIGHT = 0.5  # share of a strangeness whose exponential is nearly straight in the sample
TOLERANCE = 1e-9  # of that
FIRST_REACH = 6.0  # scales from what is usual at which an edge is looked for first


@door
def band(bound: float, case: Case) -> tuple[float, float, float]:
    """Return what is usual and the edges at which strangeness reaches the bound.

    Where season and recent level disagree so much that every sample is stranger than the bound, the edges meet, just
    crossed, so that no sample lies between them.
    """
    lower = upper = 0.0
    for side in (1.0, -1.0):  # a loop, so that the search is compiled once
        lower, upper = edge(side, bound, case), lower
    if lower <= upper:
        return min(upper, max(lower, case.expected.usual)), lower, upper
    middle = 0.5 * (lower + upper)
    return middle, float(np.nextafter(middle, np.inf)), float(np.nextafter(middle, -np.inf))


@door
def beyond(x: float, side: float, bound: float, case: Case) -> float:
    """Return how far a sample is beyond the bound on a side, below 0 within: nearly straight in the sample."""
    return math.expm1(STRAIGHT * (one_sided(x, side, case)[0] - bound))


@door
def edge(side: float, bound: float, case: Case) -> float:
    """Return the sample furthest out on a side whose strangeness there is the bound; beyond all samples if none is.

    First the edge is passed, in steps that grow.
    """
    p = case.expected
    inner = side * min(side * p.forecast, side * p.usual)
    below = beyond(inner, side, bound, case)
    if below >= 0.0:
        return inner
    reach = FIRST_REACH * max(p.jump, p.width)
    outer = inner + side * reach
    above = beyond(outer, side, bound, case)
    while above < 0.0:
        if abs(outer) > LARGEST:
            return outer
        inner, below = outer, above
        reach *= 4.0
        outer += side * reach
        above = beyond(outer, side, bound, case)
    return between(inner, below, outer, above, side, bound, case)


@door
def between(a: float, off_a: float, b: float, off_b: float, side: float, bound: float, case: Case) -> float:
    """Return the sample between two at which strangeness is the bound, by inverse quadratic interpolation or halving.

    Source: Chandrupatla (1997), A new hybrid quadratic/bisection algorithm, Advances in Engineering Software 28:145.
    """
    c, off_c, share = a, off_a, off_a / (off_a - off_b)
    for _ in range(80):
        x = a + share * (b - a)
        off = beyond(x, side, bound, case)
        if (off > 0.0) == (off_a > 0.0):
            c, off_c = a, off_a
        else:
            c, off_c, b, off_b = b, off_b, a, off_a
        a, off_a = x, off
        if abs(off) <= TOLERANCE:
            break
        xi, phi = (a - b) / (c - b), (off_a - off_b) / (off_c - off_b)
        share = 0.5
        if phi * phi < xi and (1.0 - phi) * (1.0 - phi) < 1.0 - xi:
            share = off_a / (off_b - off_a) * off_c / (off_b - off_c)
            share += (c - a) / (b - a) * off_a / (off_c - off_a) * off_b / (off_c - off_b)
    return a
