"""One bin after the other: judge what was said, learn, and issue what will be judged.

Compiled. `one` is what was learned about one series; values are centred on its first one.
"""

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.models.forecast.bank._learned import (
    AGREED,
    BELOW,
    BINS_OF_HOUR,
    BLOCKS,
    BURST,
    CHECKS,
    COUNT,
    DAILY_RATE,
    DISCORD,
    DISCORD_MEMORY,
    DRIFT,
    FAST,
    FIRST,
    HOUR,
    HOUR_MEMORY,
    HOURS,
    JUMP,
    KEPT,
    LAGS,
    LARGEST,
    LAST,
    LEADS,
    LEAP,
    LEVELS,
    MEMBERS,
    MEMORY,
    NEAR,
    NEWEST,
    OFFSETS,
    ORIGIN,
    OUTSIDE,
    PACE,
    PLACE,
    PROFILES,
    QUEUES,
    SAME,
    SCALE,
    SCALE_MEMORY,
    SLOW,
    SPREAD,
    SPREAD_MEMORY,
    STRIDE,
    SUM,
    UPROAR,
    USUAL,
    Learned,
    one_of,
)
from offkey.models.forecast.bank._members import (
    NEVER,
    Desk,
    agreed_at,
    error_share,
    limit,
    members_at,
    profiles_at,
    say,
    turn_to_next,
    within,
)
from offkey.models.forecast.bank._week import put
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS
from offkey.models.kernels import door, part


@door
def learn(learned: Learned, first: int, slots: IntArray, values: Array, work: Desk) -> None:
    """Judge and teach with bin after bin; the arrays of `learned` are written.

    Args:
        learned: all series, arrays (S, ...).
        first: number of the first bin, counted from 1970.
        slots: slot of the week on each series' clock, shape (S, N).
        values: means of the bins, shape (S, N); NaN is missing.
        work: room to work in.
    """
    for row in range(values.shape[0]):
        one = one_of(learned, row)
        turn_to_next(work)
        for column in range(values.shape[1]):
            number = first + column
            if number > one.clock[0]:
                _pass_time(one, number)
                _learn_one(one, number, slots[row, column], values[row, column], work)


@door
def continue_series(learned: Learned, numbers: IntArray, slots: IntArray, out: Array, work: Desk) -> None:
    """Write point, lower and upper for each instant.

    Args:
        learned: all series, arrays (S, ...).
        numbers: number of the bin of each instant, shape (H,).
        slots: slot of the week on each series' clock, shape (S, H).
        out: shape (3, S, H), written; NaN = unknown.
        work: room to work in.
    """
    for row in range(slots.shape[0]):
        one = one_of(learned, row)
        turn_to_next(work)
        for column in range(slots.shape[1]):
            said = say(one, slots[row, column], max(numbers[column] - one.clock[0], 1), work)
            point = said.point + one.own[ORIGIN]
            out[0, row, column] = point
            out[1, row, column] = point - said.below * said.unit
            out[2, row, column] = point + said.above * said.unit


