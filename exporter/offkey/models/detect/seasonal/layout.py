"""What the seasonal detector keeps of each series, and the numbers its arithmetic rests on.

`running` (S, RUNNING) float64 holds levels, scales and sums; `Learned`, in fewer bits, what is deviation only: the
profile of the day, that of the week, and the counts of past sizes.
"""

import math
from typing import NamedTuple

from offkey.core.frame import Array, IntArray
from offkey.core.state import AnyArray

DAY_SECONDS, HOUR_SECONDS, BIN_SECONDS, CELL_SECONDS = 86_400, 3_600, 300, 1_800
HOURS, BINS, CELLS, LEVELS, TAIL, KINDS = 24, 288, 7 * 48, 4, 48, 3

# columns of `running`
SEEN, COUNT, LAST, LEVEL, NEAR, FAR, SPREAD, CHANGE, QUICK, SLOW, HELD, OFFSET = range(12)
FIRM, SHIFT, STALE, BIN, BIN_SUM, BIN_COUNT, CELL, CELL_SUM, CELL_COUNT, BASE, MEDIAN, RARE = range(12, 24)
MEAN, RANGE, LONG_MEAN, LONG_RANGE, LONG_HIGH, LONG_LOW, LONG_SPREAD, PEAK = range(24, 32)
APART, OFTEN, STEPS_NOW, STEPS_LONG, AROUND, SWING_NOW, SWING_LONG = range(32, 39)
RESTLESS = 39  # decades of rarity of how restless it was, all kinds together
RAW = 40  # running levels of the samples
LIFTED = RAW + LEVELS  # running levels of their seasonal residuals
ERRORS = LIFTED + LEVELS  # mean absolute error of each level, and of the last sample
HOURLY = ERRORS + 2 * LEVELS + 1  # for each hour of the day:
HOUR_JUMP, HOUR_WIDTH, HOUR_SEEN = range(3)  # innovation scale, residual scale, seconds seen
HOUR_LEVEL, HOUR_SPREAD, HOUR_STRIDE = range(3, 6)  # level on the days before, and the scale of what is off from it
RESTLESS_NOW = HOURLY + HOUR_STRIDE * HOURS  # mean squares of what restlessness is told by
RESTLESS_TAILS = RESTLESS_NOW + KINDS  # and what half and 99 % of their past stay below, in turn
RUNNING = RESTLESS_TAILS + 2 * KINDS

# entries of the rates: how far one sample moves a running value
STEP, NEED, SEASON, R_NEAR, R_FAR, R_HOUR, R_QUICK, R_SLOW, R_FIRM, R_LEVEL, R_STALE, R_FRESH = range(12)
R_LONG, R_EXTREME, R_PEAK, R_DAYS, R_UNREST, R_RESTLESS = range(12, 18)
R_LEVELS = 18
RATES = R_LEVELS + LEVELS

LEARN, SCORE, GLANCE, SWEEP, PARTS, SIGNS = range(6)

WARM = 30  # samples after which one sample's influence is limited
MOST_VISITS = 255  # of a bin that are counted: from six on they change nothing
CLIP = 4.0  # scales that one sample may move a level or a scale by
FAR_OFF = 3.0  # scales that count as off when a shift is looked for
FIRM_ENOUGH = 0.75  # share of recent samples far off at which levels follow without limit
SHIFT_SECONDS = 7_200  # how long a residual must be held to be adopted as the level
HELD_CLIP = 8.0
FAR_FROM_MEAN = 3.0  # mean distances that one sample may move the slow mean by
FORGOTTEN = 0.1  # how slowly an extreme is forgotten, against the slow mean
JUMP_ALLOWED, JUMP_PER_RESIDUAL = 3.0, 2.0  # scaled innovation that counts, more of it far from the season
QUICK_GAIN, SLOW_GAIN = 2.2, 3.9  # what makes the sustained innovations as wide as single ones, once a minute
LARGEST = 1e30  # samples beyond are taken for this much: nothing real is, and single precision ends at 3e38
TAIL_WIDTH = 0.25  # width of a tail bin, in units of size
TAIL_MOST = 40_000.0  # samples after which the weight of old ones is halved
TAIL_PRIOR = 300.0  # samples that the ordinary tail counts for
STILL_OFF = math.log(3.0)  # sign `spread` from which a peak counts in full: two scales off
LET_GO, KEPT = 0.25, 0.75  # chance of an incident up to which a peak counts for nothing, from which it does in full
HALF, HUNDREDTH = math.log10(2.0), 2.0  # decades of rarity at those two
MOST_UNREST = 9.0  # times what is usual that unrest may move what is usual by
SPREAD_CLIP = 5.0  # scales that one sample may move the scale of its hour by
SURE = 3.0  # decades beyond which rarity alone counts: below, the chance that a sample belongs to an incident
FADING = 12  # how fast rarity loses against that chance below
ODDS_PER_DECADE = 0.8  # log-odds of an incident for each decade of restlessness, set by hand
NEUTRAL = 2.5  # decades of restlessness, of all kinds, at which it changes nothing; one sample in 23 has more
BEND = 6.0  # decades beyond which strangeness grows with the logarithm only


