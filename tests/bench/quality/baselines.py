"""What people run today, for comparison: each takes samples (T,) and a step, and scores every sample causally."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec

import numba
import numpy as np

from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.frame import Array

from . import prophet_bands

# Samples that a rolling statistic needs.
FEW = 5


@numba.njit
def rolling_mean(values: Array, width: int, few: int) -> tuple[Array, Array]:
    """Return mean and standard deviation of each sample and the `width - 1` before it, NaN skipped."""
    mean, spread = np.full(values.size, np.nan), np.full(values.size, np.nan)
    for t in range(values.size):
        if t % width == 0:  # start anew, so that rounding errors cannot pile up
            total = square = 0.0
            count = 0
            recent = values[max(0, t - width + 1) : t + 1]
            origin = np.nanmean(recent) if not np.isnan(recent).all() else 0.0
            for k in range(max(0, t - width + 1), t):
                if not np.isnan(values[k]):
                    total, square, count = total + values[k] - origin, square + (values[k] - origin) ** 2, count + 1
        elif t >= width and not np.isnan(values[t - width]):
            x = values[t - width] - origin
            total, square, count = total - x, square - x * x, count - 1
        if not np.isnan(values[t]):
            x = values[t] - origin
            total, square, count = total + x, square + x * x, count + 1
        if count >= few:
            mean[t] = origin + total / count
            spread[t] = np.sqrt(max(0.0, square / count - (total / count) ** 2))
    return mean, spread


@numba.njit
def rolling_median(values: Array, width: int, few: int) -> Array:
    """Return the median of each sample and the `width - 1` before it, NaN skipped: a sorted window."""
    window, count = np.empty(width), 0
    out = np.full(values.size, np.nan)
    for t in range(values.size):
        if t >= width and not np.isnan(values[t - width]):
            place = np.searchsorted(window[:count], values[t - width])
            window[place : count - 1] = window[place + 1 : count]
            count -= 1
        if not np.isnan(values[t]):
            place = np.searchsorted(window[:count], values[t])
            window[place + 1 : count + 1] = window[place:count].copy()
            window[place] = values[t]
            count += 1
        if count >= few:
            out[t] = 0.5 * (window[(count - 1) // 2] + window[count // 2])
    return out


def late(values: Array, samples: int) -> Array:
    """Return the values as they were some samples before."""
    shifted = np.full_like(values, np.nan)
    if samples < values.size:
        shifted[samples:] = values[: values.size - samples]
    return shifted


def scale_of(values: Array) -> float:
    """Return a robust spread, never 0: only a floor."""
    known = values[~np.isnan(values)]
    middle = np.median(known)
    return float(1.4826 * np.median(np.abs(known - middle)) or known.std() or max(1e-9, abs(middle) * 1e-3))


def sigma(seconds: int) -> Callable[[Array, int, int], Array]:
    """Score by standard deviations from the mean of the last hour, or day."""

    def score(values: Array, step: int, history: int) -> Array:
        mean, spread = rolling_mean(values, max(10, seconds // step), FEW)
        return np.abs(values - late(mean, 1)) / (late(spread, 1) + 1e-3 * scale_of(values[:history]))

    return score


def mad(values: Array, step: int, history: int) -> Array:
    """Score by scaled MADs from the median of the last day."""
    width = max(10, DAY // step)
    residual = np.abs(values - late(rolling_median(values, width, FEW), 1))
    spread = 1.4826 * late(rolling_median(residual, width, FEW), 1)
    return residual / (spread + 1e-2 * scale_of(values[:history]))


def grafana(values: Array, step: int, history: int, *, robust: bool) -> Array:
    """Score 1 on the band of grafana/promql-anomaly-detection v0.2 held for five minutes; above 1 outside.

    Its rules drop samples at or below zero, so a series that has such samples is lifted.
    """
    low = np.nanmin(values[:history])
    lifted = values - low + 1e-3 * scale_of(values[:history]) if low <= 0 else values
    positive = np.where(lifted > 0, lifted, np.nan)
    hour, day = max(2, HOUR // step), DAY // step
    if robust:
        middle = rolling_median(positive, day, 1)
        reach = 2 * rolling_median(np.abs(positive - middle), day, 1)
        level = centre = rolling_median(positive, hour, 1)
        around = 2 * rolling_median(np.abs(positive - centre), hour, 1)
    else:
        middle, spread = rolling_mean(positive, hour, 1)
        reach = 2 * rolling_mean(np.where(spread > 0.5 * middle, spread, np.nan), 26 * HOUR // step, 1)[0]
        level, centre, around = positive, middle, 2 * spread
    # Half a window less than a day and a week ago, so that the window there is centred on this time of day.
    lags = [int((hours - (0.25 if robust else 0.5)) * HOUR / step) for hours in (24, 168)]
    highs = [middle + reach, middle * 1.5, *(late(centre + around, lag) for lag in lags)]
    lows = [middle - reach, middle * 0.5, *(late(centre - around, lag) for lag in lags)]
    upper, lower = np.fmax.reduce(highs), np.maximum(0.0, np.fmin.reduce(lows))
    half = np.where(upper > lower, (upper - lower) / 2, np.nan)
    outside = np.abs(level - (upper + lower) / 2) / half
    held = [late(outside, lag) for lag in range(max(1, 5 * MINUTE // step))]
    return np.fmin.reduce(held)


@numba.njit
def _holt_winters(values: Array, day: int, rates: Array) -> Array:
    level, trend, variance, seen = np.nanmean(values[:day]), 0.0, 0.0, 0
    season = np.zeros(day)
    out = np.full(values.size, np.nan)
    for t in range(values.size):
        x = values[t]
        if np.isnan(x):
            continue
        if t < day:
            season[t] = x - level
            continue
        error = x - level - trend - season[t % day]
        spread = np.sqrt(variance)
        out[t] = abs(error) / (spread + 1e-12) if seen else 0.0
        if seen > 200:
            error = min(4 * spread, max(-4 * spread, error))
        level += trend + rates[0] * error
        trend += rates[0] * rates[1] * error
        season[t % day] += rates[2] * (1 - rates[0]) * error
        gain = max(0.002, 1 / (seen + 1.0))
        variance += gain * (error * error - variance)
        seen += 1
    return out


def holt_winters(values: Array, step: int, history: int) -> Array:
    """Score by standard deviations of the one-step residual of additive Holt-Winters with a daily season."""
    return _holt_winters(values, max(2, DAY // step), np.array([0.1, 0.001, 0.1]))


BASELINES: Mapping[str, Callable[[Array, int, int], Array]] = {
    "3-sigma-1h": sigma(HOUR),
    "3-sigma-1d": sigma(DAY),
    "mad-1d": mad,
    "grafana-adaptive": lambda values, step, history: grafana(values, step, history, robust=False),
    "grafana-robust": lambda values, step, history: grafana(values, step, history, robust=True),
    "holt-winters": holt_winters,
} | ({"prophet": prophet_bands.score} if find_spec("prophet") else {})
