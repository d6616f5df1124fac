"""Forecasts from rolling origins, and what they were worth."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from offkey.core import plugins
from offkey.core.durations import DAY, HOUR
from offkey.core.findings import Forecast
from offkey.core.frame import Array, Axis, Frame
from offkey.core.labels import Labels
from offkey.core.ports import Forecaster
from offkey.models.grid import BIN

from .protocol import HISTORY, HORIZON, NOMINAL, Series

FORECASTERS = "offkey.models.forecast"
HORIZONS = {"1h": HOUR // BIN, "4h": 4 * HOUR // BIN, "24h": DAY // BIN}
SMALL = 1e-3  # scaled error at which a perfect reference no longer makes ratios explode
EXTREME = 50.0  # ratios are cut here and at its inverse


@dataclass(frozen=True)
class Scored:
    """What one forecast was worth up to one horizon, against the reference.

    Attributes:
        fleet: folder of the series.
        horizon: a key of HORIZONS.
        error: absolute scaled error, as a ratio to the reference's.
        interval: weighted interval score, as a ratio to the reference's.
        inside: share of samples within the bounds.
        known: share of instants that were answered at all; the others count as the reference's.
        fit: milliseconds to learn the history, for each series.
        refresh: milliseconds to forecast a day, for each series.
    """

    fleet: str
    horizon: str
    error: float
    interval: float
    inside: float
    known: float
    fit: float
    refresh: float


def score(name: str, series: Sequence[Series], origins: int) -> list[list[Scored]]:
    """Return what a forecaster's forecasts of each series are worth.

    For each origin, counted from the last one, it is fitted anew on what came before it, all series together; the
    cost is the mean over them.
    """
    model = plugins.model(FORECASTERS, name)
    found: list[list[Scored]] = [[] for _ in series]
    for place in range(origins):
        there = [(k, one.origins(place + 1)) for k, one in enumerate(series)]
        known = [(k, starts[0]) for k, starts in there if len(starts) > place]
        if not known:
            continue
        forecast, fit, refresh = run(model, together([(series[k], origin) for k, origin in known]))
        for row, (k, origin) in enumerate(known):
            one = Forecast(*(side[row : row + 1] for side in (forecast.point, forecast.lower, forecast.upper)))
            found[k] += compare(series[k], origin, one, (fit / len(known), refresh / len(known)))
    return found


def together(known: Sequence[tuple[Series, int]]) -> Frame:
    """Return the histories before the origins as one frame, as if all origins were at the same time."""
    values = np.full((len(known), HISTORY), np.nan)
    for row, (one, origin) in enumerate(known):
        past = one.frame.values[0, max(0, origin - HISTORY) : origin]
        values[row, HISTORY - past.size :] = past
    names = tuple(Labels.of(fleet=one.fleet, series=one.name) for one, _ in known)
    return Frame(names, values, Axis(0, BIN, HISTORY))


def run(model: Forecaster, past: Frame) -> tuple[Forecast, float, float]:
    """Return a day's forecast, and the milliseconds it took to learn and to forecast, all series together."""
    begin = time.process_time()
    state = model.fit(past)
    learned = time.process_time()
    forecast = model.forecast(state, past.future(HORIZON))
    return forecast, (learned - begin) * 1e3, (time.process_time() - learned) * 1e3


def compare(series: Series, origin: int, forecast: Forecast, cost: tuple[float, float]) -> list[Scored]:
    """Return a forecast's worth up to each horizon at which at least half of the samples exist."""
    reference, scale = series.reference(origin), series.scale(origin)
    found = []
    for name, size in HORIZONS.items():
        there = series.observed[origin : origin + size]
        if 2 * there.sum() < size:
            continue
        truth = series.filled[origin : origin + size][there]
        base = [side[0, :size][there] for side in (reference.point, reference.lower, reference.upper)]
        asked = [side[0, :size][there] for side in (forecast.point, forecast.lower, forecast.upper)]
        known = np.isfinite(asked).all(axis=0)
        point, lower, upper = (np.where(known, own, other) for own, other in zip(asked, base, strict=True))
        found.append(
            Scored(
                series.fleet,
                name,
                ratio(np.abs(truth - point).mean(), np.abs(truth - base[0]).mean(), scale),
                ratio(interval_score(truth, point, lower, upper), interval_score(truth, *base), scale),
                float(((lower <= truth) & (truth <= upper)).mean()),
                float(known.mean()),
                *cost,
            )
        )
    return found


def interval_score(truth: Array, point: Array, lower: Array, upper: Array) -> float:
    """Return the mean weighted interval score of a median and one interval, in the unit of the values.

    Source: Bracher, Ray, Gneiting, Reich (2021), PLoS Comput. Biol. 17(2) e1008618, equation 2 with K = 1.
    """
    rest = 1.0 - NOMINAL
    beyond = np.maximum(lower - truth, 0.0) + np.maximum(truth - upper, 0.0)
    interval = upper - lower + 2.0 / rest * beyond
    return float(((0.5 * np.abs(truth - point) + rest / 2.0 * interval) / 1.5).mean())


def ratio(own: float, other: float, scale: float) -> float:
    """Return how two errors compare, both in units of `scale`; both nothing is 1."""
    unit = scale + np.finfo(float).tiny
    return float(np.clip((own / unit + SMALL) / (other / unit + SMALL), 1.0 / EXTREME, EXTREME))


def summary(scored: Sequence[Scored]) -> dict[str, float]:
    """Return geometric means of the ratios, mean coverage and cost, for each horizon."""
    found: dict[str, float] = {}
    for name in HORIZONS:
        rows = [one for one in scored if one.horizon == name]
        found |= {
            f"relmase_{name}": _geometric([one.error for one in rows]),
            f"relwis_{name}": _geometric([one.interval for one in rows]),
            f"cov90_{name}": _mean([one.inside for one in rows]),
        }
    return found | {
        "known": _mean([one.known for one in scored]),
        "fit_ms": _mean([one.fit for one in scored]),
        "refresh_ms": _mean([one.refresh for one in scored]),
    }


def _geometric(ratios: Sequence[float]) -> float:
    return float(np.exp(_mean(np.log(ratios))))


def _mean(values: Sequence[float] | Array) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
