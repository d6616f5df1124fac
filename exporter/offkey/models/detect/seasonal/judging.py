"""What the seasonal detector thinks of one sample: expectation, size of the deviation, strangeness, and back."""

import math

from offkey.core.frame import Array
from offkey.models.detect.seasonal.layout import (
    APART,
    BASE,
    BEND,
    CHANGE,
    COUNT,
    ERRORS,
    FAR,
    HALF,
    HELD,
    HELD_CLIP,
    HOUR_JUMP,
    HOUR_LEVEL,
    HOUR_SECONDS,
    HOUR_SEEN,
    HOUR_SPREAD,
    HOUR_WIDTH,
    HUNDREDTH,
    JUMP_ALLOWED,
    JUMP_PER_RESIDUAL,
    LAST,
    LEVEL,
    LEVELS,
    LIFTED,
    LONG_HIGH,
    LONG_LOW,
    LONG_MEAN,
    LONG_RANGE,
    LONG_SPREAD,
    MEAN,
    NEAR,
    QUICK,
    QUICK_GAIN,
    R_QUICK,
    R_SLOW,
    RANGE,
    RAW,
    SEASON,
    SEEN,
    SLOW,
    SLOW_GAIN,
    SPREAD,
    STALE,
    STEP,
    Learned,
    Now,
    Prediction,
    Tails,
)
from offkey.models.kernels import door
from offkey.models.logarithm import ln
from offkey.models.shortening import lengthened


@door
def season(run: Array, learned: Learned, now: Now, kind: float) -> tuple[float, float, bool]:
    """Return the seasonal expectation, its weekly part, and whether that time of day was seen before."""
    if kind < 1:
        return float(run[LEVEL]), 0.0, True
    weight_left = (1.0 - now.share) * (learned.visits[now.left] > 0)
    weight_right = now.share * (learned.visits[now.right] > 0)
    weight = weight_left + weight_right
    if weight <= 0.0:
        return float(run[LEVEL]), 0.0, False
    usual = (learned.profile[now.left] * weight_left + learned.profile[now.right] * weight_right) / weight
    extra = lengthened(learned.week[now.cell]) if kind > 1 else 0.0
    if extra != 0.0:
        noise = run[now.hour + HOUR_WIDTH]
        extra *= extra * extra / (extra * extra + noise * noise)  # what noise alone explains is shrunk away
    return float(run[LEVEL] + usual + extra), extra, True


@door
def forecast(run: Array, usual: float) -> float:
    """Return the mean of the running levels, each weighted by the fourth power of its recent accuracy."""
    best = run[ERRORS]
    for k in range(1, 2 * LEVELS + 1):
        best = min(best, run[ERRORS + k])
    total, moved = 0.0, 0.0
    for k in range(2 * LEVELS + 1):
        weight = (best + 1e-300) / (run[ERRORS + k] + 1e-300)
        weight *= weight
        weight *= weight
        total += weight
        if k < LEVELS:
            moved += weight * (run[RAW + k] - run[LAST])
        elif k < 2 * LEVELS:
            moved += weight * (run[LIFTED + k - LEVELS] + usual - run[LAST])
    return float(run[LAST] + moved / total)


@door
def scales(run: Array, hour: int, known: bool) -> tuple[float, float, float]:
    """Return the scale of the innovation, that of the seasonal residual, and what no scale falls below."""
    trusted = run[hour + HOUR_SEEN] > HOUR_SECONDS / 2
    floor = 0.05 * run[FAR] + 0.2 * (run[SPREAD] + run[CHANGE]) + 1e-14 * abs(run[LEVEL]) + 1e-12
    jump = max(run[NEAR], run[hour + HOUR_JUMP] if trusted else run[FAR])
    width = run[hour + HOUR_WIDTH] if trusted and run[hour + HOUR_WIDTH] > 0 else run[SPREAD]
    jump = math.sqrt(jump * jump + run[STALE] * run[STALE] * width * width) + floor
    width = max(width, 0.2 * run[SPREAD]) + floor if known else jump
    return jump, width, floor


@door
def before(run: Array, hour: int, usual: float, level: float, known: bool) -> tuple[float, float]:
    """Return the value at this time on the days before, and the reciprocal of the scale of what was off from it.

    Its level is that of the hour of the day alone, which follows in days: what goes on today leaves it where it is.
    """
    scale = run[hour + HOUR_SPREAD] if run[hour + HOUR_SPREAD] > 0.0 else run[SPREAD]
    trusted = known and run[hour + HOUR_SEEN] > HOUR_SECONDS / 2
    value = usual - run[LEVEL] + run[hour + HOUR_LEVEL] if trusted else level
    return float(value), 1.0 / (scale + 0.05 * run[FAR] + 1e-12)


