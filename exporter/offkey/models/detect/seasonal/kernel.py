"""The seasonal detector's arithmetic for one sample, walked over all series.

Everything compiled lives in this file, constants included: the compiled code is kept until this file changes.
"""

import math
from typing import NamedTuple

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.core.state import AnyArray
from offkey.models.kernels import compiled

DAY_SECONDS, BIN_SECONDS, CELL_SECONDS = 86_400, 300, 1_800
BINS, CELLS, LEVELS, TAIL = 288, 48, 4, 40

# columns of `Rows.running`
SEEN, COUNT, LAST, LEVEL, NEAR, FAR, SPREAD, HELD, OFFSET, FIRM, SHIFT, STALE = range(12)
BIN, BIN_SUM, BIN_COUNT, BIN_CELL = range(12, 16)
RUNNING = 16

# entries of the rates
STEP, NEED, SEASON, R_NEAR, R_FAR, R_HOUR, R_SPREAD, R_HELD, R_FIRM, R_LEVEL, R_STALE, R_FADE, R_BACK = range(13)
R_LEVELS = 13
RATES = R_LEVELS + LEVELS

# entries of a prediction
FORECAST, JUMP, USUAL, WIDTH, MEMORY, RATE, KNOWN = range(7)

LEARN, SCORE, BAND = range(3)

CLIP = 4.0  # learned scales that one sample can move a level or a scale
FIRM_ENOUGH = 0.75  # share of recent samples far off at which levels follow without clipping
HELD_SHIFT = 3.0  # sustained residual, in scales, that counts as a shift
SHIFT_SECONDS = 3_600  # how long it must last to be adopted as the new level
HELD_CLIP = 8.0
LARGEST = 1e30  # samples beyond are taken for this much: nothing real is, and single precision ends at 3e38
TAIL_WIDTH = 0.25  # width of a tail bin, in units of deviation
TAIL_PRIOR = 500.0  # samples that the assumed tail counts for
TAIL_SLOPE = 1.5  # decades that the assumed tail falls per unit of deviation
ASSUMED = TAIL_PRIOR * 10.0 ** (-TAIL_SLOPE * TAIL_WIDTH * np.arange(TAIL + 1))  # samples beyond each bin edge
MOST_TAIL = 50_000.0  # samples after which old ones fade


class Rows(NamedTuple):
    """What is kept of each series; the first dimension of every array is the series."""

    running: AnyArray  # (S, RUNNING) float64
    levels: AnyArray  # (S, 2 * LEVELS) float64: running levels of the samples, then of their seasonal residuals
    errors: AnyArray  # (S, 2 * LEVELS + 1) float64: mean absolute error of each level, and of the last sample
    hours: AnyArray  # (S, 3, 24) float32: innovation scale, residual scale, seconds seen, by hour of day
    profile: AnyArray  # (S, BINS) float32: deviation from the level by time of day
    visits: AnyArray  # (S, BINS) uint8
    week: AnyArray  # (S, 7 * CELLS) float32: further deviation by half-hour of the week
    week_visits: AnyArray  # (S, 7 * CELLS) uint8
    tail: AnyArray  # (S, 2, TAIL) float32: counts of past deviations, below and above


class Clock(NamedTuple):
    """Local time of every column."""

    week: IntArray  # (Z, T): seconds since Monday 00:00 on each zone's wall clock
    zone: IntArray  # (S,): row of `week` of each series


@compiled
def room() -> Rows:
    """Return rows for one series."""
    return Rows(
        np.empty(RUNNING),
        np.empty(2 * LEVELS),
        np.empty(2 * LEVELS + 1),
        np.empty((3, 24), np.float32),
        np.empty(BINS, np.float32),
        np.empty(BINS, np.uint8),
        np.empty(7 * CELLS, np.float32),
        np.empty(7 * CELLS, np.uint8),
        np.empty((2, TAIL), np.float32),
    )


