"""What the members of the bank say about an instant, and what is made of it. Compiled; see `_kernel.py`."""

from typing import NamedTuple

import numpy as np

from offkey.core.frame import Array, BoolArray, IntArray
from offkey.core.state import AnyArray
from offkey.models.forecast.bank._coded import SPAN, value_at
from offkey.models.forecast.bank._learned import (
    ABOVE,
    AGREED,
    BELOW,
    BINS_OF_HOUR,
    BLOCKS,
    CENTRES,
    DAILY,
    DRIFT,
    HOURS,
    LAST,
    LATE,
    LEVELS,
    MEMBERS,
    NEAR,
    NEW_SCALE,
    NONE,
    PROFILES,
    SCALE,
    SHARE,
    SOON,
    SPREAD,
    USUAL,
    WEEK,
    One,
)
from offkey.models.forecast.bank._mixing import discord_factor, mix, order, weigh
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS
from offkey.models.kernels import part
from offkey.models.shortening import lengthened

DAYS = WEEK_SLOTS // DAY_SLOTS
FLAT = 3  # bins on either side over which the daily mean is smoothed; one for the last day and week
FADINGS = 64  # distances whose exponentials are kept, by their remainder
NEVER = -1  # stamp of a usual value that may have changed since it was asked for


class Desk(NamedTuple):
    """Room to work in, so that nothing is allocated for each instant."""

    profiles: Array  # (PROFILES,)
    levels: Array  # as they were (LEVELS,)
    says: Array  # (MEMBERS,)
    weights: Array  # trust in each member at each distance, 0 where it is not known (BLOCKS, MEMBERS)
    weighed: BoolArray  # at which distances these are written (BLOCKS,)
    places: IntArray  # members by what they say, those that know nothing last (MEMBERS,)
    days: Array  # values of one slot (DAYS,)
    block: Array  # values that share a floor (SPAN,)
    usual: Array  # median over the days of each slot of the day (DAY_SLOTS,)
    asked: IntArray  # the stamp under which it was asked for (DAY_SLOTS,)
    stamp: IntArray  # which of these hold: it grows by one with each series (1,)
    fading: Array  # distance, what is left of levels that are let go soon and late, its logarithm (FADINGS, 4)


class Said(NamedTuple):
    """A forecast for one instant; NaN where nothing was learned at that distance."""

    point: float  # less the origin
    unit: float  # the error to expect
    discord: float  # how far the members disagree
    factor: float  # what that adds to the unit
    below: float  # units from the lower bound to the point
    above: float  # units from the point to the upper bound


def desk() -> Desk:
    """Return a desk."""
    return Desk(
        np.empty(PROFILES),
        np.empty(LEVELS),
        np.empty(MEMBERS),
        np.empty((BLOCKS, MEMBERS)),
        np.empty(BLOCKS, np.bool_),
        np.arange(MEMBERS),
        np.empty(DAYS),
        np.empty(SPAN),
        np.empty(DAY_SLOTS),
        np.full(DAY_SLOTS, NEVER),
        np.zeros(1, np.int64),
        np.zeros((FADINGS, 4)),
    )


@part
def turn_to_next(work: Desk) -> None:
    """Forget what was found about a series."""
    work.stamp[0] += 1
    work.weighed[:] = False


@part
def say(one: One, slot: int, ahead: int, work: Desk) -> Said:
    """Return the forecast for one instant.

    Args:
        one: what was learned about the series.
        slot: slot of the week the instant lies in.
        ahead: bins from the last learned one.
        work: room to work in.
    """
    profiles_at(one, slot, ahead, work)
    members_at(work, one.own, ahead, days_back(ahead))
    known, near, distance = order(work.says, work.places), 0, work.fading[ahead % FADINGS, 3]
    while near < BLOCKS - 2 and distance > CENTRES[near + 1]:
        near += 1
    to_far = min(max((distance - CENTRES[near]) / (CENTRES[near + 1] - CENTRES[near]), 0.0), 1.0)
    point, discord, factor, scale, share, below, above = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for far in range(2):
        weight = to_far if far else 1.0 - to_far
        if weight > 0.0:
            bounds = one.bounds[near + far]
            if not work.weighed[near + far]:
                weigh(one.errors[near + far], work.weights[near + far])
                work.weighed[near + far] = True
            said, apart = mix(work.says, work.weights[near + far], work.places, known)
            point += weight * said
            discord += weight * apart
            factor += weight * discord_factor(apart, bounds)
            scale += weight * bounds[SCALE]
            share += weight * error_share(one.shares[near + far], slot)
            below += weight * bounds[BELOW]
            above += weight * bounds[ABOVE]
    return Said(point, scale * share * factor, discord, factor, below, above)


