"""Forecasts that are put aside until their instants come, and what they then teach. Compiled; see `_kernel.py`."""

import numpy as np

from offkey.core.state import AnyArray
from offkey.models.forecast.bank._learned import (
    BELOW,
    BURST,
    CHECKS,
    DISCORD,
    DISCORD_MEMORY,
    FIRST,
    HOUR_MEMORY,
    HOURS,
    LEADS,
    OFFSETS,
    OUTSIDE,
    PACE,
    QUEUES,
    SCALE,
    SCALE_MEMORY,
    SHARE,
    STRIDE,
    UPROAR,
    One,
)
from offkey.models.forecast.bank._members import Desk, error_share, limit, say
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS
from offkey.models.kernels import part
from offkey.models.shortening import lengthened, shortened


@part
def check(one: One, number: int, slot: int, value: float) -> None:
    """Compare a value with the forecasts that were issued for it."""
    for lead in range(LEADS.shape[0]):
        then = number - LEADS[lead]
        if then % STRIDE == 0:
            place = OFFSETS[lead] + then // STRIDE % QUEUES[lead]
            if not np.isnan(one.issued[place]):
                _calibrate(one, lead // CHECKS, slot, value - one.issued[place], one.units[place])


@part
def _calibrate(one: One, block: int, slot: int, miss: float, waiting: AnyArray) -> None:
    """Learn the size of errors at one distance, and how far the bounds must reach."""
    bounds, shares = one.bounds[block], one.shares[block]
    unit, size = lengthened(waiting[0]), abs(miss) / lengthened(waiting[1])
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
    share, hour = error_share(shares, slot), slot % DAY_SLOTS * HOURS // DAY_SLOTS
    now = share + (min(size / bounds[SCALE], BURST) - share) / HOUR_MEMORY
    shares[hour] = max(1, int(np.rint(now / SHARE)))
    bounds[SCALE] += (min(size / share, limit(BURST, bounds[SCALE], size)) - bounds[SCALE]) / SCALE_MEMORY[block]


@part
def issue(one: One, number: int, slot: int, work: Desk) -> None:
    """Put forecasts aside that will be checked when their instants come.

    Their slots are counted on, so the few that meet a change of the clock are checked against the wrong hour.
    """
    work.weighed[:] = False
    for lead in range(LEADS.shape[0]):
        said = say(one, (slot + LEADS[lead]) % WEEK_SLOTS, LEADS[lead], work)
        place = OFFSETS[lead] + number // STRIDE % QUEUES[lead]
        one.issued[place] = said.point
        one.units[place, 0], one.units[place, 1] = shortened(said.unit), shortened(said.factor)
        bounds = one.bounds[lead // CHECKS]
        if np.isnan(bounds[DISCORD]):
            bounds[DISCORD] = said.discord
        elif not np.isnan(said.discord):
            most = UPROAR * bounds[DISCORD] if bounds[DISCORD] > 0.0 else np.inf
            bounds[DISCORD] += (min(said.discord, most) - bounds[DISCORD]) / DISCORD_MEMORY
