"""What the seasonal detector keeps of each series, and the numbers its arithmetic rests on.

Two arrays: `running` (S, RUNNING) float64 for levels, scales and sums, `learned` (S, LEARNED) float32 for what is
deviation only: the profile of the day, that of the week, and the counts of past sizes.
"""

import math
from typing import NamedTuple

from offkey.core.frame import IntArray

DAY_SECONDS, HOUR_SECONDS, BIN_SECONDS, CELL_SECONDS = 86_400, 3_600, 300, 1_800
HOURS, BINS, CELLS, LEVELS, TAIL = 24, 288, 7 * 48, 4, 48

# columns of `running`
SEEN, COUNT, LAST, LEVEL, NEAR, FAR, SPREAD, CHANGE, QUICK, SLOW, HELD, OFFSET = range(12)
FIRM, SHIFT, STALE, BIN, CELL, BIN_SUM, BIN_COUNT, MEDIAN, RARE = range(12, 21)
RAW = 21  # running levels of the samples
LIFTED = RAW + LEVELS  # running levels of their seasonal residuals
ERRORS = LIFTED + LEVELS  # mean absolute error of each level, and of the last sample
HOUR_JUMP = ERRORS + 2 * LEVELS + 1  # innovation scale by hour of day
HOUR_WIDTH = HOUR_JUMP + HOURS  # scale of the seasonal residual by hour of day
HOUR_SEEN = HOUR_WIDTH + HOURS  # seconds seen by hour of day
RUNNING = HOUR_SEEN + HOURS

# columns of `learned`
PROFILE = 0  # deviation from the level by time of day
VISITS = PROFILE + BINS  # how often each bin was learned
WEEK = VISITS + BINS  # further deviation by half-hour of the week
SIZES = WEEK + CELLS  # counts of past sizes
LEARNED = SIZES + TAIL

# entries of the rates: how far one sample moves a running value
STEP, NEED, SEASON, R_NEAR, R_FAR, R_HOUR, R_QUICK, R_SLOW, R_FIRM, R_LEVEL, R_STALE, R_FRESH = range(12)
R_LEVELS = 12
RATES = R_LEVELS + LEVELS

LEARN, SCORE, BAND = range(3)

WARM = 30  # samples after which one sample's influence is limited
CLIP = 4.0  # scales that one sample may move a level or a scale by
FAR_OFF = 3.0  # scales that count as off when a shift is looked for
FIRM_ENOUGH = 0.75  # share of recent samples far off at which levels follow without limit
SHIFT_SECONDS = 7_200  # how long a residual must be held to be adopted as the level
HELD_CLIP = 8.0
QUICK_GAIN, SLOW_GAIN = 2.2, 3.9  # what makes the sustained innovations as wide as single ones, once a minute
LARGEST = 1e30  # samples beyond are taken for this much: nothing real is, and single precision ends at 3e38
TAIL_WIDTH = 0.25  # width of a tail bin, in units of size
TAIL_MOST = 40_000.0  # samples after which the weight of old ones is halved
TAIL_PRIOR = 300.0  # samples that the ordinary tail counts for
ORDINARY_MEDIAN, ORDINARY_RARE = 1.4, 3.6  # sizes that half and 99 % of the samples of an ordinary series stay below
HALF, HUNDREDTH = math.log10(2.0), 2.0  # decades of rarity at those two
BEND = 6.0  # decades beyond which strangeness grows with the logarithm only


class Clock(NamedTuple):
    """Local time of every column."""

    week: IntArray  # (Z, T): seconds since Monday 00:00 on each zone's wall clock
    zone: IntArray  # (S,): row of `week` of each series


class Prediction(NamedTuple):
    """What is expected of the next sample: short-term and seasonal value and scale, and what was sustained so far."""

    forecast: float
    jump: float  # scale of the innovation
    usual: float
    width: float  # scale of the seasonal residual
    known: bool  # whether this time of day was seen before; without, the season is the forecast
    quick: float  # sustained innovation before this sample, and the share that this sample will have in it
    quick_share: float
    slow: float
    slow_share: float
