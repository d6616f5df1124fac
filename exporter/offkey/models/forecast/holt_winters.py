"""Exponential smoothing of level, damped trend and daily season."""

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.frame import Array, Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models.continued import Continued, Rows, Said, smooth, spread_of, usual_day
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS
from offkey.models.kernels import compiled

BINS = 6  # of the grid in one step: half an hour
STEPS = DAY_SLOTS // BINS
MOST_SERIES = 20  # whose smoothing is estimated; the median serves all
USUAL = np.array((0.3, 0.01, 0.1, 0.9))  # level, trend, season, damping where nothing could be estimated
NAMES = ("smoothing_level", "smoothing_trend", "smoothing_seasonal", "damping_trend")


@dataclass(frozen=True)
class Model(Continued):
    """Smooth the last week in half hours; how fast is estimated by statsmodels at `fit`."""

    pooled: ClassVar[bool] = True

    def _train(self, past: Frame) -> dict[str, AnyArray]:
        if past.axis.size < 3 * DAY_SLOTS:
            return {"pace": USUAL}
        order = sorted(range(len(past.series)), key=lambda k: str(past.series[k]))
        chosen = [order[k] for k in np.linspace(0, len(order) - 1, min(len(order), MOST_SERIES)).astype(np.int64)]
        size = min(past.axis.size, WEEK_SLOTS) // BINS * BINS
        found = [_estimate(_halves(past.values[k : k + 1, -size:])[0]) for k in chosen]
        return {"pace": np.median(np.array(found), axis=0)}

    def _say(self, rows: Rows, shared: Rows, slots: IntArray, ahead: IntArray) -> Said:
        week, slot = rows["weeks"][:, 0], rows["slot"]
        usual = smooth(usual_day(week))
        back = (slot[:, None] - np.arange(WEEK_SLOTS)[::-1]) % WEEK_SLOTS
        profile = np.take_along_axis(usual, back % DAY_SLOTS, axis=1)
        rest = np.take_along_axis(week, back, axis=1) - profile
        # The season is smoothed as what it differs from the usual day by, so that a missing value is an expected one.
        level, trend, season = _smooth(_halves(np.nan_to_num(rest)), shared["pace"])
        steps = (ahead - 1) // BINS
        damping = shared["pace"][3]
        grown = damping * (1.0 - damping ** (ahead / BINS)) / (1.0 - damping) if damping < 1.0 else ahead / BINS
        away = level[:, None] + trend[:, None] * grown + season[:, steps % STEPS]
        point = np.take_along_axis(usual, slots % DAY_SLOTS, axis=1) + away
        unit = np.where(np.isfinite(point), spread_of(rest[:, -DAY_SLOTS:], week)[:, None], np.nan)
        return Said(point, unit, unit)


def _halves(values: Array) -> Array:
    """Return means over half hours, shape (S, T / 6); missing ones are bridged by the mean of all."""
    known = np.isfinite(values)
    count = known.reshape(len(values), -1, BINS).sum(axis=2)
    total = np.where(known, values, 0.0).reshape(len(values), -1, BINS).sum(axis=2)
    middle = total.sum(axis=1) / np.maximum(count.sum(axis=1), 1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), middle[:, None]))


def _estimate(values: Array) -> Array:
    """Return level, trend, season and damping as statsmodels finds them, shape (4,)."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing  # type: ignore[import-untyped]  # noqa: PLC0415 (slow to import; no types)

    scale = values.std()
    if not scale > 0.0:
        return USUAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an optimum on the edge, or not quite reached, is good enough for a median
        found = ExponentialSmoothing(
            (values - values.mean()) / scale,
            trend="add",
            damped_trend=True,
            seasonal="add",
            seasonal_periods=STEPS,
            initialization_method="heuristic",
        ).fit(use_brute=False)
    pace = np.array([found.params[name] for name in NAMES], np.float64)
    return np.where(np.isfinite(pace), np.clip(pace, 0.0, (1.0, 1.0, 1.0, 0.98)), USUAL)


@compiled
def _smooth(values: Array, pace: Array) -> tuple[Array, Array, Array]:
    """Return level and trend, (S,), and the season from the next step on, (S, 48), after values, shape (S, T)."""
    size = values.shape[1]
    levels, trends = np.zeros(len(values)), np.zeros(len(values))
    seasons = np.zeros((len(values), STEPS))
    for row in range(values.shape[0]):
        level, trend = 0.0, 0.0
        for step in range(size):
            place = (step - size) % STEPS
            season = seasons[row, place]
            before = level + pace[3] * trend
            value = values[row, step]
            now = before + pace[0] * (value - season - before)
            trend = pace[3] * trend + pace[1] * (now - level - pace[3] * trend)
            seasons[row, place] = season + pace[2] * (value - before - season)
            level = now
        levels[row], trends[row] = level, trend
    return levels, trends, seasons