@part
def _pass_time(one: Learned, number: int) -> None:
    """Let levels stand still over bins that no frame held; what was to be issued in them is unknown."""
    if one.clock[0] > 0:
        for gone in range(max(one.clock[0] + 1, number - DAY_SLOTS), number):
            if gone % STRIDE == 0:
                _remember(one, gone)
                for lead in range(LEADS.shape[0]):
                    one.issued[OFFSETS[lead] + gone // STRIDE % QUEUES[lead], 0] = np.nan
    one.clock[0] = number


@part
def _remember(one: Learned, number: int) -> None:
    for level in range(LEVELS):
        one.past[number // STRIDE % KEPT, level] = one.own[level]


@part
def _learn_one(one: Learned, number: int, slot: int, value: float, work: Desk) -> None:
    if not np.isnan(value):
        if np.isnan(one.own[ORIGIN]):
            one.own[ORIGIN] = value
        value = within(value - one.own[ORIGIN], LARGEST)
        profiles_at(one, slot, 1, work)
        _judge(one, number, value, work)
        _check(one, number, slot, value)
        _follow(one.own, work.profiles, value)
        _compare_weeks(one, work, slot, value)
        _store(one, slot, value, work)
        one.clock[1] += 1
    if number % STRIDE == 0:
        _remember(one, number)
        _issue(one, number, slot, work)


@part
def _judge(one: Learned, number: int, value: float, work: Desk) -> None:
    """Compare a value with what each member would have said about it, at one distance.

    The distances take turns; five has no divisor in common with the bins of a day, so all meet every time of day.
    """
    block = number % (BLOCKS + 1)
    if block == BLOCKS:
        return
    then = (number - LAGS[block]) // STRIDE
    members_at(work, one.past[then % KEPT], number - then * STRIDE, 1)
    errors, least = one.errors[block], np.inf
    for member in range(MEMBERS):
        least = min(least, errors[member])
    most = SAME * least if 0.0 < least < np.inf else np.inf
    for member in range(MEMBERS):
        miss = abs(work.says[member] - value)
        if np.isnan(miss):
            continue
        if np.isnan(errors[member]):
            errors[member] = miss
        errors[member] += (min(miss, most) - errors[member]) / MEMORY[block]


@part
def _check(one: Learned, number: int, slot: int, value: float) -> None:
    """Compare a value with the forecasts that were issued for it."""
    for lead in range(LEADS.shape[0]):
        then = number - LEADS[lead]
        if then % STRIDE == 0:
            waiting = one.issued[OFFSETS[lead] + then // STRIDE % QUEUES[lead]]
            if not np.isnan(waiting[0]):
                _calibrate(one.bounds[lead // CHECKS], lead // CHECKS, slot, value, waiting)


@part
def _calibrate(bounds: Array, block: int, slot: int, value: float, waiting: Array) -> None:
    """Learn the size of errors at one distance, and how far the bounds must reach."""
    miss, unit = value - waiting[0], waiting[1]
    size = abs(miss) / waiting[2]
    if not bounds[SCALE] > 0.0:  # nothing was learned, or nothing ever moved
        bounds[SCALE] = size
        if np.isnan(bounds[BELOW]):
            bounds[BELOW : BELOW + 2] = FIRST
        return
    for side in range(2):
        outward = miss if side == 1 else -miss
        if unit > 0.0:
            outside = 1.0 if outward > bounds[BELOW + side] * unit else 0.0
            bounds[BELOW + side] *= 1.0 + PACE * (outside - OUTSIDE[block])
    share, hour = error_share(bounds, slot), HOUR + slot % DAY_SLOTS * HOURS // DAY_SLOTS
    bounds[hour] = share + (min(size / bounds[SCALE], BURST) - share) / HOUR_MEMORY
    bounds[SCALE] += (min(size / share, limit(BURST, bounds[SCALE], size)) - bounds[SCALE]) / SCALE_MEMORY[block]


@part
def _follow(own: Array, profiles: Array, value: float) -> None:
    """Move the running levels towards what each profile leaves over."""
    for profile in range(PROFILES):
        rest = value - profiles[profile]
        if np.isnan(rest):
            continue
        fast, slow, jump = 2 * profile, 2 * profile + 1, JUMP + profile
        if np.isnan(own[fast]):
            own[fast], own[slow], own[jump] = rest, rest, 0.0
        most = limit(LEAP, own[jump], rest - own[fast])
        miss = within(rest - own[fast], most)
        own[fast] += miss * (1.0 - np.exp(-1.0 / FAST))
        own[slow] += within(rest - own[slow], most) * (1.0 - np.exp(-1.0 / SLOW))
        if profile == LAST:
            drift = rest if np.isnan(own[DRIFT]) else own[DRIFT]
            own[DRIFT] = drift + within(rest - drift, limit(NEAR, own[SPREAD], rest - drift)) / DAY_SLOTS
        own[jump] += (abs(miss) - own[jump]) / 50.0


@part
def _store(one: Learned, slot: int, value: float, work: Desk) -> None:
    """Let a value take its place in the season."""
    usual = work.profiles[USUAL]
    away, calm = abs(value - usual), value
    if not np.isnan(away):
        spread = away if np.isnan(one.own[SPREAD]) else one.own[SPREAD]
        most = limit(NEAR, spread, away)
        one.own[SPREAD] = spread + (min(away, most) - spread) / SPREAD_MEMORY
        calm = usual + within(value - usual, most)
    place = slot % DAY_SLOTS
    calm -= agreed_at(one.weekly, slot)
    if np.isnan(one.daily[place]):
        one.daily[place] = calm
    one.daily[place] += DAILY_RATE * (calm - one.daily[place])
    work.asked[place] = NEVER
    if put(one, slot, value, work.hour):
        first = place // BINS_OF_HOUR * BINS_OF_HOUR
        work.asked[first : first + BINS_OF_HOUR] = NEVER


@part
def _compare_weeks(one: Learned, work: Desk, slot: int, value: float) -> None:
    """Note how far an hour of the week is from the usual day; after it, see what it has in common with last week's."""
    own, hour = one.own, slot // BINS_OF_HOUR
    if own[PLACE] != hour:
        if own[COUNT] >= BINS_OF_HOUR // 2:
            _agree(one.weekly, int(own[PLACE]), own[SUM] / own[COUNT], own[SPREAD])
            work.stamp[0] += 1
        own[PLACE], own[SUM], own[COUNT] = hour, 0.0, 0.0
    away = value - work.profiles[USUAL] + agreed_at(one.weekly, slot)
    if not np.isnan(away):
        own[SUM] += away
        own[COUNT] += 1.0


@part
def _agree(weekly: Array, hour: int, now: float, spread: float) -> None:
    """Expect of an hour of the week what two weeks have in common, less the usual deviation."""
    before = weekly[NEWEST, hour]
    weekly[NEWEST, hour] = now
    if not np.isnan(before):
        common = max(min(abs(now), abs(before)) - spread, 0.0) if now * before > 0.0 else 0.0
        weekly[AGREED, hour] = common if now > 0.0 else -common


@part
def _issue(one: Learned, number: int, slot: int, work: Desk) -> None:
    """Put forecasts aside that will be checked when their instants come.

    Their slots are counted on, so the few that meet a change of the clock are checked against the wrong hour.
    """
    work.weighed[:] = False
    for lead in range(LEADS.shape[0]):
        said = say(one, (slot + LEADS[lead]) % WEEK_SLOTS, LEADS[lead], work)
        waiting = one.issued[OFFSETS[lead] + number // STRIDE % QUEUES[lead]]
        waiting[0], waiting[1], waiting[2] = said.point, said.unit, said.factor
        bounds = one.bounds[lead // CHECKS]
        if np.isnan(bounds[DISCORD]):
            bounds[DISCORD] = said.discord
        elif not np.isnan(said.discord):
            most = UPROAR * bounds[DISCORD] if bounds[DISCORD] > 0.0 else np.inf
            bounds[DISCORD] += (min(said.discord, most) - bounds[DISCORD]) / DISCORD_MEMORY
