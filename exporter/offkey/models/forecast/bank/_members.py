"""What the members of the bank say about an instant, and what is made of it. Compiled; see `_kernel.py`."""

from typing import NamedTuple

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.models.forecast.bank._learned import (
    ABOVE,
    AGREED,
    BELOW,
    BINS_OF_HOUR,
    BLOCKS,
    CENTRES,
    CONCORD,
    DAILY,
    DISCORD,
    DRIFT,
    FAINT,
    HOUR,
    HOURS,
    LAST,
    LATE,
    MEMBERS,
    NEAR,
    NEW_SCALE,
    NONE,
    PROFILES,
    SCALE,
    SOON,
    SPREAD,
    TINY,
    TRIMMED,
    UPROAR,
    USUAL,
    WEEK,
    Learned,
)
from offkey.models.forecast.bank._week import value_at
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS
from offkey.models.kernels import part

DAYS = WEEK_SLOTS // DAY_SLOTS
FLAT = 3  # bins on either side over which the daily mean is smoothed; one for the last day and week
UNKNOWN = np.inf  # a usual value that was not asked for since it may have changed


class Desk(NamedTuple):
    """Room to work in, so that nothing is allocated for each instant."""

    profiles: Array  # (PROFILES,)
    says: Array  # (MEMBERS,)
    places: IntArray  # members by what they say, those that know nothing last (MEMBERS,)
    weights: Array  # trust in each member at each distance, 0 where it is not known (BLOCKS, MEMBERS)
    days: Array  # values of one slot (DAYS,)
    hour: Array  # values of one hour (BINS_OF_HOUR,)
    usual: Array  # median over the days of each slot of the day, UNKNOWN until it is asked for (DAY_SLOTS,)


class Said(NamedTuple):
    """A forecast for one instant; NaN where nothing was learned at that distance."""

    point: float  # less the origin
    unit: float  # the error to expect
    discord: float  # how far the members disagree
    factor: float  # what that adds to the unit
    below: float  # units from the lower bound to the point
    above: float  # units from the point to the upper bound


@part
def desk() -> Desk:
    """Return a desk."""
    return Desk(
        np.empty(PROFILES),
        np.empty(MEMBERS),
        np.arange(MEMBERS),
        np.empty((BLOCKS, MEMBERS)),
        np.empty(DAYS),
        np.empty(BINS_OF_HOUR),
        np.empty(DAY_SLOTS),
    )


@part
def weigh(errors: Array, weights: Array) -> None:
    """Write the trust in each member at each distance, (BLOCKS, MEMBERS): its error to the power of -4, at most 1."""
    for block in range(BLOCKS):
        least = np.inf
        for member in range(MEMBERS):
            least = min(least, errors[block, member])
        for member in range(MEMBERS):
            share = (least + TINY) / (errors[block, member] + TINY)
            share *= share
            weights[block, member] = share * share if share > 0.0 else 0.0  # 0 for NaN


@part
def say(one: Learned, slot: int, ahead: int, work: Desk) -> Said:
    """Return the forecast for one instant; `work.weights` must be written.

    Args:
        one: what was learned about the series.
        slot: slot of the week the instant lies in.
        ahead: bins from the last learned one.
        work: room to work in.
    """
    profiles_at(one, slot, ahead, work)
    members_at(work.profiles, one.own, ahead, days_back(ahead), work.says)
    known = order(work.says, work.places)
    near, distance = 0, np.log(ahead)
    while near < BLOCKS - 2 and distance > CENTRES[near + 1]:
        near += 1
    to_far = min(max((distance - CENTRES[near]) / (CENTRES[near + 1] - CENTRES[near]), 0.0), 1.0)
    point, discord, factor, scale, share, below, above = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for far in range(2):
        weight = to_far if far else 1.0 - to_far
        if weight > 0.0:
            bounds = one.bounds[near + far]
            said, apart = mix(work.says, work.weights[near + far], work.places, known)
            point += weight * said
            discord += weight * apart
            factor += weight * discord_factor(apart, bounds)
            scale += weight * bounds[SCALE]
            share += weight * error_share(bounds, slot)
            below += weight * bounds[BELOW]
            above += weight * bounds[ABOVE]
    return Said(point, scale * share * factor, discord, factor, below, above)


@part
def profiles_at(one: Learned, slot: int, ahead: int, work: Desk) -> None:
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
        value = value_at(one, seen) - agreed_at(one.weekly, seen)
        if not np.isnan(value) and ahead + near - slot <= days * DAY_SLOTS:  # else it is older than the last day
            last, lasts = last + usual + within(value - usual, most), lasts + 1
        value = value_at(one, near % WEEK_SLOTS) - agreed_at(one.weekly, near % WEEK_SLOTS)
        if not np.isnan(value):
            week, weeks = week + usual + within(value - usual, most), weeks + 1
    for near in range(slot - FLAT, slot + FLAT + 1):
        value = one.daily[near % DAY_SLOTS]
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
def usual_at(one: Learned, place: int, work: Desk) -> float:
    """Return the median over the days of one slot of the day; NaN when never seen."""
    if work.usual[place] == UNKNOWN:
        work.usual[place] = _median_day(one, place, work.days)
    return float(work.usual[place])


