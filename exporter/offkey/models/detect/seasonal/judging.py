"""What the seasonal detector thinks of one sample: expectation, size of the deviation, strangeness, and back."""

import math

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.detect.seasonal.layout import (
    BEND,
    CHANGE,
    COUNT,
    ERRORS,
    FAR,
    HALF,
    HELD_CLIP,
    HOUR_JUMP,
    HOUR_SECONDS,
    HOUR_SEEN,
    HOUR_WIDTH,
    HUNDREDTH,
    JUMP_ALLOWED,
    JUMP_PER_RESIDUAL,
    LAST,
    LEVEL,
    LEVELS,
    LIFTED,
    NEAR,
    PROFILE,
    QUICK,
    QUICK_GAIN,
    R_QUICK,
    R_SLOW,
    RAW,
    SEASON,
    SEEN,
    SLOW,
    SLOW_GAIN,
    SPREAD,
    STALE,
    STEP,
    VISITS,
    WEEK,
    Now,
    Prediction,
)
from offkey.models.kernels import compiled


@compiled
def season(run: Array, learned: AnyArray, now: Now, kind: float) -> tuple[float, float, bool]:
    """Return the seasonal expectation, its weekly part, and whether that time of day was seen before."""
    if kind < 1:
        return float(run[LEVEL]), 0.0, True
    weight_left = (1.0 - now.share) * (learned[now.left + VISITS] > 0)
    weight_right = now.share * (learned[now.right + VISITS] > 0)
    weight = weight_left + weight_right
    if weight <= 0.0:
        return float(run[LEVEL]), 0.0, False
    usual = (learned[now.left + PROFILE] * weight_left + learned[now.right + PROFILE] * weight_right) / weight
    extra = float(learned[WEEK + now.cell]) if kind > 1 else 0.0
    if extra != 0.0:
        noise = run[now.hour + HOUR_WIDTH]
        extra *= extra * extra / (extra * extra + noise * noise)  # what noise alone explains is shrunk away
    return float(run[LEVEL] + usual + extra), extra, True


@compiled
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


@compiled
def predict(run: Array, learned: AnyArray, now: Now, rates: Array) -> Prediction:
    """Return what is expected of the next sample."""
    usual, extra, known = season(run, learned, now, rates[SEASON])
    level = forecast(run, usual)
    hour = now.hour
    trusted = run[hour + HOUR_SEEN] > HOUR_SECONDS / 2
    floor = 0.05 * run[FAR] + 0.2 * (run[SPREAD] + run[CHANGE]) + 1e-14 * abs(run[LEVEL]) + 1e-12
    jump = max(run[NEAR], run[hour + HOUR_JUMP] if trusted else run[FAR])
    width = run[hour + HOUR_WIDTH] if trusted and run[hour + HOUR_WIDTH] > 0 else run[SPREAD]
    jump = math.sqrt(jump * jump + run[STALE] * run[STALE] * width * width) + floor
    width = max(width, 0.2 * run[SPREAD]) + floor if known else jump
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
    )


@compiled
def shares(run: Array, rates: Array) -> tuple[float, float]:
    """Return the share that one sample has in what was sustained, quick and slow, when it is judged.

    Past sizes were counted at the mean spacing of the past. Where samples now come more often, one of them is judged
    as if it stood for as long as those did; otherwise the same value would count for less, only for being seen sooner.
    """
    if run[SEEN] <= run[COUNT] * rates[STEP]:
        return float(rates[R_QUICK]), float(rates[R_SLOW])
    times = run[SEEN] / (run[COUNT] * rates[STEP])
    return 1.0 - (1.0 - rates[R_QUICK]) ** times, 1.0 - (1.0 - rates[R_SLOW]) ** times


@compiled
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


@compiled
def power(x: float, side: float, p: Prediction) -> float:
    """Return how far a sample is on one side (1 above, -1 below): at least 1, never falling as it moves that way.

    The product u u z q s of the innovation (twice), the seasonal residual, and the innovation sustained over five
    and fifteen minutes, each 1 plus its scaled size where it is on this side: what is far off in several ways counts
    for more.
    """
    up, residual, held = factors(x, side, p)
    return up * up * residual * held


@compiled
def size(x: float, p: Prediction) -> float:
    """Return the size of a sample's deviation, whichever side is larger: half the logarithm of its power, >= 0."""
    return 0.5 * math.log(max(power(x, 1.0, p), power(x, -1.0, p)))


@compiled
def edge(largest: float, side: float, p: Prediction) -> float:
    """Return the sample furthest out on a side whose size on that side is `largest`.

    False position on the fourth root of the power, which is nearly straight.
    Source: Anderson and Bjorck (1973), BIT 13:253-264.
    """
    goal = math.exp(0.5 * largest)
    inner, below = side * min(side * p.forecast, side * p.usual), 1.0 - goal
    if below >= 0.0:
        return inner
    reach = max(p.jump, p.width) * goal
    outer = inner + side * reach
    above = math.sqrt(math.sqrt(power(outer, side, p))) - goal
    while above < 0.0:
        inner, below = outer, above
        reach *= 4.0
        outer += side * reach
        above = math.sqrt(math.sqrt(power(outer, side, p))) - goal
    x, off_before = outer, 0.0
    for _ in range(80):
        x = (inner * above - outer * below) / (above - below)
        off = math.sqrt(math.sqrt(power(x, side, p))) - goal
        if abs(off) <= 1e-9 * goal:
            break
        if off > 0.0:
            if off_before > 0.0:
                below *= 1.0 - off / above if off < above else 0.5
            outer, above = x, off
        else:
            if off_before < 0.0:
                above *= 1.0 - off / below if off > below else 0.5
            inner, below = x, off
        off_before = off
    return x


@compiled
def strangeness(amount: float, median: float, rare: float) -> float:
    """Return decades of rarity of a size, from the series' own median and hundredth: an exponential tail.

    Beyond `BEND` decades it grows with the logarithm, so that a bound can rise above whatever was seen.
    """
    if amount <= median:
        return HALF * amount / median
    decades = HALF + (HUNDREDTH - HALF) * (amount - median) / max(1.0, rare - median)
    return decades if decades < BEND else BEND + 2.0 * math.log1p((decades - BEND) / 2.0)


@compiled
def largest_within(bound: float, median: float, rare: float) -> float:
    """Return the size whose strangeness is `bound`, at most 300."""
    if bound <= HALF:
        return median * max(0.0, bound) / HALF
    decades = bound if bound < BEND else BEND + 2.0 * math.expm1(min(20.0, (bound - BEND) / 2.0))
    return min(300.0, median + (decades - HALF) * max(1.0, rare - median) / (HUNDREDTH - HALF))