@part
def profiles_at(one: One, slot: int, ahead: int, work: Desk) -> None:
    """Write what each profile of the season says about a slot of the week, (PROFILES,), so many bins ahead.

    NONE is 0; USUAL the median of seven days; LAST the last day known and WEEK the last week, both mean of three
    bins, none farther from the usual than is usual; DAILY a running mean over the days, of seven bins.
    """
    days = days_back(ahead)
    most = NEAR * one.own[SPREAD] if one.own[SPREAD] > 0.0 else np.inf
    last, lasts, week, weeks, daily, dailies = 0.0, 0, 0.0, 0, 0.0, 0
    for near in range(slot - 1, slot + 2):
        usual = usual_at(one, near % DAY_SLOTS, work)
        if near == slot:
            work.profiles[USUAL] = usual
        seen = (near - days * DAY_SLOTS) % WEEK_SLOTS
        value = value_at(one.week, seen) - agreed_at(one.weekly, seen)
        if not np.isnan(value) and ahead + near - slot <= days * DAY_SLOTS:  # else it is older than the last day
            last, lasts = last + usual + within(value - usual, most), lasts + 1
        value = value_at(one.week, near % WEEK_SLOTS) - agreed_at(one.weekly, near % WEEK_SLOTS)
        if not np.isnan(value):
            week, weeks = week + usual + within(value - usual, most), weeks + 1
    for near in range(slot - FLAT, slot + FLAT + 1):
        value = value_at(one.daily, near % DAY_SLOTS)
        if not np.isnan(value):
            daily, dailies = daily + value, dailies + 1
    agreed = agreed_at(one.weekly, slot)
    work.profiles[NONE] = 0.0
    work.profiles[USUAL] += agreed
    work.profiles[LAST] = agreed + last / lasts if lasts > 0 else np.nan
    work.profiles[WEEK] = agreed + week / weeks if weeks > 0 else np.nan
    work.profiles[DAILY] = agreed + daily / dailies if dailies > 0 else np.nan


@part
def days_back(ahead: int) -> int:
    """Return how many days before an instant the last day known lies."""
    return (ahead - 1) // DAY_SLOTS + 1


@part
def usual_at(one: One, place: int, work: Desk) -> float:
    """Return the median over the days of one slot of the day; NaN when never seen."""
    if work.asked[place] != work.stamp[0]:
        work.asked[place] = work.stamp[0]
        work.usual[place] = _median_day(one, place, work.days)
    return float(work.usual[place])


@part
def _median_day(one: One, place: int, found: Array) -> float:
    count = 0
    for day in range(DAYS):
        seen = place + day * DAY_SLOTS
        value = value_at(one.week, seen) - agreed_at(one.weekly, seen)
        found[count] = value
        count += 0 if np.isnan(value) else 1
    if count == DAYS:
        return median_of_seven(found)
    for start in range(1, count):
        value, at = found[start], start
        while at > 0 and found[at - 1] > value:
            found[at] = found[at - 1]
            at -= 1
        found[at] = value
    return 0.5 * (found[(count - 1) // 2] + found[count // 2]) if count > 0 else np.nan


@part
def median_of_seven(found: Array) -> float:
    """Return the median of seven values with as few comparisons as suffice, and no branches.

    Source: Paeth (1990), Median finding on a 3 x 3 grid, Graphics Gems, 171-175.
    """
    a, b, c, d, e, f, g = found[0], found[1], found[2], found[3], found[4], found[5], found[6]
    a, f = min(a, f), max(a, f)
    a, d = min(a, d), max(a, d)
    b, g = min(b, g), max(b, g)
    c, e = min(c, e), max(c, e)
    b = max(a, b)
    d, f = min(d, f), max(d, f)
    c, g = min(c, g), max(c, g)
    d = max(c, d)
    d = min(d, g)
    e = min(e, f)
    b, e = min(b, e), max(b, e)
    d = max(b, d)
    return float(min(d, e))


@part
def members_at(work: Desk, levels: Array, ahead: int, days: int) -> None:
    """Write what each member says of the profiles on the desk, (MEMBERS,); NaN = unknown.

    The two levels alone; each profile alone, with its fast level let go soon, with the same let go late, and with its
    slow level let go late; the last day and the fast level, both with the drift from day to day.
    """
    fading = work.fading[ahead % FADINGS]
    if ahead != fading[0]:
        fading[0], fading[3] = ahead, np.log(ahead)
        fading[1], fading[2] = np.exp(-ahead / SOON), np.exp(-ahead / LATE)
    profiles, out, soon, late = work.profiles, work.says, fading[1], fading[2]
    out[0], out[1] = levels[2 * NONE], levels[2 * NONE + 1]
    for profile in range(1, PROFILES):
        base, fast, slow, first = profiles[profile], levels[2 * profile], levels[2 * profile + 1], 4 * profile - 2
        out[first], out[first + 1] = base, base + fast * soon
        out[first + 2], out[first + 3] = base + fast * late, base + slow * late
    out[MEMBERS - 2] = profiles[LAST] + levels[DRIFT] * days
    out[MEMBERS - 1] = levels[2 * NONE] + levels[DRIFT] * ahead / DAY_SLOTS


@part
def error_share(shares: AnyArray, slot: int) -> float:
    """Return how large errors are in an hour of the day, against the mean; at least a tenth."""
    code = shares[slot % DAY_SLOTS * HOURS // DAY_SLOTS]
    return max(code * SHARE, 0.1) if code > 0 else 1.0


@part
def within(step: float, most: float) -> float:
    """Return a step, cut to `most` in either direction."""
    return min(max(step, -most), most)


@part
def limit(times: float, usual: float, now: float) -> float:
    """Return what counts as too far: some times the usual; infinite where that is nothing against what is seen now."""
    return times * usual if usual * NEW_SCALE > abs(now) else np.inf


@part
def agreed_at(weekly: AnyArray, slot: int) -> float:
    """Return by how much an hour of the week differs from the usual day, as far as two weeks agree."""
    return lengthened(weekly[AGREED, slot // BINS_OF_HOUR])