class Clock(NamedTuple):
    """Local time of every column on the wall clock of each zone, (Z, T) each, and the zone of each series (S,)."""

    zone: IntArray
    bin: IntArray  # of the day
    cell: IntArray  # half-hour of the week
    hour: IntArray  # column of `running` where the hour of the day is kept
    left: IntArray  # bins of the day whose centres were passed last, and come next
    right: IntArray
    share: Array  # of the way between those centres


class Now(NamedTuple):
    """One column of a clock in one zone."""

    bin: int
    cell: int
    hour: int
    left: int
    right: int
    share: float


class Prediction(NamedTuple):
    """What is expected of the next sample: short-term and seasonal value and scale, and what was sustained so far."""

    forecast: float
    jump: float  # scale of the innovation
    per_jump: float
    usual: float
    width: float  # scale of the seasonal residual
    per_width: float
    extra: float  # part of the season that belongs to the day of the week
    known: bool  # whether this time of day was seen before; without, the season is the forecast
    quick: float  # sustained innovation before this sample, and the share that this sample has in it when judged
    quick_share: float
    slow: float
    slow_share: float
    per_spread: float  # reciprocal scale of all seasonal residuals
    held: float  # residual sustained over fifteen minutes so far
    mean: float  # of two days
    per_range: float
    long_mean: float  # of two weeks
    per_long: float
    high: float  # extremes, and how far they lie apart
    low: float
    per_reach: float
    base: float  # seasonal value on the slow level
    per_base: float
    days: float  # value at this time on the days before
    per_days: float
    apart: float  # deviation from it, sustained over fifteen minutes so far


class Tails(NamedTuple):
    """Sizes that half and 99 % of a series' past stay below."""

    median: float
    rare: float


class Traces(NamedTuple):
    """What an incident leaves behind, each at least 0; it counts whether the sample itself is off or not."""

    apart: float  # deviation from the days before sustained over fifteen minutes, as a logarithm like the signs
    often: float  # share of the last minutes far off from them or from what was just before
    rough: float  # size of the last steps from sample to sample, against that of two weeks, as such a logarithm
    swing: float  # distance of the last samples from their mean, against that of two weeks


class Found(NamedTuple):
    """What is found of a sample, each at least 0."""

    rarity: float  # strangeness
    size: float  # of all that speaks for an anomaly
    still: float  # share in which a peak of before goes on to count
    range: float  # the sign of that name


class Learned(NamedTuple):
    """What is deviation only, and how often it was seen."""

    profile: AnyArray  # deviation of each bin of the day from the level, float32 (S, BINS)
    visits: AnyArray  # how often it was learned, as far as that matters, uint8 (S, BINS)
    week: AnyArray  # further deviation by half-hour of the week, shortened (S, CELLS)
    lately: AnyArray  # what that deviation was a week ago, shortened (S, CELLS)
    sizes: AnyArray  # counts of past sizes, float32 (S, TAIL)
    restless: AnyArray  # counts of past restlessness of each kind, float32 (S, KINDS * TAIL)


class Lanes(NamedTuple):
    """Cases side by side, in blocks of so many: all that samples are judged by, whatever they are."""

    place: IntArray  # series and column, -1 where a lane is free (BLOCKS, 2, LANES)
    expected: Array  # one row for each field of `Prediction` (BLOCKS, FIELDS, LANES)
    case: Array  # the bound, and one row for each number in the rest of `Case` (BLOCKS, REST, LANES)


class Search(NamedTuple):
    """Room to look for the edges of one block."""

    goal: Array  # size at the edge, how exact it must be, and the first guess (3, LANES)
    going: Array  # 1 plus the deviation, how far off its size is, and the slope of that (3, LANES)
    edges: Array  # above and below (2, LANES)


class Rows(NamedTuple):
    """The state of all series, which of them to go through, and room to judge one without touching it."""

    first: int
    last: int  # the one after the last
    running: Array  # (S, RUNNING)
    learned: Learned
    spare: Array  # (RUNNING,)
    spared: Learned  # of one series
    lanes: Lanes  # of one block, taken again and again, or of as many as there are samples
    search: Search


class Signs(NamedTuple):
    """What speaks for an anomaly on one side, each at least 0: logarithms of 1 plus a scaled deviation."""

    power: float  # half the logarithm of the product of the short-term and the seasonal deviation
    spread: float  # deviation from the season, against all residuals of two days
    held: float  # residual sustained over fifteen minutes
    range: float  # from the means of two days and two weeks, whichever is further
    extreme: float  # beyond what was ever seen, against its reach
    base: float  # from the season on a level that adopts no shift


class Memory(NamedTuple):
    """What was off lately, on either side, each at least 0; it counts as far as the sample itself is off."""

    firm: float  # share of the last minutes far off
    quick: float  # size of the innovation sustained over five minutes
    slow: float  # and over fifteen


class Case(NamedTuple):
    """All that one sample is judged by."""

    expected: Prediction
    lately: float  # what was off lately, weighted
    memory: Memory
    traces: Traces  # as they were before it
    lift: float  # times the odds of an incident are what they would be had the series been calm before it
    peak: float  # largest strangeness of late, fading
    past: Tails
