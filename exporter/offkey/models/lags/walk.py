"""The pass over all series and columns that makes features and learns as it goes."""

import math
from typing import NamedTuple

import numpy as np

from offkey.core.frame import Array, BoolArray, IntArray
from offkey.models.kernels import compiled
from offkey.models.lags.layout import (
    AGE,
    AWAY,
    BIN,
    BIN_COUNT,
    BIN_SECONDS,
    BIN_SUM,
    CAP,
    CENTRE,
    CHANGE,
    CLIP,
    COSINE,
    COUNT,
    DAY_BINS,
    DAYS,
    DEPARTURE,
    DEVIATION,
    ERROR,
    EXPERT,
    EXPERT_RATES,
    EXPERTS,
    FAR,
    FORECAST,
    GAP_SECONDS,
    GAP_STEPS,
    HELD,
    HELD_CLIP,
    HELD_FAR,
    HELD_SECONDS,
    HOUR_JUMP,
    HOUR_SECONDS,
    HOUR_SEEN,
    HOUR_SPREAD,
    HOUR_STRIDE,
    HOURLY,
    JUMP,
    KNOWN,
    LAG,
    LAGS,
    LARGEST,
    LAST,
    LEVEL,
    MEAN,
    MEAN_BEFORE,
    MEAN_RATE,
    MIDDLE,
    NEAR,
    OFFSET,
    ORIGIN,
    PAST,
    PLACE,
    QUICK,
    QUICK_RATE,
    R_FAR,
    R_HELD,
    R_HOUR,
    R_LEVEL,
    R_NEAR,
    RECENT,
    RESIDUAL,
    ROUGHNESS,
    SEASON,
    SINE,
    SLOT,
    SLOW,
    SLOW_RATE,
    SPREAD,
    SPREAD_SEEN,
    STEP,
    SUSTAINED,
    SUSTAINED_BEFORE,
    SWING,
    WARM,
    WEEK_BINS,
    WIDTH,
    WOBBLE,
    WOBBLE_FAR,
    YESTERDAY,
)


class Sight(NamedTuple):
    """A sample beside what was expected of it."""

    residual: float  # from level and season
    forecast: float  # of the residual
    width: float  # scale of the residual
    jump: float  # scale of its distance from the forecast
    hour: int  # column where the hour of the day is kept


@compiled
def clip(x: float, limit: float) -> float:
    """Return the value, no further from 0 than the limit."""
    return min(limit, max(-limit, x))


