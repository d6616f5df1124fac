"""What the bank keeps about a series, and the constants of its arithmetic.

Distances are counted in bins of the grid. Constants were chosen with `python -m tests.bench.forecasts` on one half of
public operations data and confirmed on the other; docs/forecasters/bank.md has the figures.
"""

from typing import NamedTuple

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.core.state import AnyArray
from offkey.models.forecast.bank._coded import SPAN, Season
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS
from offkey.models.kernels import part

NONE, USUAL, LAST, WEEK, DAILY = range(5)  # profiles of the season, see `_members.profiles_at`
PROFILES = 5
FAST, SLOW = 2.0, 16.0  # bins over which the two running levels of each profile forget
SOON, LATE = 48.0, 300.0  # bins ahead over which a member lets a level go
MEMBERS = 2 + 4 * (PROFILES - 1) + 2

# Columns of `own`: two levels of each profile, the drift from day to day; then what belongs to the present only.
DRIFT = 2 * PROFILES
LEVELS = DRIFT + 1
JUMP = LEVELS  # mean absolute miss of each profile with its fast level
SPREAD = JUMP + PROFILES  # mean absolute deviation from the usual day
ORIGIN = SPREAD + 1  # first value, in the series' own unit
PLACE = ORIGIN + 1  # the running hour of the week, the sum of its deviations from the usual day, and how many
SUM = PLACE + 1
COUNT = SUM + 1
OWN = COUNT + 1

# Rows of `weekly`.
NEWEST, AGREED = 0, 1

# Columns of `bounds`.
SCALE, DISCORD, BELOW, ABOVE, BOUNDS = range(5)
HOURS = 24
SHARE = 2.0**-12
WEEK_BITS, DAILY_BITS = 8, 16

BINS_OF_HOUR = DAY_SLOTS // HOURS
WEEK_HOURS = WEEK_SLOTS // BINS_OF_HOUR

STRIDE = 12  # bins between two remembered sets of levels, and two issued forecasts
BLOCKS = 4  # distances at which members are judged: about 45 minutes, 2.5 hours, 7.5 hours and 17.5 hours
LAGS = (3, 24, 84, 204)  # least distance of each block; the levels judged are up to STRIDE - 1 bins older
KEPT = LAGS[-1] // STRIDE + 1
MEMORY = (12.0, 16.0, 24.0, 36.0)  # judgements over which a member's error is forgotten, one in five bins
CENTRES = np.log(np.array((7.5, 30.0, 95.0, 221.0)))  # between them, blocks are mixed by the logarithm of the distance
LEADS = np.array((4, 11, 25, 42, 79, 116, 182, 257))  # checked distances, two for each block; they differ modulo STRIDE
CHECKS = 2
QUEUES = LEADS // STRIDE + 1  # forecasts that wait for their instant, for each lead
OFFSETS = np.cumsum(QUEUES) - QUEUES
ISSUED = int(QUEUES.sum())

LARGEST = 1e30  # a value farther from the first one counts as this far
TINY = 1e-30
SPREAD_MEMORY = 1.0 * DAY_SLOTS  # bins over which the usual deviation is forgotten
NEW_SCALE = 1e12  # times the usual: what is seen now is no outlier, the series has changed
NEAR = 3.0  # times the usual deviation: the last day and week are not believed beyond it
LEAP = 8.0  # times the usual miss: a level moves no faster
SAME = 3.0  # times the least error: what all members missed tells them apart no better
DAILY_RATE = 0.12  # weight of the newest day in the daily profile
TRIMMED = 0.3  # share of the weight that is cut off on each side of the weighted median
FAINT = 0.05  # times the usual error: disagreement that is added to both sides of the comparison
UPROAR = 5.0  # times the mean disagreement: more widens the bounds no further
DISCORD_MEMORY = 36.0  # issued forecasts over which the mean disagreement is forgotten
SCALE_MEMORY = (30.0, 30.0, 40.0, 40.0)  # checked forecasts, two an hour
HOUR_MEMORY = 40.0  # checked forecasts in that hour of the day
BURST = 10.0  # times the usual error: a larger one widens the bounds no further
OUTSIDE = (0.05, 0.05, 0.045, 0.042)  # share of values to be beyond each bound; far errors come in runs and teach late
PACE = 0.01  # how fast a bound moves, as a share of its distance, for a value beyond it
FIRST = 2.4  # distance of the bounds in mean absolute errors before they have learned


