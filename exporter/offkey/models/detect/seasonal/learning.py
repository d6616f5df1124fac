"""How one sample changes what the seasonal detector keeps of a series."""

import math

from offkey.core.frame import Array
from offkey.models.detect.seasonal.judging import predict, strangeness
from offkey.models.detect.seasonal.layout import (
    APART,
    AROUND,
    BASE,
    BIN,
    BIN_COUNT,
    BIN_SECONDS,
    BIN_SUM,
    BINS,
    CELL,
    CELL_COUNT,
    CELL_SECONDS,
    CELL_SUM,
    CELLS,
    CHANGE,
    CLIP,
    COUNT,
    ERRORS,
    FAR,
    FAR_OFF,
    FIRM,
    FIRM_ENOUGH,
    HELD,
    HELD_CLIP,
    HOUR_JUMP,
    HOUR_SECONDS,
    HOUR_SEEN,
    HOUR_STRIDE,
    HOUR_WIDTH,
    HOURLY,
    LAST,
    LEVEL,
    LEVELS,
    LIFTED,
    LONG_HIGH,
    LONG_LOW,
    LONG_MEAN,
    MEAN,
    MEDIAN,
    MOST_VISITS,
    NEAR,
    NEED,
    OFFSET,
    OFTEN,
    PEAK,
    QUICK,
    R_FAR,
    R_FIRM,
    R_FRESH,
    R_HOUR,
    R_LEVEL,
    R_LEVELS,
    R_NEAR,
    R_PEAK,
    R_QUICK,
    R_SLOW,
    R_STALE,
    RARE,
    RAW,
    SEASON,
    SEEN,
    SHIFT,
    SHIFT_SECONDS,
    SLOW,
    SPREAD,
    STALE,
    STEP,
    WARM,
    Found,
    Learned,
    Now,
    Prediction,
    Tails,
)
from offkey.models.detect.seasonal.ranges import learn_days, learn_range
from offkey.models.detect.seasonal.restless import renew_restless
from offkey.models.detect.seasonal.tails import count, renewed
from offkey.models.detect.seasonal.unrest import learn_unrest
from offkey.models.detect.seasonal.weights import ORDINARY
from offkey.models.kernels import door
from offkey.models.shortening import lengthened, shortened


@door
def learn(run: Array, learned: Learned, x: float, now: Now, rates: Array, p: Prediction) -> None:
    """Take one sample, or a missing one, into the state; `p` is the prediction made for it."""
    if math.isnan(x):
        if run[COUNT] >= 1:
            run[STALE] += rates[R_STALE] * (1.0 - run[STALE])
            run[QUICK] *= 1.0 - rates[R_STALE]
            run[SLOW] *= 1.0 - rates[R_STALE]
            run[HELD] *= 1.0 - rates[R_STALE]
            run[APART] *= 1.0 - rates[R_STALE]
            run[PEAK] *= 1.0 - rates[R_PEAK]
        return
    if not run[COUNT] >= 1:
        begin(run, learned, x)
        p = predict(run, learned, now, rates)
    usual = p.usual if p.known else run[LEVEL]
    if run[BIN] != now.bin:
        if run[BIN_COUNT] > 0:
            close_bin(run, learned, rates)
        run[BIN] = now.bin
    if run[CELL] != now.cell:
        if run[CELL_COUNT] > 0:
            close_cell(run, learned, rates)
        run[CELL] = now.cell
    run[BIN_SUM] += x - usual
    run[BIN_COUNT] += 1.0
    if p.known:
        run[CELL_SUM] += x - (usual - run[LEVEL] - p.extra) - run[BASE]
        run[CELL_COUNT] += 1.0
    learn_scales(run, x, usual, now.hour, rates, p)
    learn_levels(run, x, usual, rates, p)
    learn_shift(run, x, usual, rates, p)
    learn_unrest(run, x, rates)
    learn_range(run, x, x - usual + run[LEVEL] - run[BASE], rates)
    run[STALE] *= 1.0 - rates[R_FRESH]
    run[LAST] = x
    run[SEEN] += rates[STEP]
    run[COUNT] += 1.0