@door
def predict(run: Array, learned: Learned, now: Now, rates: Array) -> Prediction:
    """Return what is expected of the next sample."""
    usual, extra, known = season(run, learned, now, rates[SEASON])
    level = forecast(run, usual)
    jump, width, floor = scales(run, now.hour, known)
    days, per_days = before(run, now.hour, usual - extra, level, known)
    quick, slow = shares(run, rates)
    return Prediction(
        level,
        jump,
        1.0 / jump,
        usual if known else level,
        width,
        1.0 / width,
        extra,
        known,
        run[QUICK] * (1.0 - quick),
        quick,
        run[SLOW] * (1.0 - slow),
        slow,
        1.0 / (run[SPREAD] + floor),
        run[HELD] * (1.0 - slow),
        run[MEAN],
        1.0 / (run[RANGE] + floor),
        run[LONG_MEAN],
        1.0 / (run[LONG_RANGE] + floor),
        run[LONG_HIGH],
        run[LONG_LOW],
        1.0 / (run[LONG_HIGH] - run[LONG_LOW] + floor),
        (usual - run[LEVEL] + run[BASE]) if known else level,
        1.0 / (run[LONG_SPREAD] + floor),
        days,
        per_days,
        run[APART] * (1.0 - slow),
    )


@door
def shares(run: Array, rates: Array) -> tuple[float, float]:
    """Return the share that one sample has in what was sustained, quick and slow, when it is judged.

    Past sizes were counted at the mean spacing of the past. Where samples now come more often, one of them is judged
    as if it stood for as long as those did; otherwise the same value would count for less, only for being seen sooner.
    """
    if run[SEEN] <= run[COUNT] * rates[STEP]:
        return float(rates[R_QUICK]), float(rates[R_SLOW])
    times = run[SEEN] / (run[COUNT] * rates[STEP])
    return 1.0 - (1.0 - rates[R_QUICK]) ** times, 1.0 - (1.0 - rates[R_SLOW]) ** times


@door
def factors(x: float, side: float, p: Prediction) -> tuple[float, float, float]:
    """Return how far a sample is on a side (1 above, -1 below) as a jump, from the season, and for how long; each >= 1.

    The squares of the jump's factor, times the others, are the power. A jump back to what is usual counts as a small
    one only, and what was sustained counts as far as the sample itself is on the side.
    """
    u = side * (x - p.forecast) * p.per_jump
    z = side * (x - p.usual) * p.per_width
    if u <= 0.0 and z <= 0.0:
        return 1.0, 1.0, 1.0
    clipped = min(HELD_CLIP, max(-HELD_CLIP, u))
    now = min(1.0, max(u, z))
    quick = QUICK_GAIN * max(0.0, side * p.quick + p.quick_share * clipped)
    slow = SLOW_GAIN * max(0.0, side * p.slow + p.slow_share * clipped)
    residual = max(0.0, z)
    up = 1.0 + min(max(0.0, u), JUMP_ALLOWED + JUMP_PER_RESIDUAL * residual)
    return up, 1.0 + residual, (1.0 + now * quick) * (1.0 + now * slow)


@door
def power(x: float, side: float, p: Prediction) -> float:
    """Return how far a sample is on one side (1 above, -1 below): at least 1, never falling as it moves that way.

    The product u u z q s of the innovation (twice), the seasonal residual, and the innovation sustained over five
    and fifteen minutes, each 1 plus its scaled size where it is on this side: what is far off in several ways counts
    for more.
    """
    up, residual, held = factors(x, side, p)
    return up * up * residual * held


@door
def strangeness(size: float, past: Tails) -> float:
    """Return decades of rarity of a size, from the series' own median and hundredth: an exponential tail.

    Beyond `BEND` decades it grows with the logarithm, so that a bound can rise above whatever was seen.
    """
    if size <= past.median:
        return HALF * size / past.median
    decades = HALF + (HUNDREDTH - HALF) * (size - past.median) / max(1.0, past.rare - past.median)
    return decades if decades < BEND else BEND + 2.0 * ln(1.0 + max(0.0, decades - BEND) / 2.0)
