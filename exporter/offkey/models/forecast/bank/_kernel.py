"""The arithmetic of the bank, compiled: members, their errors, and the mix of them.

One file, because the cache of compiled code follows changes of a function's own file only.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from offkey.core.frame import Array, IntArray
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS

DAYS = WEEK_SLOTS // DAY_SLOTS
REACH = 3  # bins on either side over which a profile is smoothed
PROFILES = 5  # see `_profiles`
TAUS = (3.0, 24.0, 288.0)  # bins over which each running level forgets
DECAYS = (36.0, 144.0, 1e9)  # bins over which a forecast lets each level go
LEVELS = len(TAUS)
MEMBERS = PROFILES * (LEVELS + 1)
STRIDE = 6  # bins between two remembered sets of levels
KEPT = DAY_SLOTS // STRIDE  # remembered sets of levels: a day
LAGS = (3, 24, 84, 204)  # members are judged on what they said this many bins ago, or up to STRIDE - 1 more
BLOCKS = len(LAGS)
BORDERS = (12, 48, 144)  # bins ahead from which on the next block's errors count
SHARPNESS = 6.0  # power of its error with which a member loses weight
MEMORY = 600.0  # bins over which errors are forgotten
CLIP = 8.0  # mean absolute errors beyond which a sample moves a level no further
HOURS = 24
HOUR_MEMORY = 50.0  # samples over which the share of an hour in the errors is forgotten
SCALE_MEMORY = 200.0  # bins over which the size of the mix's errors is forgotten
OUTSIDE = 0.05  # share of errors beyond each bound
PACE = 0.02  # how fast a bound follows the errors it sees
FIRST = 2.2  # reach of the bounds before anything was learned, in mean absolute errors (normal errors: 2.06)
TINY = 1e-300


class Learned(NamedTuple):
    """What is known about series; first dimension S, or none inside the kernel, where it is one series."""

    week: Array  # last value of each slot of the week (2016), less `origin`
    usual: Array  # median over the days of `week` of each slot of the day (288)
    levels: Array  # running levels of what each profile leaves over (PROFILES, LEVELS)
    past: Array  # `levels` as they were in the last day (KEPT, PROFILES, LEVELS)
    errors: Array  # mean absolute error of each member at each distance (BLOCKS, MEMBERS)
    scale: Array  # mean absolute error of the mix at each distance (BLOCKS)
    hours: Array  # errors in each hour of the day, in units of `scale` (BLOCKS, HOURS)
    reach: Array  # distance of both bounds from the point, in the same units (BLOCKS, 2)
    origin: Array  # first value of the series, taken off every sample (1)
    clock: IntArray  # number of the last bin, and how many bins had a value (2)


def shapes() -> dict[str, tuple[tuple[int, ...], type]]:
    """Return shape and type of each array of `Learned` for one series."""
    floats = {
        "week": (WEEK_SLOTS,),
        "usual": (DAY_SLOTS,),
        "levels": (PROFILES, LEVELS),
        "past": (KEPT, PROFILES, LEVELS),
        "errors": (BLOCKS, MEMBERS),
        "scale": (BLOCKS,),
        "hours": (BLOCKS, HOURS),
        "reach": (BLOCKS, 2),
        "origin": (1,),
    }
    return {name: (shape, np.float64) for name, shape in floats.items()} | {"clock": ((2,), np.int64)}


@njit(cache=True, nogil=True)
def learn(learned: Learned, first: int, slots: IntArray, values: Array) -> None:
    """Judge and teach with bin after bin; the arrays of `learned` are written.

    Args:
        learned: all series, arrays (S, ...).
        first: number of the first bin, counted from 1970.
        slots: slot of the week on each series' clock, shape (S, N).
        values: means of the bins, shape (S, N); NaN is missing.
    """
    for row in range(values.shape[0]):
        one = _row(learned, row)
        for column in range(values.shape[1]):
            number = first + column
            if number > one.clock[0]:
                _pass_time(one, number)
                _learn_one(one, number, slots[row, column], values[row, column])


@njit(cache=True, nogil=True)
def continue_series(learned: Learned, numbers: IntArray, slots: IntArray, out: Array) -> None:
    """Write point, lower and upper for each instant.

    Args:
        learned: all series, arrays (S, ...).
        numbers: number of the bin of each instant, shape (H,).
        slots: slot of the week on each series' clock, shape (S, H).
        out: shape (3, S, H), written; NaN = unknown.
    """
    profiles, says = np.empty(PROFILES), np.empty(MEMBERS)
    for row in range(slots.shape[0]):
        one = _row(learned, row)
        for column in range(slots.shape[1]):
            ahead = max(numbers[column] - one.clock[0], 1)
            slot = slots[row, column]
            _profiles(one, slot, (ahead - 1) // DAY_SLOTS + 1, profiles)
            _members(profiles, one.levels, ahead, says)
            block = 0
            while block < BLOCKS - 1 and ahead > BORDERS[block]:
                block += 1
            point = _mix(says, one.errors[block]) + one.origin[0]
            unit = one.scale[block] * _share(one.hours[block, _hour(slot)])
            out[0, row, column] = point
            out[1, row, column] = point - one.reach[block, 0] * unit
            out[2, row, column] = point + one.reach[block, 1] * unit


@njit(cache=True, nogil=True)
def _row(learned: Learned, row: int) -> Learned:
    return Learned(
        learned.week[row],
        learned.usual[row],
        learned.levels[row],
        learned.past[row],
        learned.errors[row],
        learned.scale[row],
        learned.hours[row],
        learned.reach[row],
        learned.origin[row],
        learned.clock[row],
    )


@njit(cache=True, nogil=True)
def _pass_time(one: Learned, number: int) -> None:
    """Let levels stand still over bins that no frame held."""
    skipped = min(number - one.clock[0] - 1, DAY_SLOTS)
    if one.clock[0] > 0:
        for gone in range(number - skipped, number):
            _remember(one, gone)
    one.clock[0] = number


@njit(cache=True, nogil=True)
def _learn_one(one: Learned, number: int, slot: int, value: float) -> None:
    if not np.isnan(value):
        if np.isnan(one.origin[0]):
            one.origin[0] = value
        value -= one.origin[0]
        profiles = np.empty(PROFILES)
        _profiles(one, slot, 1, profiles)
        _judge(one, profiles, number, slot, value)
        _follow(one, profiles, value)
        one.week[slot] = value
        one.usual[slot % DAY_SLOTS] = _median_of_days(one.week, slot)
        one.clock[1] += 1
    _remember(one, number)


@njit(cache=True, nogil=True)
def _remember(one: Learned, number: int) -> None:
    if number % STRIDE == 0:
        one.past[number // STRIDE % KEPT] = one.levels


@njit(cache=True, nogil=True)
def _judge(one: Learned, profiles: Array, number: int, slot: int, value: float) -> None:
    """Compare a value with what was said about it at each distance."""
    says = np.empty(MEMBERS)
    for block in range(BLOCKS):
        then = (number - LAGS[block]) // STRIDE
        _members(profiles, one.past[then % KEPT], number - then * STRIDE, says)
        said = _mix(says, one.errors[block])
        for member in range(MEMBERS):
            miss = abs(says[member] - value)
            if np.isnan(miss):
                continue
            if np.isnan(one.errors[block, member]):
                one.errors[block, member] = miss
            one.errors[block, member] += (miss - one.errors[block, member]) / MEMORY
        if not np.isnan(said):
            _calibrate(one, block, _hour(slot), value - said)


@njit(cache=True, nogil=True)
def _calibrate(one: Learned, block: int, hour: int, miss: float) -> None:
    """Learn size and bounds of the mix's errors at one distance."""
    if np.isnan(one.scale[block]):
        one.scale[block] = abs(miss)
        one.reach[block, :] = FIRST
    share = _share(one.hours[block, hour])
    for side in range(2):
        outward = miss if side == 1 else -miss
        outside = outward > one.reach[block, side] * one.scale[block] * share
        one.reach[block, side] *= 1.0 + PACE * ((1.0 if outside else 0.0) - OUTSIDE)
    relative = min(abs(miss) / max(one.scale[block], TINY), 10.0)
    one.hours[block, hour] = share + (relative - share) / HOUR_MEMORY
    one.scale[block] += (abs(miss) - one.scale[block]) / SCALE_MEMORY