@compiled
def usual(week: Array, place: int) -> float:
    """Return the median of one bin and its neighbours over the last seven days; NaN where none was seen."""
    found, size = np.empty(3 * DAYS), 0
    for day in range(1, DAYS + 1):
        for beside in range(-1 if day < DAYS else 0, 2):
            value = week[(place - day * DAY_BINS + beside) % WEEK_BINS]
            if not math.isnan(value):
                found[size] = value
                size += 1
    if size == 0:
        return math.nan
    found[:size].sort()
    return float(0.5 * (found[(size - 1) // 2] + found[size // 2]))


@compiled
def start(run: Array, week: Array, x: float, place: int) -> None:
    """Begin with the first sample of a series."""
    run[:] = 0.0
    week[:] = math.nan
    run[ORIGIN] = x
    run[BIN] = place


@compiled
def enter_bin(run: Array, week: Array, place: int, step: float) -> None:
    """Close the bin that was being filled, and look up what is usual in the next."""
    if run[BIN_COUNT] > 0:
        for k in range(max(1, int(step) // BIN_SECONDS)):
            week[(int(run[BIN]) + k) % WEEK_BINS] = run[BIN_SUM] / run[BIN_COUNT]
    run[BIN], run[BIN_SUM], run[BIN_COUNT] = place, 0.0, 0.0
    middle = usual(week, place)
    if not math.isnan(middle):
        run[MIDDLE], run[KNOWN] = middle, 1.0
        run[SWING] += 0.01 * (abs(middle) - run[SWING])


@compiled
def sight(run: Array, x: float, hour: int, step: float) -> Sight:
    """Return a sample beside what was expected of it."""
    total = mixed = 0.0
    for k in range(EXPERTS):
        weight = 1.0 / (run[ERROR + k] ** 4 + 1e-300)
        total += weight
        mixed += weight * run[EXPERT + k]
    floor = max(1e-12 * abs(run[ORIGIN] + run[LEVEL]), 0.1 * run[CHANGE], 1e-30)
    hourly = run[hour + HOUR_SEEN] > HOUR_SECONDS
    width = max(run[hour + HOUR_SPREAD] if hourly else run[SPREAD], 0.3 * run[SPREAD], floor)
    jump = max(run[NEAR], run[hour + HOUR_JUMP] if hourly else run[FAR], floor) + 0.05 * run[FAR]
    forecast = mixed / total
    if run[AGE] > max(GAP_SECONDS, GAP_STEPS * step):
        forecast, jump = 0.0, max(width, jump)
    return Sight(x - run[LEVEL] - run[MIDDLE], forecast, width, jump, hour)


@compiled
def forget(run: Array, s: Sight) -> None:
    """Begin the short memories anew after a gap, as if the sample had been there all along."""
    run[EXPERT : EXPERT + EXPERTS] = 0.0
    run[LAG : LAG + LAGS] = clip(s.residual / s.width, CAP)
    run[QUICK] = run[SLOW] = 0.0
    run[MEAN] = s.residual
    run[LAST] = math.nan


@compiled
def describe(run: Array, week: Array, s: Sight, seconds: int, out: Array) -> None:
    """Write the features of a sample and move the short memories that are features themselves."""
    place = seconds // BIN_SECONDS
    r, u = clip(s.residual / s.width, CAP), clip((s.residual - s.forecast) / s.jump, CAP)
    out[MEAN_BEFORE], out[SUSTAINED_BEFORE] = clip(run[MEAN] / s.width, CAP), run[SLOW]
    out[FORECAST] = clip(s.forecast / s.width, CAP)
    for k in range(LAGS):
        out[PAST + k] = run[LAG + k]
    yesterday = week[(place - DAY_BINS) % WEEK_BINS]
    out[YESTERDAY] = r if math.isnan(yesterday) else clip((s.residual + run[MIDDLE] - yesterday) / s.width, CAP)
    out[PLACE] = clip(run[MIDDLE] / (run[SWING] + s.width), CAP)
    angle = 2.0 * math.pi * place / DAY_BINS
    out[SINE], out[COSINE] = math.sin(angle), math.cos(angle)
    out[DEVIATION], out[CENTRE] = s.residual / s.width, run[ORIGIN] + run[LEVEL] + run[MIDDLE]
    out[WIDTH], out[SEASON], out[SLOT] = s.width, run[MIDDLE], place
    most = 2 * CLIP * s.jump if run[COUNT] > WARM else LARGEST
    change = 0.0 if math.isnan(run[LAST]) else min(abs(s.residual - run[LAST]), most)
    run[WOBBLE] += max(MEAN_RATE, 1.0 / run[COUNT]) * (change - run[WOBBLE])
    run[QUICK] += QUICK_RATE * (clip(u, HELD_CLIP) - run[QUICK])
    run[SLOW] += SLOW_RATE * (clip(r, HELD_CLIP) - run[SLOW])
    out[RESIDUAL], out[JUMP], out[RECENT], out[SUSTAINED] = r, u, 2.2 * run[QUICK], 3.9 * run[SLOW]
    out[DEPARTURE] = clip((s.residual - run[MEAN]) / s.width, CAP)
    small = max(0.05 * run[WOBBLE_FAR], 1e-15 * abs(run[ORIGIN] + run[LEVEL]), 1e-30)
    out[ROUGHNESS] = 2.0 * math.log((run[WOBBLE] + small) / (run[WOBBLE_FAR] + small))
    for k in range(LAGS - 1, 0, -1):
        run[LAG + k] = run[LAG + k - 1]
    run[LAG] = clip(r, HELD_CLIP)


@compiled
def learn(run: Array, x: float, s: Sight, rates: Array) -> None:
    """Move levels and scales by one sample; a single one moves them little."""
    count, step, e = run[COUNT], rates[STEP], s.residual
    if not math.isnan(run[LAST]) and e != run[LAST]:
        change = abs(e - run[LAST])
        limit = CLIP * run[CHANGE] if run[CHANGE] > 0.0 else change
        run[CHANGE] += (1.0 if run[CHANGE] == 0.0 else rates[R_FAR]) * (min(change, limit) - run[CHANGE])
    limit = max(CLIP * s.jump, run[CHANGE]) if count > WARM else 1e300
    missed = clip(e - s.forecast, limit)
    seen = s.forecast + missed
    for k in range(EXPERTS):
        error = min(abs(e - run[EXPERT + k]), limit)
        run[ERROR + k] += max(rates[R_NEAR], 1.0 / count) * (error - run[ERROR + k])
        run[EXPERT + k] += EXPERT_RATES[k] * (seen - run[EXPERT + k])
    run[MEAN] += MEAN_RATE * (clip(e - run[MEAN], max(CLIP * s.width, limit)))
    missed = 1.25 * abs(missed)
    run[NEAR] += max(rates[R_NEAR], 1.0 / count) * (missed - run[NEAR])
    run[FAR] += max(rates[R_FAR], 1.0 / count) * (missed - run[FAR])
    run[WOBBLE_FAR] += max(rates[R_FAR], 1.0 / count) * (run[WOBBLE] - run[WOBBLE_FAR])
    hour, before = s.hour, run[s.hour + HOUR_SEEN]
    run[hour + HOUR_JUMP] += max(rates[R_HOUR], step / (before + step)) * (missed - run[hour + HOUR_JUMP])
    if run[KNOWN] > 0.0:
        warm = run[SPREAD_SEEN] > WARM * step
        most = max(CLIP * s.width, run[CHANGE]) if warm else 10.0 * max(run[FAR], run[CHANGE])
        size = 1.25 * min(abs(e), most)
        gain = max(rates[R_FAR], step / (run[SPREAD_SEEN] + step))
        run[SPREAD] += gain * (size - run[SPREAD])
        run[SPREAD_SEEN] += step
        run[hour + HOUR_SPREAD] += max(rates[R_HOUR], step / (before + step)) * (size - run[hour + HOUR_SPREAD])
        run[hour + HOUR_SEEN] = before + step
        run[LEVEL] += rates[R_LEVEL] * clip(e, most)
        adopt(run, s, rates)
    run[BIN_SUM] += x - run[LEVEL]
    run[BIN_COUNT] += 1.0


@compiled
def adopt(run: Array, s: Sight, rates: Array) -> None:
    """Take a residual that was held for two hours as the new level."""
    run[HELD] += rates[R_HELD] * (clip(s.residual / s.width, HELD_CLIP) - run[HELD])
    run[OFFSET] += rates[R_HELD] * (s.residual - run[OFFSET])
    run[AWAY] = run[AWAY] + rates[STEP] if abs(run[HELD]) > HELD_FAR else 0.0
    if run[AWAY] >= HELD_SECONDS:
        run[LEVEL] += run[OFFSET]
        run[MEAN] -= run[OFFSET]
        run[EXPERT : EXPERT + EXPERTS] -= run[OFFSET]
        run[BIN_SUM] -= run[OFFSET] * run[BIN_COUNT]
        run[LAG : LAG + LAGS] = 0.0
        run[HELD] = run[OFFSET] = run[AWAY] = run[SLOW] = run[QUICK] = 0.0


@compiled
def walk(
    values: Array,
    clocks: IntArray,
    zone: IntArray,
    rates: Array,
    state: tuple[Array, Array],
    out: tuple[Array, BoolArray],
) -> None:
    """Go through all series and columns; `state` and `out` are written to."""
    step = rates[STEP]
    for s in range(values.shape[0]):
        run, week = state[0][s], state[1][s]
        for t in range(values.shape[1]):
            x = clip(values[s, t], LARGEST)
            if math.isnan(values[s, t]):
                run[AGE] += step
                continue
            seconds = clocks[zone[s], t]
            place = seconds // BIN_SECONDS
            if not run[COUNT] > 0.0:
                start(run, week, x, place)
            if run[BIN] != place:
                enter_bin(run, week, place, step)
            x -= run[ORIGIN]
            hour = HOURLY + HOUR_STRIDE * (seconds // HOUR_SECONDS % 24)
            seen = sight(run, x, hour, step)
            run[COUNT] += 1.0
            if run[AGE] > max(GAP_SECONDS, GAP_STEPS * step):
                forget(run, seen)
            describe(run, week, seen, seconds, out[0][s, t])
            out[1][s, t] = run[KNOWN] > 0.0
            learn(run, x, seen, rates)
            run[LAST] = seen.residual
            run[AGE] = 0.0
