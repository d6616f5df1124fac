"""What the members of the bank say about an instant, and what is made of it. Compiled; see `_kernel.py`."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit

from offkey.core.frame import Array, IntArray
from offkey.models.forecast.bank._learned import (
    ABOVE,
    BELOW,
    BLOCKS,
    CENTRES,
    CONCORD,
    DAILY,
    DISCORD,
    DRIFT,
    HOUR,
    HOURS,
    LAST,
    LATE,
    MEMBERS,
    NEAR,
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
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS

DAYS = WEEK_SLOTS // DAY_SLOTS
FLAT = 3  # bins on either side over which the daily mean is smoothed; one for the last day and week
Function = TypeVar("Function", bound=Callable[..., object])


def piece(function: Function) -> Function:
    """Compile a function that only compiled code calls; without a door for Python all is compiled a fifth sooner."""
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "no_cpython_wrapper": True}
    return cast("Function", njit(**options)(function))


class Desk(NamedTuple):
    """Room to work in, so that nothing is allocated for each instant."""

    profiles: Array  # (PROFILES,)
    says: Array  # (MEMBERS,)
    places: IntArray  # members by what they say (MEMBERS,)
    weights: Array  # trust in each member at each distance, 0 where it is not known (BLOCKS, MEMBERS)
    days: Array  # values of one slot (DAYS,)


class Said(NamedTuple):
    """A forecast for one instant; NaN where nothing was learned at that distance."""

    point: float  # less the origin
    unit: float  # the error to expect
    discord: float  # how far the members disagree
    factor: float  # what that adds to the unit
    below: float  # units from the lower bound to the point
    above: float  # units from the point to the upper bound


@piece
def desk() -> Desk:
    """Return a desk."""
    return Desk(
        np.empty(PROFILES), np.empty(MEMBERS), np.empty(MEMBERS, np.int64), np.empty((BLOCKS, MEMBERS)), np.empty(DAYS)
    )


@piece
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


@piece
def say(one: Learned, slot: int, ahead: int, work: Desk) -> Said:
    """Return the forecast for one instant; `work.weights` must be written.

    Args:
        one: what was learned about the series.
        slot: slot of the week the instant lies in.
        ahead: bins from the last learned one.
        work: room to work in.
    """
    days = (ahead - 1) // DAY_SLOTS + 1
    profiles_at(one, slot, days, work)
    members_at(work.profiles, one.own, ahead, days, work.says)
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
            factor += weight * discord_factor(apart, bounds[DISCORD])
            scale += weight * bounds[SCALE]
            share += weight * error_share(bounds, slot)
            below += weight * bounds[BELOW]
            above += weight * bounds[ABOVE]
    return Said(point, scale * share * factor, discord, factor, below, above)


@piece
def profiles_at(one: Learned, slot: int, days: int, work: Desk) -> None:
    """Write what each profile of the season says about a slot of the week, (PROFILES,).

    NONE is 0; USUAL the median of seven days; LAST the last day known, `days` back, and WEEK the last week, both mean
    of three bins, none farther from the usual than is usual; DAILY a running mean over the days, of seven bins.
    """
    most = NEAR * one.own[SPREAD]
    if not most > 0.0:
        most = np.inf
    last, lasts, week, weeks, daily, dailies = 0.0, 0, 0.0, 0, 0.0, 0
    for near in range(slot - 1, slot + 2):
        usual = usual_at(one.week, near, work.days)
        if near == slot:
            work.profiles[USUAL] = usual
        value = one.week[(near - days * DAY_SLOTS) % WEEK_SLOTS]
        if not np.isnan(value):
            last, lasts = last + usual + within(value - usual, most), lasts + 1
        value = one.week[near % WEEK_SLOTS]
        if not np.isnan(value):
            week, weeks = week + usual + within(value - usual, most), weeks + 1
    for near in range(slot - FLAT, slot + FLAT + 1):
        value = one.daily[near % DAY_SLOTS]
        if not np.isnan(value):
            daily, dailies = daily + value, dailies + 1
    work.profiles[NONE] = 0.0
    work.profiles[LAST] = last / lasts if lasts > 0 else np.nan
    work.profiles[WEEK] = week / weeks if weeks > 0 else np.nan
    work.profiles[DAILY] = daily / dailies if dailies > 0 else np.nan


@piece
def usual_at(week: Array, slot: int, found: Array) -> float:
    """Return the median over the days of one slot of the day; NaN when never seen."""
    count = 0
    for day in range(DAYS):
        value = week[(slot + day * DAY_SLOTS) % WEEK_SLOTS]
        if np.isnan(value):
            continue
        place = count
        while place > 0 and found[place - 1] > value:
            found[place] = found[place - 1]
            place -= 1
        found[place] = value
        count += 1
    return 0.5 * (found[(count - 1) // 2] + found[count // 2]) if count > 0 else np.nan


@piece
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


@piece
def order(says: Array, places: IntArray) -> int:
    """Write the members that know something, by what they say; return how many there are."""
    count = 0
    for member in range(MEMBERS):
        value = says[member]
        if np.isnan(value):
            continue
        place = count
        while place > 0 and says[places[place - 1]] > value:
            places[place] = places[place - 1]
            place -= 1
        places[place] = member
        count += 1
    return count


@piece
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


@piece
def discord_factor(now: float, mean: float) -> float:
    """Return by how much a disagreement widens or narrows the bounds; 1 when it is as usual."""
    if now >= 0.0 and mean > 0.0:
        return float(min(max(now / mean, 1.0 / UPROAR), UPROAR) ** CONCORD)
    return 1.0


@piece
def error_share(bounds: Array, slot: int) -> float:
    """Return how large errors are in an hour of the day, against the mean; at least a tenth."""
    share = bounds[HOUR + slot % DAY_SLOTS * HOURS // DAY_SLOTS]
    return 1.0 if np.isnan(share) else max(share, 0.1)


@piece
def within(step: float, most: float) -> float:
    """Return a step, cut to `most` in either direction."""
    return min(max(step, -most), most)
