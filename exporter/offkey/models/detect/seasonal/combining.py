"""Strangeness: how rare what speaks for an anomaly is, the chance of an incident, and how long its peak counts."""

import math

import numpy as np

from offkey.core.frame import Array
from offkey.models.detect.seasonal.judging import power, strangeness
from offkey.models.detect.seasonal.layout import (
    FADING,
    FIRM,
    HELD_CLIP,
    KEPT,
    LET_GO,
    MEDIAN,
    NEUTRAL,
    ODDS_PER_DECADE,
    OFTEN,
    PEAK,
    QUICK,
    RARE,
    RESTLESS,
    SLOW,
    STILL_OFF,
    SURE,
    Case,
    Found,
    Memory,
    Prediction,
    Signs,
    Tails,
    Traces,
)
from offkey.models.detect.seasonal.unrest import unrest
from offkey.models.detect.seasonal.weights import AT_REST, BENDS, OF_MEMORY, OF_SIGNS, SLOPES
from offkey.models.kernels import door
from offkey.models.logarithm import ex, ln

BENDS_OF, SLOPES_OF = np.array(BENDS), np.array(SLOPES)
REST = math.exp(AT_REST)  # odds of a sample of which nothing is told
CALM = math.exp(AT_REST - ODDS_PER_DECADE * NEUTRAL)  # and of one in a series that is not restless at all


@door
def over(amount: float) -> float:
    """Return the logarithm of 1 plus an amount, 0 for amounts below 0."""
    return ln(1.0 + amount) if amount > 0.0 else 0.0


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
        0.5 * ln(power(x, side, p)),
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
    left = Traces(over(abs(p.apart)), run[OFTEN], *unrest(run))
    return Case(p, lately, found, left, ex(ODDS_PER_DECADE * run[RESTLESS]), run[PEAK], Tails(run[MEDIAN], run[RARE]))


@door
def traces(x: float, side: float, case: Case) -> Traces:
    """Return what an incident leaves behind; none of it falls as the sample moves further out on the side."""
    p, left = case.expected, case.traces
    apart = min(HELD_CLIP, max(-HELD_CLIP, side * (x - p.days) * p.per_days))
    return Traces(max(left.apart, over(side * p.apart + p.slow_share * apart)), left.often, left.rough, left.swing)


@door
def rise(k: int, value: float) -> float:
    """Return how much one sign adds to the odds of an incident: straight between its bends, never falling."""
    total = low = 0.0
    for j in range(BENDS_OF.shape[1]):  # without a branch, so that many are worked out at once
        high = BENDS_OF[k, j]
        total += SLOPES_OF[k, j] * min(high - low, max(0.0, value - low))
        low = high
    return float(total + SLOPES_OF[k, BENDS_OF.shape[1]] * max(0.0, value - low))


@door
def times_odds(x: float, side: float, now: float, found: Signs, case: Case) -> float:
    """Return how many times the odds of an incident are those without a sign; their logarithm is a sum over signs."""
    left, odds = traces(x, side, case), 0.0
    for k in range(len(found)):
        odds += rise(k, found[k])
    for k in range(len(case.memory)):
        odds += rise(len(found) + k, now * case.memory[k])
    for k in range(len(left)):
        odds += rise(len(found) + len(case.memory) + k, left[k])
    return ex(odds)


@door
def chance(times: float, rest: float) -> float:
    """Return how likely a sample belongs to an incident whose odds are so many times those at rest: from 0 to 1.

    The chance that is left at rest is taken off, as a share of what remains.
    """
    return 1.0 - (1.0 + rest) / (1.0 + rest * times)


@door
def size_of(found: Signs, now: float, lately: float) -> float:
    """Return the size of all that speaks for an anomaly."""
    size = now * lately
    for k in range(len(found)):
        size += OF_SIGNS[k] * found[k]
    return size


@door
def one_sided(x: float, side: float, case: Case, least: float) -> Found:
    """Return what is found of a sample on one side; none of it falls as the sample moves that way.

    The size is the weighted sum of the signs, and of what was off lately as far as the sample is off too; how rare it
    is says whether something begins. Below `SURE` strangeness says instead how likely the sample belongs to an
    incident, the more so the more restless the series was; and a peak goes on to count while the sample itself likely
    belongs to one, so that an incident is as strange as its onset. Strangeness below `least` need not be exact: from
    `SURE` on, that saves the look at the chance.
    """
    p = case.expected
    now = share_off(x, side, p)
    found, size, rarity = signs(x, side, now, p), 0.0, 0.0
    if now > 0.0:
        size = size_of(found, now, case.lately)
        rarity = strangeness(size, case.past)
    is_held = case.peak > max(SURE, rarity)
    still = 1.0 if rarity >= max(SURE, case.peak) else 0.0
    if is_held or (rarity < SURE and least < SURE):
        times = times_odds(x, side, now, found, case)
        if rarity < SURE:
            rarity = SURE * max((rarity / SURE) ** FADING, chance(times * case.lift, CALM))
        if is_held:
            likely = chance(times, REST)
            still = min(1.0, found.spread / STILL_OFF) * min(1.0, max(0.0, (likely - LET_GO) / (KEPT - LET_GO)))
            rarity = max(rarity, still * case.peak)
    return Found(rarity, size, still, found.range)


@door
def judge(x: float, case: Case, least: float) -> Found:
    """Return the same for the side on which it is larger, each by itself; nothing is found of a missing sample."""
    rarity = size = still = far = 0.0
    if math.isnan(x):
        return Found(rarity, size, still, far)
    for side in (1.0, -1.0):  # a loop, so that the signs are compiled once
        found = one_sided(x, side, case, least)
        rarity, size, still = max(rarity, found.rarity), max(size, found.size), max(still, found.still)
        far = max(far, found.range)
    return Found(rarity, size, still, far)
