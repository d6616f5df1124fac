"""Seasonal-trend decomposition by loess, once for the day and once for the week, continued."""

from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.core.state import AnyArray
from offkey.models.continued import Continued, Rows, Said, last_day, smooth, spread_of, usual_day
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS
from offkey.models.lessons import Past, expected, in_units, past_of

BINS = 12  # of the grid in one step: an hour
STEPS, WEEK_STEPS = DAY_SLOTS // BINS, WEEK_SLOTS // BINS
PERIODS = ((STEPS, 1), (WEEK_STEPS, 0))  # steps, and degree of what is fitted through one step's values
WIDTH = 15  # of a season's smoother, in periods: slow, two weeks being all there is
JUMP = 6  # steps between two fits of trend and low pass, which are smooth
DAMPING = 0.98  # part of the slope that is left after an hour
NEAR = 12  # bins whose mean is where the series stands now
FADE = 36.0  # bins in which that is forgotten for the level of the day


@dataclass(frozen=True)
class Model(Continued):
    """Decompose the last two weeks, in hours, at the start of each day."""

    def _shapes(self) -> dict[str, tuple[tuple[int, ...], type]]:
        own: dict[str, tuple[tuple[int, ...], type]] = {
            "season": ((WEEK_STEPS,), np.float64),  # of both periods, from the usual day, the series' unit
            "slope": ((), np.float64),  # of the trend, a step
            "renewed": ((), np.int64),  # slot of the week of the last bin before the season
        }
        return super()._shapes() | own

    def _renew(self, rows: Rows, shared: Rows) -> dict[str, AnyArray]:
        del shared
        slot = rows["slot"]
        past = past_of(rows["weeks"][:, 0], slot)
        newest, before = (_hours(past, values, slot) for values in (rows["weeks"][:, 0], rows["weeks"][:, 1]))
        both = np.hstack([np.where(np.isfinite(before), before, newest), newest])
        # A missing hour is an expected one.
        season, slope = _decompose(np.nan_to_num(both))
        return {"season": season * past.unit[:, None], "slope": slope * past.unit, "renewed": slot.copy()}

    def _say(self, rows: Rows, shared: Rows, slots: IntArray, ahead: IntArray) -> Said:
        del shared
        week, back = rows["weeks"][:, 0], last_day(rows["slot"])
        profile = smooth(usual_day(week))

        def usual(at: IntArray) -> Array:
            step = (at - rows["renewed"][:, None] - 1) % WEEK_SLOTS // BINS
            season = np.take_along_axis(rows["season"], step, axis=1)
            return np.asarray(np.take_along_axis(profile, at % DAY_SLOTS, axis=1) + season)

        rest = np.take_along_axis(week, back, axis=1) - usual(back)
        level, now = _mean(rest), _mean(rest[:, -NEAR:])
        now = np.where(np.isfinite(now), now, level)
        # The mean of a day is where the trend was at noon.
        grown = STEPS / 2 + DAMPING * (1.0 - DAMPING ** (ahead / BINS)) / (1.0 - DAMPING)
        away = level[:, None] + rows["slope"][:, None] * grown + (now - level)[:, None] * np.exp(-ahead / FADE)
        point = usual(slots) + away
        unit = np.where(np.isfinite(point), spread_of(rest, week)[:, None], np.nan)
        return Said(point, unit, unit)


def _hours(past: Past, week: Array, slot: IntArray) -> Array:
    """Return the median of each hour of a week, in the order of time, in units from the usual day; NaN = missing."""
    back = (slot[:, None] - np.arange(WEEK_SLOTS)[::-1]) % WEEK_SLOTS
    away = np.take_along_axis(week, back, axis=1) - expected(past, back)
    known = np.isfinite(away).reshape(len(away), -1, BINS).sum(axis=2)
    hours = np.sort(np.where(np.isfinite(away), in_units(away, past.unit), np.inf).reshape(len(away), -1, BINS), axis=2)
    middle = [np.maximum(at, 0)[:, :, None] for at in ((known - 1) // 2, known // 2)]
    low, high = (np.take_along_axis(hours, np.minimum(at, BINS - 1), axis=2)[:, :, 0] for at in middle)
    return np.asarray(np.where(known > 0, 0.5 * np.where(known > 0, low + high, 0.0), np.nan))


def _decompose(values: Array) -> tuple[Array, Array]:
    """Return the sum of the seasons over the last week, (S, 168), and the slope of the trend a step, (S,).

    Each season is found in what the one before it left.
    Source: Bandara, Hyndman and Bergmeir (2021), arXiv 2107.13462.

    Args:
        values: two weeks in hours, shape (S, 336), finite.
    """
    from statsmodels.tsa.seasonal import STL  # type: ignore[import-untyped]  # noqa: PLC0415 (slow to import; no types)

    season, slope = np.zeros((len(values), WEEK_STEPS)), np.zeros(len(values))
    for row in np.flatnonzero(np.ptp(values, axis=1) > 0):
        rest = values[row]
        for period, degree in PERIODS:
            found = STL(
                rest, period=period, seasonal=WIDTH, seasonal_deg=degree, trend_jump=JUMP, low_pass_jump=JUMP
            ).fit(inner_iter=2, outer_iter=0)
            season[row] += found.seasonal[-WEEK_STEPS:]
            rest = rest - found.seasonal
        slope[row] = (found.trend[-1] - found.trend[-1 - WEEK_STEPS]) / WEEK_STEPS
    return season, slope


def _mean(values: Array) -> Array:
    """Return the mean of what is known, shape (S,); NaN for nothing."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0))