@compiled
def season(row: Rows, clock: int, rates: Array) -> tuple[float, bool]:
    """Return the seasonal expectation at a week second, and whether that time of day was seen before."""
    if rates[SEASON] < 1:
        return row.running[LEVEL], True
    place = (clock % DAY_SECONDS) / BIN_SECONDS - 0.5
    first = math.floor(place)
    share = place - first
    left, right = first % BINS, (first + 1) % BINS
    weight_left = (1.0 - share) * (row.visits[left] > 0)
    weight_right = share * (row.visits[right] > 0)
    weight = weight_left + weight_right
    if weight <= 0.0:
        return row.running[LEVEL], False
    usual = (row.profile[left] * weight_left + row.profile[right] * weight_right) / weight
    if rates[SEASON] > 1:
        extra = float(row.week[clock // CELL_SECONDS])
        noise = 0.5 * float(row.hours[1, clock % DAY_SECONDS // 3600])
        if extra != 0.0:
            usual += extra * (extra * extra / (extra * extra + noise * noise))
    return row.running[LEVEL] + usual, True


@compiled
def predict(row: Rows, clock: int, rates: Array, out: Array) -> None:
    """Fill a prediction: the next sample's expectation and scale, short-term and seasonal."""
    run = row.running
    usual, known = season(row, clock, rates)
    total, forecast = 0.0, 0.0
    best = row.errors.min() + 1e-300
    for k in range(2 * LEVELS + 1):
        weight = best / (row.errors[k] + 1e-300)
        weight *= weight
        weight *= weight
        level = run[LAST] if k == 2 * LEVELS else row.levels[k] + (usual if k >= LEVELS else 0.0)
        total += weight
        forecast += weight * (level - run[LAST])
    hour = clock % DAY_SECONDS // 3600
    floor = 0.05 * run[FAR] + 0.1 * run[SPREAD] + 1e-14 * abs(run[LEVEL]) + 1e-12
    trusted = row.hours[2, hour] > 1800
    jump = max(run[NEAR], 0.5 * (row.hours[0, hour] if trusted else run[FAR]))
    width = row.hours[1, hour] if trusted and row.hours[1, hour] > 0 else run[SPREAD]
    out[FORECAST] = run[LAST] + forecast / total
    out[JUMP] = math.sqrt(jump * jump + run[STALE] * run[STALE] * width * width) + floor
    out[USUAL] = usual
    out[WIDTH] = max(width, 0.5 * run[SPREAD]) + floor
    out[MEMORY] = run[HELD] * (1.0 - rates[R_HELD])
    out[RATE] = rates[R_HELD]
    out[KNOWN] = 1.0 if known else 0.0


@compiled
def factor(y: float) -> float:
    """Return 1 + y above zero and its mirror image 1 / (1 - y) below."""
    return 1.0 + y if y >= 0.0 else 1.0 / (1.0 - y)


@compiled
def deviation(x: float, p: Array) -> tuple[float, float]:
    """Return the signed deviation of a sample and its slope; it rises with x everywhere.

    Half the logarithm of u u z h, where u is the innovation, z the seasonal residual and h the sustained residual,
    each in its scale and folded by `factor`: all must agree for a large value.
    """
    u = (x - p[FORECAST]) / p[JUMP]
    z = (x - p[USUAL]) / p[WIDTH] if p[KNOWN] > 0 else u
    held = p[MEMORY] + p[RATE] * min(HELD_CLIP, max(-HELD_CLIP, z))
    fu, fz, fh = factor(u), factor(z), factor(held)
    slope = 1.0 / ((1.0 + abs(u)) * p[JUMP]) + 0.5 / ((1.0 + abs(z)) * (p[WIDTH] if p[KNOWN] > 0 else p[JUMP]))
    return math.log(fu) + 0.5 * math.log(fz * fh), slope


@compiled
def place_of(target: float, p: Array) -> float:
    """Return the sample whose deviation is `target`: safeguarded Newton steps."""
    side = 1.0 if target >= 0.0 else -1.0
    reach = p[JUMP] * (math.exp(min(abs(target), 300.0)))
    low, high = p[FORECAST] - reach, p[FORECAST] + reach
    while deviation(high, p)[0] < target:
        high += 2.0 * (high - low)
    while deviation(low, p)[0] > target:
        low -= 2.0 * (high - low)
    x = p[FORECAST] if abs(target) < 1e-9 else p[FORECAST] + side * 0.5 * reach
    for _ in range(80):
        if not low < x < high:
            x = 0.5 * (low + high)
        value, slope = deviation(x, p)
        if value < target:
            low = x
        else:
            high = x
        step = (target - value) / slope
        if abs(step) <= 1e-12 * (abs(x) + p[JUMP]) or abs(target - value) < 1e-13:
            break
        x += step
    return float(x)


@compiled
def edge_share(k: int, count: float, above: float) -> float:
    """Return the share of past deviations on this side beyond bin edge k, mixed with the assumed tail."""
    return float((above + ASSUMED[k]) / (count + TAIL_PRIOR))


@compiled
def strangeness(size: float, side: int, row: Rows) -> float:
    """Return -log10 of the share of past deviations of this side beyond `size`."""
    tail = row.tail[side]
    count = 0.0
    for k in range(TAIL):
        count += tail[k]
    bin_ = int(size / TAIL_WIDTH)
    if bin_ >= TAIL:
        return -math.log10(edge_share(TAIL, count, 0.0)) + TAIL_SLOPE * (size - TAIL * TAIL_WIDTH)
    above = 0.0
    for k in range(bin_ + 1, TAIL):
        above += tail[k]
    near = -math.log10(edge_share(bin_, count, above + tail[bin_]))
    far = -math.log10(edge_share(bin_ + 1, count, above))
    return near + (far - near) * (size / TAIL_WIDTH - bin_)


@compiled
def size_of(bound: float, side: int, row: Rows) -> float:
    """Return the deviation whose strangeness is `bound`: the inverse of `strangeness`."""
    tail = row.tail[side]
    count = 0.0
    for k in range(TAIL):
        count += tail[k]
    above, near = count, 0.0
    for k in range(TAIL):
        above = max(0.0, above - tail[k])
        far = -math.log10(edge_share(k + 1, count, above))
        if far >= bound:
            return TAIL_WIDTH * (k + (bound - near) / (far - near))
        near = far
    return TAIL_WIDTH * TAIL + (bound - near) / TAIL_SLOPE


@compiled
def start(row: Rows, x: float) -> None:
    """Begin a series at its first sample."""
    row.running[:] = 0.0
    row.running[LAST] = x
    row.running[LEVEL] = x
    row.running[BIN] = -1.0
    row.levels[:LEVELS] = x
    row.levels[LEVELS:] = 0.0
    row.errors[:] = 0.0
    row.profile[:] = 0.0
    row.week[:] = 0.0
    row.hours[:] = 0.0
    row.tail[:] = 0.0
    row.visits[:] = 0
    row.week_visits[:] = 0


@compiled
def close_bin(row: Rows, rates: Array) -> None:
    """Teach the profile the mean residual of the time-of-day bin that has ended."""
    run = row.running
    cell = int(run[BIN_CELL])
    mid = int(run[BIN])
    if run[BIN_COUNT] > 0 and rates[SEASON] > 0:
        width = row.hours[1, mid * BIN_SECONDS // 3600]
        residual = run[BIN_SUM] / run[BIN_COUNT]
        if row.visits[mid] > 0 and width > 0:
            residual = min(CLIP * width, max(-CLIP * width, residual))
        calm = 1.0 if abs(run[HELD]) < HELD_SHIFT or row.visits[mid] == 0 else 0.0
        span = max(1, int(rates[STEP] // BIN_SECONDS))
        gain = calm * max(0.15, 1.0 / (row.visits[mid] + 1.0))
        for k in range(mid - span // 2, mid - span // 2 + span):
            row.profile[k % BINS] += gain * residual
            row.visits[k % BINS] = min(250, row.visits[k % BINS] + 1)
        if rates[SEASON] > 1:
            cells = max(1, int(rates[STEP] // CELL_SECONDS))
            gain = calm * (1.0 - 0.4 ** (min(span, 6.0) / 6.0)) * (1.0 if row.visits[mid] > 1 else 0.0)
            for k in range(cell - cells // 2, cell - cells // 2 + cells):
                row.week[k % (7 * CELLS)] += gain * residual
                row.week_visits[k % (7 * CELLS)] = min(250, row.week_visits[k % (7 * CELLS)] + 1)
    run[BIN_SUM] = 0.0
    run[BIN_COUNT] = 0.0


@compiled
def learn_level(row: Rows, x: float, p: Array, rates: Array) -> None:
    """Move the running levels, their errors and the innovation scales by one sample."""
    run = row.running
    innovation = x - p[FORECAST]
    warm = run[COUNT] > 30
    limit = CLIP * p[JUMP] if warm else 1e300
    small = min(abs(innovation), limit)
    first = 1.0 / (run[COUNT] + 1.0)
    gain = max(rates[R_NEAR], first)
    for k in range(2 * LEVELS + 1):
        level = run[LAST] if k == 2 * LEVELS else row.levels[k] + (p[USUAL] if k >= LEVELS else 0.0)
        row.errors[k] += gain * (min(abs(x - level), limit) - row.errors[k])
    seen = x
    if run[FIRM] <= FIRM_ENOUGH and abs(innovation) > limit:
        seen = p[FORECAST] + math.copysign(limit, innovation)
    for k in range(LEVELS):
        row.levels[k] += rates[R_LEVELS + k] * (seen - row.levels[k])
        row.levels[LEVELS + k] += rates[R_LEVELS + k] * (seen - p[USUAL] - row.levels[LEVELS + k])
    run[NEAR] += gain * (1.25 * small - run[NEAR])
    run[FAR] += max(rates[R_FAR], first) * (1.25 * small - run[FAR])


@compiled
def learn_hour(row: Rows, x: float, p: Array, hour: int, rates: Array) -> None:
    """Move the scales of this hour of day by one sample."""
    run, step = row.running, rates[STEP]
    seen = row.hours[2, hour]
    trusted = seen > 1800
    small = min(abs(x - p[FORECAST]), CLIP * p[JUMP] if trusted else 1e300)
    gain = max(rates[R_HOUR], step / (seen + step))
    row.hours[0, hour] += gain * (1.25 * small - row.hours[0, hour])
    row.hours[2, hour] = min(1e7, seen + step)
    residual = abs(x - p[USUAL])
    if run[COUNT] > 30:
        residual = min(residual, CLIP * p[WIDTH])
    run[SPREAD] += max(rates[R_SPREAD], 1.0 / (run[COUNT] + 1.0)) * (1.25 * residual - run[SPREAD])
    if p[KNOWN] > 0 and run[SEEN] >= rates[NEED]:
        since = max(0.0, seen - 3600.0)
        row.hours[1, hour] += max(rates[R_HOUR], step / (since + step)) * (1.25 * residual - row.hours[1, hour])


@compiled
def learn_shift(row: Rows, x: float, p: Array, rates: Array) -> None:
    """Follow the sustained residual; adopt it as the level when it has lasted."""
    run = row.running
    residual = x - p[USUAL]
    z = residual / p[WIDTH] if p[KNOWN] > 0 else 0.0
    run[HELD] = p[MEMORY] + p[RATE] * min(HELD_CLIP, max(-HELD_CLIP, z))
    run[OFFSET] += p[RATE] * (residual - run[OFFSET])
    off = abs(x - p[FORECAST]) > 3.0 * p[JUMP] or abs(z) > CLIP
    run[FIRM] += rates[R_FIRM] * ((1.0 if off else 0.0) - run[FIRM])
    run[SHIFT] = run[SHIFT] + rates[STEP] if abs(run[HELD]) > HELD_SHIFT else 0.0
    limit = CLIP * p[WIDTH]
    if run[SHIFT] >= SHIFT_SECONDS:
        run[LEVEL] += run[OFFSET]
        row.levels[LEVELS:] -= run[OFFSET]
        run[HELD] = 0.0
        run[OFFSET] = 0.0
        run[SHIFT] = 0.0
    elif run[SEEN] >= rates[NEED]:
        run[LEVEL] += rates[R_LEVEL] * min(limit, max(-limit, residual))
    elif run[SEEN] < 3600 or rates[SEASON] < 1:
        run[LEVEL] += rates[STEP] / (run[SEEN] + rates[STEP]) * residual


@compiled
def learn_tail(row: Rows, x: float, p: Array) -> None:
    """Count the sample's deviation among those of its side."""
    size = deviation(x, p)[0]
    tail = row.tail[1 if size > 0 else 0]
    tail[min(TAIL - 1, int(abs(size) / TAIL_WIDTH))] += 1.0
    if tail[0] > MOST_TAIL:
        tail *= 0.5


@compiled
def learn(row: Rows, x: float, clock: int, rates: Array, p: Array) -> None:
    """Take one sample, or a missing one, into the state; `p` is the prediction made for it."""
    run = row.running
    if math.isnan(x):
        if run[COUNT] >= 1:
            run[STALE] += rates[R_STALE] * (1.0 - run[STALE])
            run[HELD] *= 1.0 - rates[R_FADE]
        return
    if not run[COUNT] >= 1:
        start(row, x)
        predict(row, clock, rates, p)
    bin_, hour = clock % DAY_SECONDS // BIN_SECONDS, clock % DAY_SECONDS // 3600
    if run[BIN] != bin_:
        if run[BIN] >= 0:
            close_bin(row, rates)
        run[BIN] = bin_
        run[BIN_CELL] = clock // CELL_SECONDS
    run[BIN_SUM] += x - p[USUAL]
    run[BIN_COUNT] += 1.0
    if run[SEEN] >= rates[NEED]:
        learn_tail(row, x, p)
    learn_level(row, x, p, rates)
    learn_hour(row, x, p, hour, rates)
    learn_shift(row, x, p, rates)
    run[STALE] *= 1.0 - rates[R_BACK]
    run[LAST] = x
    run[SEEN] += rates[STEP]
    run[COUNT] += 1.0


@compiled
def take(rows: Rows, s: int) -> Rows:
    """Return one series' rows as views."""
    return Rows(
        rows.running[s],
        rows.levels[s],
        rows.errors[s],
        rows.hours[s],
        rows.profile[s],
        rows.visits[s],
        rows.week[s],
        rows.week_visits[s],
        rows.tail[s],
    )


@compiled
def copy(source: Rows, to: Rows) -> None:
    """Overwrite one series' rows with another's."""
    to.running[:] = source.running
    to.levels[:] = source.levels
    to.errors[:] = source.errors
    to.hours[:] = source.hours
    to.profile[:] = source.profile
    to.visits[:] = source.visits
    to.week[:] = source.week
    to.week_visits[:] = source.week_visits
    to.tail[:] = source.tail


@compiled
def judge(x: float, p: Array, row: Rows) -> float:
    """Return the strangeness of a sample."""
    if math.isnan(x):
        return math.nan
    size = deviation(x, p)[0]
    return strangeness(abs(size), 1 if size > 0 else 0, row)


@compiled
def walk(mode: int, values: Array, clock: Clock, rates: Array, rows: Rows, bound: Array, out: Array) -> None:
    """Go through all series and columns.

    Args:
        mode: LEARN writes what was learned to `rows`; SCORE and BAND leave them alone.
        values: samples, shape (S, T).
        clock: local time of every column.
        rates: from `Model.rates`, shape (RATES,).
        rows: what is kept of each series.
        bound: strangeness the band is asked for, shape (S,); read by BAND.
        out: strangeness as (1, S, T), or expected, lower and upper as (3, S, T).
    """
    p = np.zeros(KNOWN + 1)
    spare = room()
    for s in range(values.shape[0]):
        row = take(rows, s)
        if mode != LEARN and values.shape[1] > 1:
            copy(row, spare)
            row = spare
        for t in range(values.shape[1]):
            x, now = values[s, t], clock.week[clock.zone[s], t]
            if abs(x) > LARGEST:
                x = math.copysign(LARGEST, x)
            if row.running[COUNT] >= 1:
                predict(row, now, rates, p)
                if mode != LEARN and row.running[SEEN] >= rates[NEED]:
                    if mode == SCORE:
                        out[0, s, t] = judge(x, p, row)
                    else:
                        out[0, s, t] = place_of(0.0, p)
                        out[1, s, t] = place_of(-size_of(bound[s], 0, row), p)
                        out[2, s, t] = place_of(size_of(bound[s], 1, row), p)
            if mode == LEARN or t + 1 < values.shape[1]:
                learn(row, x, now, rates, p)