@njit(cache=True, nogil=True)
def _follow(one: Learned, profiles: Array, value: float) -> None:
    """Move the running levels towards what each profile leaves over."""
    for profile in range(PROFILES):
        rest = value - profiles[profile]
        if np.isnan(rest):
            continue
        for level in range(LEVELS):
            if np.isnan(one.levels[profile, level]):
                one.levels[profile, level] = rest
            step = rest - one.levels[profile, level]
            most = CLIP * one.errors[0, profile * (LEVELS + 1) + level]
            if not np.isnan(most):
                step = min(max(step, -most), most)
            one.levels[profile, level] += step * (1.0 - np.exp(-1.0 / TAUS[level]))


@njit(cache=True, nogil=True)
def _profiles(one: Learned, slot: int, days: int, out: Array) -> None:
    """Write what each profile says about a slot of the week, (PROFILES,).

    None (0), the last day, the last day smoothed, the median of the last seven days smoothed, the last week smoothed.
    `days` is how many days back the last day known for this slot is.
    """
    out[0] = 0.0
    out[1] = one.week[(slot - days * DAY_SLOTS) % WEEK_SLOTS]
    out[2] = _smooth(one.week, slot - days * DAY_SLOTS)
    out[3] = _smooth(one.usual, slot)
    out[4] = _smooth(one.week, slot)


