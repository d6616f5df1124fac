"""Many cases at once: one lane each, side by side, without a branch.

What `combining` says of one sample and `edges` of one band; that takes over where edges are not found here.
"""

import math

import numpy as np

from offkey.core.frame import Array
from offkey.models.detect.seasonal.combining import one_sided, share_off, signs, size_of
from offkey.models.detect.seasonal.edges import TOLERANCE, between, edge, guess, size_at
from offkey.models.detect.seasonal.layout import (
    HALF,
    HUNDREDTH,
    LARGEST,
    SURE,
    Case,
    Lanes,
    Memory,
    Prediction,
    Rows,
    Search,
    Tails,
    Traces,
)
from offkey.models.kernels import door

LANES = 64
STEPS = 6  # until the others are looked for one by one
NEARER = 0.75  # of a deviation, from where the first step on the second side goes
MOST_STEP = 3.0  # units of the logarithm of a deviation that are passed over at once
FARTHEST = 40.0  # of these: edges beyond are looked for one by one
FIELDS = len(Prediction._fields)
MEMORY, TRACES = 6, 6 + len(Memory._fields)  # rows of `Lanes.case` where these begin, after six single numbers
REST = TRACES + len(Traces._fields)


def blank_lanes(blocks: int = 1) -> Lanes:
    """Return so many blocks of free lanes."""
    place = np.full((blocks, 2, LANES), -1, np.int64)
    return Lanes(place, np.zeros((blocks, FIELDS, LANES)), np.zeros((blocks, REST, LANES)))