@part
def _median_day(one: Learned, place: int, found: Array) -> float:
    count = 0
    for day in range(DAYS):
        seen = place + day * DAY_SLOTS
        value = value_at(one, seen) - agreed_at(one.weekly, seen)
        if np.isnan(value):
            continue
        at = count
        while at > 0 and found[at - 1] > value:
            found[at] = found[at - 1]
            at -= 1
        found[at] = value
        count += 1
    return 0.5 * (found[(count - 1) // 2] + found[count // 2]) if count > 0 else np.nan


@part
def members_at(profiles: Array, levels: Array, ahead: int, days: int, out: Array) -> None:
    """Write what each member says, (MEMBERS,); NaN = unknown.

    The two levels alone; each profile alone, with its fast level let go soon, with the same let go late, and with its
    slow level let go late; the last day and the fast level, both with the drift from day to day.
    """
    out[0], out[1] = levels[2 * NONE], levels[2 * NONE + 1]
    soon, late = np.exp(-ahead / SOON), np.exp(-ahead / LATE)
    for profile in range(1, PROFILES):
        base, fast, slow, first = profiles[profile], levels[2 * profile], levels[2 * profile + 1], 4 * profile - 2
        out[first], out[first + 1] = base, base + fast * soon
        out[first + 2], out[first + 3] = base + fast * late, base + slow * late
    out[MEMBERS - 2] = profiles[LAST] + levels[DRIFT] * days
    out[MEMBERS - 1] = levels[2 * NONE] + levels[DRIFT] * ahead / DAY_SLOTS


@part
def order(says: Array, places: IntArray) -> int:
    """Put the members in the order of what they say, those that know nothing last; return how many know something.

    The order found before is a good start: it hardly changes from one instant to the next.
    """
    count = 0
    for start in range(MEMBERS):
        member, place = places[start], start
        value = says[member]
        known = not np.isnan(value)
        while place > 0 and known and not says[places[place - 1]] <= value:
            places[place] = places[place - 1]
            place -= 1
        places[place] = member
        count += 1 if known else 0
    return count


@part
def mix(says: Array, weights: Array, places: IntArray, count: int) -> tuple[float, float]:
    """Return the mean of the middle of what the members say, and how far they are from it; NaN when none is known.

    TRIMMED of the weight is cut off on either side of the weighted median.
    """
    total = 0.0
    for place in range(count):
        total += weights[places[place]]
    middle, passed = 0.0, 0.0
    for place in range(count):
        member = places[place]
        inside = min(passed + weights[member], (1.0 - TRIMMED) * total) - max(passed, TRIMMED * total)
        middle += max(inside, 0.0) * says[member]
        passed += weights[member]
    if not total > 0.0:
        return np.nan, np.nan
    middle, apart = middle / ((1.0 - 2.0 * TRIMMED) * total), 0.0
    for place in range(count):
        member = places[place]
        apart += weights[member] * abs(says[member] - middle)
    return middle, apart / total


@part
def discord_factor(now: float, bounds: Array) -> float:
    """Return by how much a disagreement widens or narrows the bounds; 1 when it is as usual."""
    faint = FAINT * bounds[SCALE]
    if now >= 0.0 and bounds[DISCORD] + faint > 0.0:
        ratio = (now + faint) / (bounds[DISCORD] + faint)
        return float(min(max(ratio, 1.0 / UPROAR), UPROAR) ** CONCORD)
    return 1.0


@part
def error_share(bounds: Array, slot: int) -> float:
    """Return how large errors are in an hour of the day, against the mean; at least a tenth."""
    share = bounds[HOUR + slot % DAY_SLOTS * HOURS // DAY_SLOTS]
    return 1.0 if np.isnan(share) else max(share, 0.1)


@part
def within(step: float, most: float) -> float:
    """Return a step, cut to `most` in either direction."""
    return min(max(step, -most), most)


@part
def limit(times: float, usual: float, now: float) -> float:
    """Return what counts as too far: some times the usual; infinite where that is nothing against what is seen now."""
    return times * usual if usual * NEW_SCALE > abs(now) else np.inf


@part
def agreed_at(weekly: Array, slot: int) -> float:
    """Return by how much an hour of the week differs from the usual day, as far as two weeks agree."""
    agreed = weekly[AGREED, slot // BINS_OF_HOUR]
    return 0.0 if np.isnan(agreed) else agreed
