"""The edges of many bands at once: one lane each, side by side, without a branch.

What `edges` does for one case, for all that are judged by their size alone; it takes over where this does not arrive.
"""

import math

import numpy as np

from offkey.core.frame import Array
from offkey.models.detect.seasonal.combining import share_off, signs, size_of
from offkey.models.detect.seasonal.edges import TOLERANCE, band, between, edge, guess, size_at
from offkey.models.detect.seasonal.layout import HALF, HUNDREDTH, SURE, Case, Lanes, Memory, Prediction, Tails, Traces
from offkey.models.kernels import door

LANES = 64
STEPS = 6  # until the others are looked for one by one
NEARER = 0.75  # of a deviation, from where the first step on the second side goes
MOST_STEP = 3.0  # units of the logarithm of a deviation that are passed over at once
FARTHEST = 40.0  # of these: edges beyond are looked for one by one
FIELDS = len(Prediction._fields)


def blank_lanes() -> Lanes:
    """Return empty lanes."""
    shapes = (FIELDS, LANES), (4, LANES), (3, LANES), (3, LANES), (2, LANES)
    return Lanes(np.zeros((2, LANES), np.int64), *(np.zeros(shape) for shape in shapes))


@door
def is_plain(bound: float, case: Case) -> bool:
    """Return whether size alone decides where strangeness reaches a bound."""
    return bound >= SURE and case.peak <= SURE and guess(bound, case) < FARTHEST


@door
def ask(own: Lanes, waiting: int, place: tuple[int, int], bound: float, case: Case, out: Array) -> int:
    """Have a band written to `out`: now, or by a later call of this or `settle`; return how many wait then.

    Args:
        own: the lanes.
        waiting: how many of them are taken.
        place: series and column.
        bound: strangeness at the edges.
        case: what they depend on.
        out: as for `walk`.
    """
    if not is_plain(bound, case):
        out[1, place[0], place[1]], out[2, place[0], place[1]], out[3, place[0], place[1]] = band(bound, case)
        return waiting
    own.place[0, waiting], own.place[1, waiting] = place
    enter(own, waiting, bound, case)
    if waiting + 1 < LANES:
        return waiting + 1
    settle(own, LANES, out)
    return 0


@door
def enter(own: Lanes, lane: int, bound: float, case: Case) -> None:
    """Put a case in a lane."""
    p, past = case.expected, case.past
    own.case[0, lane], own.case[1, lane] = case.lately, past.median
    own.case[2, lane], own.case[3, lane] = past.rare, bound
    own.goal[0, lane] = size_at(bound, past)
    own.goal[1, lane] = TOLERANCE * max(1.0, past.rare - past.median) / (HUNDREDTH - HALF)
    own.goal[2, lane] = guess(bound, case)
    row = own.expected
    row[0, lane] = p.forecast
    row[1, lane] = p.jump
    row[2, lane] = p.per_jump
    row[3, lane] = p.usual
    row[4, lane] = p.width
    row[5, lane] = p.per_width
    row[6, lane] = p.extra
    row[7, lane] = p.quick
    row[8, lane] = p.quick_share
    row[9, lane] = p.slow
    row[10, lane] = p.slow_share
    row[11, lane] = p.per_spread
    row[12, lane] = p.held
    row[13, lane] = p.mean
    row[14, lane] = p.per_range
    row[15, lane] = p.long_mean
    row[16, lane] = p.per_long
    row[17, lane] = p.high
    row[18, lane] = p.low
    row[19, lane] = p.per_reach
    row[20, lane] = p.base
    row[21, lane] = p.per_base
    row[22, lane] = p.days
    row[23, lane] = p.per_days
    row[24, lane] = p.apart


@door
def expected_in(row: Array, lane: int) -> Prediction:
    """Return what is expected in a lane."""
    return Prediction(
        row[0, lane],
        row[1, lane],
        row[2, lane],
        row[3, lane],
        row[4, lane],
        row[5, lane],
        row[6, lane],
        True,
        row[7, lane],
        row[8, lane],
        row[9, lane],
        row[10, lane],
        row[11, lane],
        row[12, lane],
        row[13, lane],
        row[14, lane],
        row[15, lane],
        row[16, lane],
        row[17, lane],
        row[18, lane],
        row[19, lane],
        row[20, lane],
        row[21, lane],
        row[22, lane],
        row[23, lane],
        row[24, lane],
    )


@door
def approach(own: Lanes, count: int, side: float) -> None:
    """Take the first lanes to the edge on one side, as near as `STEPS` steps of the secant do.

    Steps are taken in the logarithm of 1 plus the deviation, in scales; its exponential is approximated, which a
    secant does not mind.
    """
    row, case, goal, going, edges = own.expected, own.case, own.goal, own.going, own.edges
    which = 0 if side > 0.0 else 1
    for _ in range(STEPS):
        left = 0
        for lane in range(count):
            far, off, slope = going[0, lane], going[1, lane], going[2, lane]
            was_there = abs(off) <= goal[1, lane]
            step = min(MOST_STEP, max(-MOST_STEP, -off / slope))
            even, odd = 1.0 + step * step / 12.0, 0.5 * step
            far = far if was_there else max(1.0, far * (even + odd) / (even - odd))
            p = expected_in(row, lane)
            x = side * min(side * p.forecast, side * p.usual) + side * max(p.jump, p.width) * (far - 1.0)
            now = share_off(x, side, p)
            found = size_of(signs(x, side, now, p), now, case[0, lane]) - goal[0, lane]
            going[0, lane] = far
            going[1, lane] = found
            going[2, lane] = slope if was_there else (found - off) / step
            edges[which, lane] = x
            left += 0 if abs(found) <= goal[1, lane] else 1
        if left == 0:
            break


@door
def settle(own: Lanes, count: int, out: Array) -> None:
    """Write what is expected and the edges of the first lanes to `out`, as `walk` does.

    The edge on the other side is looked for as far away first, and with the slope of the one that was found.
    """
    goal, going = own.goal, own.going
    for lane in range(count):
        going[0, lane], going[1, lane], going[2, lane] = 1.0, -goal[0, lane], goal[0, lane] / goal[2, lane]
    for side in (1.0, -1.0):  # a loop, so that the search is compiled once
        approach(own, count, side)
        for lane in range(count):
            if not abs(going[1, lane]) <= goal[1, lane]:
                own.edges[0 if side > 0.0 else 1, lane] = edge(side, own.case[3, lane], case_in(own, lane))
            going[0, lane], going[1, lane] = going[0, lane] * NEARER, math.log(NEARER) * going[2, lane]
    for lane in range(count):
        s, t, usual = own.place[0, lane], own.place[1, lane], own.expected[3, lane]
        out[1, s, t], out[2, s, t], out[3, s, t] = between(own.edges[1, lane], own.edges[0, lane], usual)


@door
def case_in(own: Lanes, lane: int) -> Case:
    """Return the case in a lane, as far as its edges depend on it."""
    past = Tails(own.case[1, lane], own.case[2, lane])
    lately, left = Memory(0.0, 0.0, 0.0), Traces(0.0, 0.0, 0.0, 0.0)
    return Case(expected_in(own.expected, lane), own.case[0, lane], lately, left, 0.0, past)
