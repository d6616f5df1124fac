"""How series report, followed instant by instant: their silences, and their raw samples in a range."""

import math
from typing import NamedTuple

import numpy as np

from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.frame import Array, BoolArray, IntArray
from offkey.models.kernels import compiled

REGULAR = DAY  # seconds of samples that a series must have given before it is missed
LEAST = 10 * MINUTE  # seconds: a shorter silence is never told; a source repeats a lost sample for five minutes
PATIENCE = 3.0  # of the longest usual silence
FORGETTING = 14 * DAY  # time constant in which a long silence is forgotten
STRAYED = 0.25  # of the usual number of raw samples; differences of one sample are none
ADOPTED_AFTER = 6 * HOUR  # seconds after which another rate is the usual one


class Habits(NamedTuple):
    """What is known of each series, (S,) each."""

    born: IntArray  # instant of the first sample, Unix seconds; 0 = none
    heard: IntArray  # instant of the newest sample, Unix seconds
    lived: IntArray  # seconds with samples
    silent: IntArray  # seconds without, while siblings reported
    pause: Array  # longest usual silence, seconds
    usual: Array  # raw samples in a range, usually
    rate: Array  # the newest number of them, in usual ones
    paced: IntArray  # seconds for which their number was known
    strayed: IntArray  # seconds for which it has been another


@compiled
def patience(pause: float, step: int) -> float:
    """Return how long a series with such a longest usual silence may be silent before it is missed, seconds."""
    return max(float(max(LEAST, 3 * step)), 0.0 if math.isnan(pause) else PATIENCE * pause)


@compiled
def due(habits: Habits, step: int) -> BoolArray:
    """Return which series are expected to report, (S,): regular ones that are not missed already."""
    out = np.empty(habits.lived.size, np.bool_)
    for s in range(out.size):
        out[s] = habits.lived[s] >= REGULAR and habits.silent[s] < patience(habits.pause[s], step)
    return out


@compiled
def follow(habits: Habits, present: BoolArray, counts: Array, start: int, step: int) -> None:
    """Go on through columns; the habits are written to.

    Args:
        habits: of the series.
        present: where there is a value, (S, T).
        counts: raw samples behind each value, (S, T), NaN = not known; (S, 0) when the query has no ranges.
        start: instant of the first column, Unix seconds.
        step: seconds between columns.
    """
    for t in range(present.shape[1]):
        expected = due(habits, step)
        here, kept = 0, 0
        for s in range(present.shape[0]):
            here += present[s, t]
            kept += present[s, t] and expected[s]
        lives = here > 0 and 2 * kept >= expected.sum()
        for s in range(present.shape[0]):
            if present[s, t]:
                hear(habits, s, start + t * step, step)
            elif lives:
                habits.silent[s] += step
            if counts.shape[1] > 0 and not math.isnan(counts[s, t]):
                pace(habits, s, counts[s, t], step)


@compiled
def hear(habits: Habits, s: int, time: int, step: int) -> None:
    """Take a sample of one series; a silence that ends is one of its habits, but an incident not at once."""
    usual = 0.0 if math.isnan(habits.pause[s]) else habits.pause[s]
    ended = min(float(habits.silent[s]), 2.0 * patience(habits.pause[s], step))
    habits.pause[s] = max(usual * math.exp(-step / FORGETTING), ended)
    if habits.born[s] == 0:
        habits.born[s] = time
    habits.heard[s] = time
    habits.lived[s] += step
    habits.silent[s] = 0


@compiled
def pace(habits: Habits, s: int, count: float, step: int) -> None:
    """Take the number of raw samples behind one value; another one that lasts becomes the usual one."""
    usual = habits.usual[s]
    if habits.paced[s] < REGULAR:
        usual = count if math.isnan(usual) else max(usual, count)
        habits.strayed[s] = 0
    elif abs(count - usual) > max(1.0, STRAYED * usual):
        habits.strayed[s] += step
    else:
        usual += (count - usual) * min(1.0, step / DAY)
        habits.strayed[s] = 0
    if habits.strayed[s] >= ADOPTED_AFTER:
        usual = count
        habits.strayed[s] = 0
    habits.usual[s], habits.rate[s] = usual, count / usual
    habits.paced[s] += step
