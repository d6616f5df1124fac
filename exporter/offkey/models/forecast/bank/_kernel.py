"""One bin after the other: judge what was said, learn, and issue what will be judged.

Compiled. `one` is what was learned about one series; values are centred on its first one.
"""

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.core.state import AnyArray
from offkey.models.forecast.bank._checking import check, issue
from offkey.models.forecast.bank._coded import (
    SPAN,
    put,
    read_levels,
    value_at,
    write_levels,
)
from offkey.models.forecast.bank._learned import (
    AGREED,
    BINS_OF_HOUR,
    BLOCKS,
    COUNT,
    DAILY_BITS,
    DAILY_RATE,
    DRIFT,
    FAST,
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
    PLACE,
    PROFILES,
    QUEUES,
    SAME,
    SLOW,
    SPREAD,
    SPREAD_MEMORY,
    STRIDE,
    SUM,
    USUAL,
    WEEK_BITS,
    Learned,
    One,
    one_of,
)
from offkey.models.forecast.bank._members import (
    NEVER,
    Desk,
    agreed_at,
    limit,
    members_at,
    profiles_at,
    say,
    turn_to_next,
    within,
)
from offkey.models.grid import DAY_SLOTS
from offkey.models.kernels import door, part
from offkey.models.shortening import lengthened, shortened

Rows = tuple[int, int]


@door
def learn(learned: Learned, rows: Rows, first: int, slots: IntArray, values: Array, work: Desk) -> None:
    """Judge and teach with bin after bin; the arrays of `learned` are written.

    Args:
        learned: all series, arrays (S, ...).
        rows: the first series that learns, and the one after the last.
        first: number of the first bin, counted from 1970.
        slots: slot of the week on each series' clock, shape (S, N).
        values: means of the bins, shape (S, N); NaN is missing.
        work: room to work in.
    """
    for row in range(rows[0], rows[1]):
        one = one_of(learned, row)
        turn_to_next(work)
        for column in range(values.shape[1]):
            number = first + column
            if number > one.clock[0]:
                _pass_time(one, number, work)
                _learn_one(one, number, slots[row, column], values[row, column], work)


@door
def continue_series(learned: Learned, rows: Rows, numbers: IntArray, slots: IntArray, out: Array, work: Desk) -> None:
    """Write point, lower and upper for each instant.

    Args:
        learned: all series, arrays (S, ...).
        rows: the first series that is asked for, and the one after the last.
        numbers: number of the bin of each instant, shape (H,).
        slots: slot of the week on each series' clock, shape (S, H).
        out: shape (3, S, H), written; NaN = unknown.
        work: room to work in.
    """
    for row in range(rows[0], rows[1]):
        one = one_of(learned, row)
        turn_to_next(work)
        for column in range(slots.shape[1]):
            said = say(one, slots[row, column], max(numbers[column] - one.clock[0], 1), work)
            point = said.point + one.own[ORIGIN]
            out[0, row, column] = point
            out[1, row, column] = point - said.below * said.unit
            out[2, row, column] = point + said.above * said.unit


@part
def _pass_time(one: One, number: int, work: Desk) -> None:
    """Let levels stand still over bins that no frame held; what was to be issued in them is unknown."""
    if one.clock[0] > 0:
        for gone in range(max(one.clock[0] + 1, number - DAY_SLOTS), number):
            if gone % STRIDE == 0:
                _remember(one, gone, work.levels)
                for lead in range(LEADS.shape[0]):
                    one.issued[OFFSETS[lead] + gone // STRIDE % QUEUES[lead]] = np.nan
    one.clock[0] = number


@part
def _remember(one: One, number: int, levels: Array) -> None:
    """Keep the levels of a bin; `levels` is room for them."""
    place = number // STRIDE % KEPT
    for level in range(LEVELS):
        levels[level] = one.own[level]
    one.bases[place] = levels[0]
    levels[1] -= levels[0]
    one.rest_powers[place] = write_levels(levels[1:], one.rests[place])


@part
def _recall(one: One, number: int, levels: Array) -> None:
    """Write the levels that were kept of a bin, (LEVELS,)."""
    place = number // STRIDE % KEPT
    levels[0] = one.bases[place]
    read_levels(one.rests[place], one.rest_powers[place], levels[1:])
    if np.isnan(levels[0]):  # nothing was kept
        levels[:] = np.nan
    levels[1] += levels[0]


@part
def _learn_one(one: One, number: int, slot: int, value: float, work: Desk) -> None:
    if not np.isnan(value):
        if np.isnan(one.own[ORIGIN]):
            one.own[ORIGIN] = value
        value = within(value - one.own[ORIGIN], LARGEST)
        profiles_at(one, slot, 1, work)
        _judge(one, number, value, work)
        check(one, number, slot, value)
        _follow(one.own, work.profiles, value)
        _compare_weeks(one, work, slot, value)
        _store(one, slot, value, work)
        one.clock[1] += 1
    if number % STRIDE == 0:
        _remember(one, number, work.levels)
        issue(one, number, slot, work)


@part
def _judge(one: One, number: int, value: float, work: Desk) -> None:
    """Compare a value with what each member would have said about it, at one distance.

    The distances take turns; five has no divisor in common with the bins of a day, so all meet every time of day.
    """
    block = number % (BLOCKS + 1)
    if block == BLOCKS:
        return
    then = (number - LAGS[block]) // STRIDE * STRIDE
    _recall(one, then, work.levels)
    members_at(work, work.levels, number - then, 1)
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
def _store(one: One, slot: int, value: float, work: Desk) -> None:
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
    daily = value_at(one.daily, place)
    daily = calm if np.isnan(daily) else daily + DAILY_RATE * (calm - daily)
    put(one.daily, place, daily, DAILY_BITS, work.block)
    work.asked[place] = NEVER
    if put(one.week, slot, value, WEEK_BITS, work.block):
        first = place // SPAN * SPAN
        work.asked[first : first + SPAN] = NEVER


@part
def _compare_weeks(one: One, work: Desk, slot: int, value: float) -> None:
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
def _agree(weekly: AnyArray, hour: int, now: float, spread: float) -> None:
    """Expect of an hour of the week what two weeks have in common, less the usual deviation."""
    before = lengthened(weekly[NEWEST, hour])
    common = max(min(abs(now), abs(before)) - spread, 0.0) if now * before > 0.0 else 0.0
    weekly[NEWEST, hour], weekly[AGREED, hour] = shortened(now), shortened(common if now > 0.0 else -common)