class Learned(NamedTuple):
    """What is known about series, as it is stored; first dimension S."""

    week: AnyArray  # last value of each slot of the week, less the origin, see `_coded.Season` (2016)
    week_floors: AnyArray
    week_powers: AnyArray
    daily: AnyArray  # running mean over the days of each slot of the day, likewise (288)
    daily_floors: AnyArray
    daily_powers: AnyArray
    weekly: AnyArray  # deviation of each hour of the week from the usual day, shortened: the newest, what two agreed on
    own: Array  # levels, jumps, spread and origin (OWN)
    bases: AnyArray  # the first level as it was, every STRIDE bins (KEPT)
    rests: AnyArray  # the other levels at those bins, shortened, see `_coded.write_levels` (KEPT, LEVELS - 1)
    rest_powers: AnyArray
    errors: Array  # mean absolute error of each member at each distance (BLOCKS, MEMBERS)
    issued: Array  # forecasts that wait for their instant (ISSUED)
    units: AnyArray  # and their unit and the disagreement's part in it, shortened (ISSUED, 2)
    bounds: Array  # mean error of the mix, mean disagreement, reach of both bounds (BLOCKS, BOUNDS)
    shares: AnyArray  # how large errors are in each hour of the day, in SHARE of the mean; 0 = not known (BLOCKS, 24)
    clock: IntArray  # number of the last bin since 1970, and how many bins had a value (2)


class One(NamedTuple):
    """What is known about one series."""

    week: Season
    daily: Season
    weekly: AnyArray
    own: Array
    bases: AnyArray
    rests: AnyArray
    rest_powers: AnyArray
    errors: Array
    issued: Array
    units: AnyArray
    bounds: Array
    shares: AnyArray
    clock: IntArray


def shapes() -> dict[str, tuple[tuple[int, ...], type]]:
    """Return shape and type of each array of `Learned` for one series."""
    return {
        "week": ((WEEK_SLOTS,), np.uint8),
        "week_floors": ((WEEK_SLOTS // SPAN,), np.float32),
        "week_powers": ((WEEK_SLOTS // SPAN,), np.int8),
        "daily": ((DAY_SLOTS,), np.uint16),
        "daily_floors": ((DAY_SLOTS // SPAN,), np.float32),
        "daily_powers": ((DAY_SLOTS // SPAN,), np.int8),
        "weekly": ((2, WEEK_HOURS), np.uint16),
        "own": ((OWN,), np.float64),
        "bases": ((KEPT,), np.float32),
        "rests": ((KEPT, LEVELS - 1), np.int16),
        "rest_powers": ((KEPT,), np.int8),
        "errors": ((BLOCKS, MEMBERS), np.float32),
        "issued": ((ISSUED,), np.float32),
        "units": ((ISSUED, 2), np.uint16),
        "bounds": ((BLOCKS, BOUNDS), np.float32),
        "shares": ((BLOCKS, HOURS), np.uint16),
        "clock": ((2,), np.int64),
    }


@part
def one_of(learned: Learned, row: int) -> One:
    """Return what was learned about one series."""
    return One(
        Season(learned.week[row], learned.week_floors[row], learned.week_powers[row]),
        Season(learned.daily[row], learned.daily_floors[row], learned.daily_powers[row]),
        learned.weekly[row],
        learned.own[row],
        learned.bases[row],
        learned.rests[row],
        learned.rest_powers[row],
        learned.errors[row],
        learned.issued[row],
        learned.units[row],
        learned.bounds[row],
        learned.shares[row],
        learned.clock[row],
    )