def blocks_of(lanes: Lanes, first: int, last: int) -> Lanes:
    """Return the blocks for the samples from one on, a multiple of `LANES`, to the one before another."""
    blocks = slice(first // LANES, -(-last // LANES))
    return Lanes(lanes.place[blocks], lanes.expected[blocks], lanes.case[blocks])


def blank_search() -> Search:
    """Return room to look for edges."""
    return Search(np.zeros((3, LANES)), np.zeros((3, LANES)), np.zeros((2, LANES)))


@door
def bounded(x: float) -> float:
    """Return a sample, or the largest that is believed on its side."""
    return math.copysign(LARGEST, x) if abs(x) > LARGEST else x


@door
def is_plain(bound: float, case: Case) -> bool:
    """Return whether size alone decides where strangeness reaches a bound."""
    return bound >= SURE and case.peak <= SURE and guess(bound, case) < FARTHEST


@door
def ask(rows: Rows, taken: int, place: tuple[int, int], bound: float, case: Case, out: Array) -> int:
    """Put a case in the next lane, and have its band written to `out` when its block is full, or by `finish`.

    Args:
        rows: with the lanes; where their end is reached the first block is taken again.
        taken: how many lanes were taken before.
        place: series and column.
        bound: strangeness at the edges.
        case: what they depend on.
        out: as for `walk`.

    Returns:
        How many lanes are taken now.
    """
    block, lane = taken // LANES % len(rows.lanes.place), taken % LANES
    own = block_of(rows.lanes, block)
    own.place[0, lane], own.place[1, lane] = place
    enter(own, lane, bound, case)
    goal, past = rows.search.goal, case.past
    goal[0, lane] = size_at(bound, past)
    exact = TOLERANCE * max(1.0, past.rare - past.median) / (HUNDREDTH - HALF)
    goal[1, lane] = exact if is_plain(bound, case) else np.inf
    goal[2, lane] = guess(bound, case)
    if lane + 1 == LANES:
        settle(rows, taken + 1, out)
    return taken + 1


@door
def block_of(lanes: Lanes, block: int) -> Lanes:
    """Return one block, without that axis."""
    return Lanes(lanes.place[block], lanes.expected[block], lanes.case[block])


@door
def enter(own: Lanes, lane: int, bound: float, case: Case) -> None:
    """Put a case in a lane of a block."""
    p, past, rest = case.expected, case.past, own.case
    rest[0, lane], rest[1, lane], rest[2, lane] = bound, case.lately, past.median
    rest[3, lane], rest[4, lane], rest[5, lane] = past.rare, case.peak, case.lift
    for k in range(len(case.memory)):
        rest[MEMORY + k, lane] = case.memory[k]
    for k in range(len(case.traces)):
        rest[TRACES + k, lane] = case.traces[k]
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
def case_in(own: Lanes, lane: int) -> Case:
    """Return the case in a lane of a block."""
    rest = own.case
    lately = Memory(rest[MEMORY, lane], rest[MEMORY + 1, lane], rest[MEMORY + 2, lane])
    left = Traces(rest[TRACES, lane], rest[TRACES + 1, lane], rest[TRACES + 2, lane], rest[TRACES + 3, lane])
    past = Tails(rest[2, lane], rest[3, lane])
    return Case(expected_in(own.expected, lane), rest[1, lane], lately, left, rest[5, lane], rest[4, lane], past)


@door
def weigh(values: Array, lanes: Lanes, room: Array, out: Array) -> None:
    """Write the strangeness of samples to `out`, each by the case in its lane.

    Args:
        values: samples, shape (S, T).
        lanes: blocks of cases, some lanes may be free.
        room: for one block, shape (2, LANES).
        out: strangeness, shape (S, T); left alone where a sample is missing.
    """
    for block in range(len(lanes.place)):
        own = block_of(lanes, block)
        for lane in range(LANES):
            s, t = own.place[0, lane], own.place[1, lane]
            room[0, lane], room[1, lane] = bounded(values[s, t]) if s >= 0 else np.nan, 0.0
        for side in (1.0, -1.0):  # a loop, so that the signs are compiled once
            for lane in range(LANES):
                found = one_sided(room[0, lane], side, case_in(own, lane), 0.0)
                room[1, lane] = max(room[1, lane], found.rarity)
        for lane in range(LANES):
            if not math.isnan(room[0, lane]):
                out[own.place[0, lane], own.place[1, lane]] = room[1, lane]


@door
def approach(own: Lanes, search: Search, count: int, side: float) -> None:
    """Take the first lanes to the edge on one side, as near as `STEPS` steps of the secant do.

    Steps are taken in the logarithm of 1 plus the deviation, in scales; its exponential is approximated, which a
    secant does not mind.
    """
    row, case, goal, going = own.expected, own.case, search.goal, search.going
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
            found = size_of(signs(x, side, now, p), now, case[1, lane]) - goal[0, lane]
            going[0, lane] = far
            going[1, lane] = found
            going[2, lane] = slope if was_there else (found - off) / step
            search.edges[which, lane] = x
            left += 0 if abs(found) <= goal[1, lane] else 1
        if left == 0:
            break


@door
def finish(rows: Rows, taken: int, out: Array) -> None:
    """Settle the last block, unless it was full."""
    if taken % LANES > 0:
        settle(rows, taken, out)


@door
def settle(rows: Rows, taken: int, out: Array) -> None:
    """Write what is expected and the edges of the last block that was begun to `out`, as `walk` does.

    The edge on the other side is looked for as far away first, and with the slope of the one that was found. Where it
    is not found so, or more than size decides, it is looked for by itself.
    """
    own = block_of(rows.lanes, (taken - 1) // LANES % len(rows.lanes.place))
    count, goal, going, edges = (taken - 1) % LANES + 1, rows.search.goal, rows.search.going, rows.search.edges
    for lane in range(count):
        going[0, lane], going[1, lane], going[2, lane] = 1.0, -goal[0, lane], goal[0, lane] / goal[2, lane]
    for side in (1.0, -1.0):  # a loop, so that the search is compiled once
        approach(own, rows.search, count, side)
        for lane in range(count):
            if goal[1, lane] == np.inf or not abs(going[1, lane]) <= goal[1, lane]:
                edges[0 if side > 0.0 else 1, lane] = edge(side, own.case[0, lane], case_in(own, lane))
            going[0, lane], going[1, lane] = going[0, lane] * NEARER, math.log(NEARER) * going[2, lane]
    for lane in range(count):
        s, t, usual = own.place[0, lane], own.place[1, lane], own.expected[3, lane]
        out[1, s, t], out[2, s, t], out[3, s, t] = between(edges[1, lane], edges[0, lane], usual)
