"""Strangeness: how rare all that speaks for an anomaly is, and how far the peak of an incident still counts."""

import math

from offkey.core.frame import Array
from offkey.models.detect.seasonal.judging import power, strangeness
from offkey.models.detect.seasonal.layout import (
    FIRM,
    HELD_CLIP,
    MEDIAN,
    PEAK,
    QUICK,
    RARE,
    SLOW,
    STILL_OFF,
    Case,
    Found,
    Memory,
    Prediction,
    Signs,
    Tails,
)
from offkey.models.detect.seasonal.weights import OF_MEMORY, OF_SIGNS
from offkey.models.kernels import door


@door
def over(amount: float) -> float:
    """Return the logarithm of 1 plus an amount, 0 for amounts below 0."""
    return math.log(1.0 + amount) if amount > 0.0 else 0.0


@door
def share_off(x: float, side: float, p: Prediction) -> float:
    """Return how far a sample is on a side, from 0 at what is usual to 1 at a scale from it."""
    return min(1.0, max(0.0, side * (x - p.forecast) * p.per_jump, side * (x - p.usual) * p.per_width))


@door
def signs(x: float, side: float, now: float, p: Prediction) -> Signs:
    """Return the signs of an anomaly on one side; each is at least 0 and never falls as the sample moves that way.

    Near what is usual they count in proportion to `now`, the share that the sample is off; where that is 0 they are.
    """
    residual = min(HELD_CLIP, max(-HELD_CLIP, side * (x - p.usual) * p.per_width))
    return Signs(
        0.5 * math.log(power(x, side, p)),
        now * over(side * (x - p.usual) * p.per_spread),
        now * over(side * p.held + p.slow_share * residual),
        now * over(max(side * (x - p.mean) * p.per_range, side * (x - p.long_mean) * p.per_long)),
        now * over(side * (x - (p.high if side > 0.0 else p.low)) * p.per_reach),
        now * over(side * (x - p.base) * p.per_base),
    )


@door
def memory(run: Array) -> Memory:
    """Return what was off lately."""
    return Memory(run[FIRM], abs(run[QUICK]), abs(run[SLOW]))


@door
def case_of(run: Array, p: Prediction) -> Case:
    """Return all that one sample is judged by."""
    lately, found = 0.0, memory(run)
    for k in range(len(found)):
        lately += OF_MEMORY[k] * found[k]
    return Case(p, lately, run[PEAK], Tails(run[MEDIAN], run[RARE]))


@door
def one_sided(x: float, side: float, case: Case) -> Found:
    """Return what is found of a sample on one side; none of it falls as the sample moves that way.

    The size is the weighted sum of the signs, and of what was off lately as far as the sample is off too. A peak goes
    on to count as far as the sample is still off from the season, so that an incident is as strange as its onset.
    """
    p = case.expected
    now = share_off(x, side, p)
    if now <= 0.0:
        return Found(0.0, 0.0, 0.0)
    found, size = signs(x, side, now, p), now * case.lately
    for k in range(len(found)):
        size += OF_SIGNS[k] * found[k]
    still = min(1.0, found.spread / STILL_OFF)
    return Found(max(strangeness(size, case.past), still * case.peak), size, still)


@door
def judge(x: float, case: Case) -> Found:
    """Return the same for the side on which it is larger, each by itself; nothing is found of a missing sample."""
    rarity = size = still = 0.0
    if math.isnan(x):
        return Found(rarity, size, still)
    for side in (1.0, -1.0):  # a loop, so that the signs are compiled once
        found = one_sided(x, side, case)
        rarity, size, still = max(rarity, found.rarity), max(size, found.size), max(still, found.still)
    return Found(rarity, size, still)