@door
def note(run: Array, learned: Learned, found: Found, rates: Array) -> None:
    """Count the size found of a sample among those of the past, and keep the peak of an incident while it lasts."""
    count(learned.sizes, found.size)
    fading = (1.0 - rates[R_PEAK]) * (1.0 - rates[R_SLOW] * (1.0 - found.still))
    run[PEAK] = max(fading * run[PEAK], strangeness(found.size, Tails(run[MEDIAN], run[RARE])))


@door
def begin(run: Array, learned: Learned, x: float) -> None:
    """Begin a series at its first sample."""
    run[:] = 0.0
    for k in range(BINS):
        learned.profile[k], learned.visits[k] = 0.0, 0
    for k in range(CELLS):
        learned.week[k] = learned.lately[k] = 0
    learned.sizes[:] = learned.restless[:] = 0.0
    run[LAST] = x
    run[LEVEL] = x
    run[RAW : RAW + LEVELS] = x
    run[MEAN] = run[LONG_MEAN] = run[LONG_HIGH] = run[LONG_LOW] = run[AROUND] = x
    run[BIN] = -1.0
    run[MEDIAN], run[RARE] = ORDINARY


@door
def close_bin(run: Array, learned: Learned, rates: Array) -> None:
    """Teach the profile the mean residual of the time-of-day bin that has ended, and renew the tail's quantiles.

    Samples further apart than a bin stand for all the bins around them.
    """
    middle = int(run[BIN])
    residual = run[BIN_SUM] / run[BIN_COUNT]
    width = run[HOURLY + HOUR_STRIDE * (middle * BIN_SECONDS // HOUR_SECONDS) + HOUR_WIDTH]
    visits = learned.visits[middle]
    if visits > 0 and width > 0:
        residual = min(CLIP * width, max(-CLIP * width, residual))
    if rates[SEASON] > 0 and (visits == 0 or abs(run[HELD]) < FAR_OFF):
        span = max(1, int(rates[STEP] // BIN_SECONDS))
        gain = max(0.15, 1.0 / (visits + 1.0))
        for k in range(middle - span // 2, middle - span // 2 + span):
            learned.profile[k % BINS] += gain * residual
            learned.visits[k % BINS] = min(MOST_VISITS, learned.visits[k % BINS] + 1)
    run[BIN_SUM] = run[BIN_COUNT] = 0.0
    run[MEDIAN], run[RARE] = renewed(learned.sizes)
    renew_restless(run, learned.restless)


@door
def close_cell(run: Array, learned: Learned, rates: Array) -> None:
    """Teach the week what this half-hour's deviation from the day's profile has in common with a week ago.

    An incident of one week is not expected in the next; a day that is different is, once it was so twice.
    """
    deviation = run[CELL_SUM] / run[CELL_COUNT]
    span = max(1, int(rates[STEP] // CELL_SECONDS))
    for k in range(int(run[CELL]) - span // 2, int(run[CELL]) - span // 2 + span):
        place = k % CELLS
        before, week = lengthened(learned.lately[place]), lengthened(learned.week[place])
        agreed = 0.0
        if deviation * before > 0.0:
            agreed = deviation if abs(deviation) < abs(before) else before
        learned.week[place] = shortened(week + (0.5 if week != 0.0 else 1.0) * (agreed - week))
        learned.lately[place] = shortened(deviation)
    run[CELL_SUM] = run[CELL_COUNT] = 0.0


@door
def learn_levels(run: Array, x: float, usual: float, rates: Array, p: Prediction) -> None:
    """Move the running levels and their errors by one sample."""
    limit = CLIP * p.jump if run[COUNT] > WARM else 1e300
    gain = max(rates[R_NEAR], 1.0 / (run[COUNT] + 1.0))
    seen = x
    if run[FIRM] <= FIRM_ENOUGH:
        seen = p.forecast + min(limit, max(-limit, x - p.forecast))
    for k in range(LEVELS):
        raw, lifted = run[RAW + k], run[LIFTED + k]
        run[ERRORS + k] += gain * (min(abs(x - raw), limit) - run[ERRORS + k])
        run[ERRORS + LEVELS + k] += gain * (min(abs(x - usual - lifted), limit) - run[ERRORS + LEVELS + k])
        run[RAW + k] += rates[R_LEVELS + k] * (seen - raw)
        run[LIFTED + k] += rates[R_LEVELS + k] * (seen - usual - lifted)
    run[ERRORS + 2 * LEVELS] += gain * (min(abs(x - run[LAST]), limit) - run[ERRORS + 2 * LEVELS])


@door
def learn_scales(run: Array, x: float, usual: float, hour: int, rates: Array, p: Prediction) -> None:
    """Move the innovation and residual scales by one sample, those of its hour of day included."""
    warm = run[COUNT] > WARM
    gain = max(rates[R_FAR], 1.0 / (run[COUNT] + 1.0))
    learn_days(run, x - (p.usual - run[LEVEL] - p.extra) if p.known else x, hour, rates)
    innovation = 1.25 * min(abs(x - p.forecast), CLIP * p.jump if warm else 1e300)
    residual = 1.25 * min(abs(x - usual), CLIP * p.width if warm else 1e300)
    run[NEAR] += max(rates[R_NEAR], gain) * (innovation - run[NEAR])
    run[FAR] += gain * (innovation - run[FAR])
    run[SPREAD] += gain * (residual - run[SPREAD])
    change = abs(x - run[LAST])
    if change > 0.0 and run[CHANGE] == 0.0:
        run[CHANGE] = change
    elif change > 0.0:
        run[CHANGE] += rates[R_NEAR] * (min(change, CLIP * run[CHANGE]) - run[CHANGE])
    seen, step = run[hour + HOUR_SEEN], rates[STEP]
    run[hour + HOUR_JUMP] += max(rates[R_HOUR], step / (seen + step)) * (innovation - run[hour + HOUR_JUMP])
    run[hour + HOUR_SEEN] = seen + step
    if p.known and run[SEEN] >= rates[NEED]:
        since = max(0.0, seen - HOUR_SECONDS)
        run[hour + HOUR_WIDTH] += max(rates[R_HOUR], step / (since + step)) * (residual - run[hour + HOUR_WIDTH])


@door
def learn_shift(run: Array, x: float, usual: float, rates: Array, p: Prediction) -> None:
    """Follow what is sustained; adopt a residual as the new level when it has been held for long."""
    residual = x - usual if p.known else 0.0
    u, z = (x - p.forecast) * p.per_jump, residual * p.per_width
    jump = min(HELD_CLIP, max(-HELD_CLIP, u))
    run[QUICK] += rates[R_QUICK] * (jump - run[QUICK])
    run[SLOW] += rates[R_SLOW] * (jump - run[SLOW])
    run[HELD] += rates[R_SLOW] * (min(HELD_CLIP, max(-HELD_CLIP, z)) - run[HELD])
    apart = (x - p.days) * p.per_days
    run[APART] += rates[R_SLOW] * (min(HELD_CLIP, max(-HELD_CLIP, apart)) - run[APART])
    often = abs(u) > FAR_OFF or abs(apart) > CLIP
    run[OFTEN] += rates[R_FIRM] * ((1.0 if often else 0.0) - run[OFTEN])
    run[OFFSET] += rates[R_SLOW] * (residual - run[OFFSET])
    off = abs(u) > FAR_OFF or abs(z) > CLIP
    run[FIRM] += rates[R_FIRM] * ((1.0 if off else 0.0) - run[FIRM])
    run[SHIFT] = run[SHIFT] + rates[STEP] if abs(run[HELD]) > FAR_OFF else 0.0
    if run[SHIFT] >= SHIFT_SECONDS:
        run[LEVEL] += run[OFFSET]
        for k in range(LEVELS):
            run[LIFTED + k] -= run[OFFSET]
        run[HELD] = run[OFFSET] = run[SHIFT] = run[PEAK] = 0.0
    elif run[SEEN] >= rates[NEED]:
        limit = CLIP * p.width
        run[LEVEL] += rates[R_LEVEL] * min(limit, max(-limit, residual))
    elif run[SEEN] < HOUR_SECONDS or rates[SEASON] < 1:
        run[LEVEL] += rates[STEP] / (run[SEEN] + rates[STEP]) * (x - run[LEVEL])
    run[BASE] += (rates[R_LEVEL] if run[SEEN] >= rates[NEED] else 1.0) * (run[LEVEL] - run[BASE])