@njit(cache=True, nogil=True)
def _members(profiles: Array, levels: Array, ahead: float, out: Array) -> None:
    """Write what each member says about an instant `ahead` bins after the levels, (MEMBERS,); NaN = unknown."""
    member = 0
    for profile in range(PROFILES):
        for level in range(LEVELS):
            stays = np.exp(-ahead / DECAYS[level]) if profile > 0 else 1.0
            out[member] = profiles[profile] + levels[profile, level] * stays
            member += 1
        out[member] = profiles[profile] if profile > 0 else np.nan
        member += 1


@njit(cache=True, nogil=True)
def _mix(says: Array, errors: Array) -> float:
    """Return the members' mean, weighted by error to the power of -SHARPNESS; NaN when none is known."""
    least = np.inf
    for member in range(MEMBERS):
        if not np.isnan(says[member]) and errors[member] < least:
            least = errors[member]
    if np.isinf(least):
        return np.nan
    total, weights = 0.0, 0.0
    for member in range(MEMBERS):
        if not (np.isnan(says[member]) or np.isnan(errors[member])):
            weight = ((least + TINY) / (errors[member] + TINY)) ** SHARPNESS
            total += weight * says[member]
            weights += weight
    return total / weights


@njit(cache=True, nogil=True)
def _smooth(ring: Array, slot: int) -> float:
    """Return the mean around a slot of a ring; NaN when all is missing."""
    total, count = 0.0, 0
    for near in range(slot - REACH, slot + REACH + 1):
        value = ring[near % ring.shape[0]]
        if not np.isnan(value):
            total += value
            count += 1
    return total / count if count > 0 else np.nan


@njit(cache=True, nogil=True)
def _median_of_days(week: Array, slot: int) -> float:
    """Return the median over the days of one slot of the day; NaN when never seen."""
    found = np.empty(DAYS)
    count = 0
    for day in range(DAYS):
        value = week[(slot + day * DAY_SLOTS) % WEEK_SLOTS]
        if not np.isnan(value):
            found[count] = value
            count += 1
    return np.median(found[:count]) if count > 0 else np.nan


@njit(cache=True, nogil=True)
def _hour(slot: int) -> int:
    return slot % DAY_SLOTS * HOURS // DAY_SLOTS


@njit(cache=True, nogil=True)
def _share(hour: float) -> float:
    return 1.0 if np.isnan(hour) else hour
