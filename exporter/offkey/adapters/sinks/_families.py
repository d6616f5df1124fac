"""What is exposed about a verdict: one table of metric names, meanings and where their values lie."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from typing import Literal

import numpy as np

from offkey.core.durations import format_duration
from offkey.core.findings import Band, Forecast, Verdict
from offkey.core.frame import Array
from offkey.core.labels import Labels
from offkey.core.signals import Expose, Signal

# Extra label text in front of the series' own (`horizon="1h",` or nothing), and one value per series, NaN = no sample.
Column = tuple[str, Array]

# The worst series of each signal that are named, so that no dashboard has to sort every score.
TOP = 5


@dataclass(frozen=True, slots=True)
class Family:
    """A metric's name and what it means, in plain words."""

    name: str
    help: str


@dataclass(frozen=True, slots=True)
class SeriesFamily(Family):
    """A metric with one sample per series (and bound, horizon or rank).

    Attributes:
        columns: the values of a verdict, shape (S,) each.
        exposed: the choices of a signal's `expose` under which it is there.
    """

    columns: Callable[[Verdict], Iterator[Column]]
    exposed: frozenset[Expose] = frozenset({"full"})


@dataclass(frozen=True, slots=True)
class SignalFamily(Family):
    """A metric with one sample per signal; NaN = no sample."""

    value: Callable[[Verdict], float]


@dataclass(frozen=True, slots=True)
class HorizonFamily(Family):
    """A metric with one sample per signal and forecast horizon; NaN = no sample."""

    values: Callable[[Verdict], Array]

    def samples(self, verdict: Verdict) -> Iterator[tuple[str, float]]:
        """Yield each horizon as people write it, and its value."""
        yield from zip(map(format_duration, verdict.signal.horizons), self.values(verdict).tolist(), strict=False)


@dataclass(frozen=True, slots=True)
class StandingFamily(Family):
    """A metric with one sample per signal that stays when the signal's verdict grows too old to be shown."""

    fact: Literal["time", "budget_per_week", "expected_alerts_per_week"]


def _plain(pick: Callable[[Verdict], Array]) -> Callable[[Verdict], Iterator[Column]]:
    return lambda verdict: iter([("", pick(verdict))])


def _window(side: int) -> Callable[[Verdict], Iterator[Column]]:
    return lambda verdict: iter([("", verdict.limit_window[side])] if verdict.limit_window.size else [])


def _where_known(pick: Callable[[Verdict], Array]) -> Callable[[Verdict], Iterator[Column]]:
    return lambda verdict: iter([("", pick(verdict))] if pick(verdict).size else [])


def _edge(values: Array) -> Array:
    """Return the band's edge; a side without a bound (infinite) has no sample."""
    return np.where(np.isinf(values), np.nan, values)


def _thresholds(verdict: Verdict) -> Iterator[Column]:
    direction = verdict.signal.direction
    if direction in ("below", "both"):
        yield 'bound="lower",', _edge(verdict.band.lower)
    if direction in ("above", "both"):
        yield 'bound="upper",', _edge(verdict.band.upper)


def _horizons(side: Literal["point", "lower", "upper"]) -> Callable[[Verdict], Iterator[Column]]:
    def columns(verdict: Verdict) -> Iterator[Column]:
        values: Array = getattr(verdict.forecast, side)
        for place, horizon in enumerate(verdict.signal.horizons):
            yield f'horizon="{format_duration(horizon)}",', values[:, place]

    return columns


def _while_anomalous(pick: Callable[[Verdict], Array]) -> Callable[[Verdict], Iterator[Column]]:
    return _plain(lambda verdict: np.where(verdict.anomalous, pick(verdict), np.nan))


def _worst(verdict: Verdict) -> Iterator[Column]:
    """Yield the highest positive scores, one rank each; equal scores are ordered by their labels."""
    score = np.nan_to_num(verdict.score, nan=0.0, posinf=np.inf)
    last = np.partition(score, -TOP)[-TOP] if score.size > TOP else 0.0
    candidates = np.flatnonzero((score > 0) & (score >= last)).tolist()
    ranked = nsmallest(TOP, candidates, key=lambda k: (-score[k], verdict.series[k]))
    for rank, k in enumerate(ranked, start=1):
        values = np.full(score.shape, np.nan)
        values[k] = score[k]
        yield f'rank="{rank}",', values


def _coverage(verdict: Verdict) -> float:
    known = verdict.coverage[~np.isnan(verdict.coverage)]
    return float(known.mean()) if known.size else float("nan")


_EVERY: frozenset[Expose] = frozenset({"full", "score", "anomalous"})

SERIES = (
    SeriesFamily(
        "offkey_anomaly_score",
        "How strange the last cycle's sample is: 0 as expected, 1 at the learned bound, more outside; absent: unknown.",
        _plain(lambda verdict: verdict.score),
        frozenset({"full", "score"}),
    ),
    SeriesFamily(
        "offkey_observed",
        "The sample that the last cycle judged, in the signal's unit.",
        _plain(lambda verdict: verdict.observed),
    ),
    SeriesFamily(
        "offkey_expected",
        "The value expected for that sample, in the signal's unit.",
        _plain(lambda verdict: verdict.band.expected),
    ),
    SeriesFamily(
        "offkey_lower",
        "Lower edge of the expected band, in the signal's unit.",
        _plain(lambda verdict: _edge(verdict.band.lower)),
    ),
    SeriesFamily(
        "offkey_upper",
        "Upper edge of the expected band, in the signal's unit.",
        _plain(lambda verdict: _edge(verdict.band.upper)),
    ),
    SeriesFamily(
        "offkey_threshold",
        "Edge of the band on the sides the signal's direction watches: the value at which the score is 1.",
        _thresholds,
    ),
    SeriesFamily(
        "offkey_forecast", "Forecast so far ahead of the newest sample, in the signal's unit.", _horizons("point")
    ),
    SeriesFamily("offkey_forecast_lower", "Lower 90 % bound of the forecast.", _horizons("lower")),
    SeriesFamily("offkey_forecast_upper", "Upper 90 % bound of the forecast.", _horizons("upper")),
    SeriesFamily(
        "offkey_time_to_limit_seconds",
        "Time until the forecast crosses the signal's limit; absent when it does not within the longest horizon.",
        _plain(lambda verdict: verdict.time_to_limit),
    ),
    SeriesFamily(
        "offkey_time_to_limit_lower_seconds",
        "Earliest time at which a 90 % bound of the forecast crosses the limit; absent when neither does.",
        _window(0),
    ),
    SeriesFamily(
        "offkey_time_to_limit_upper_seconds",
        "Time until both 90 % bounds of the forecast have crossed the limit; absent when one does not.",
        _window(1),
    ),
    SeriesFamily(
        "offkey_series_ready_ratio",
        "Share of the history a series needs to be judged that has been seen.",
        _plain(lambda verdict: verdict.ready),
    ),
    SeriesFamily(
        "offkey_anomaly",
        "Score of the series that are anomalous now; all others are absent.",
        _while_anomalous(lambda verdict: verdict.score),
        _EVERY,
    ),
    SeriesFamily(
        "offkey_anomaly_observed",
        "What was seen on the series that are anomalous now, in the signal's unit.",
        _while_anomalous(lambda verdict: verdict.observed),
        _EVERY,
    ),
    SeriesFamily(
        "offkey_anomaly_expected",
        "What is usual for the series that are anomalous now, in the signal's unit.",
        _while_anomalous(lambda verdict: verdict.band.expected),
        _EVERY,
    ),
    SeriesFamily(
        "offkey_series_vanished_seconds",
        "Time since the last sample of series that are missed while their siblings report; all others are absent.",
        _where_known(lambda verdict: verdict.vanished),
        _EVERY,
    ),
    SeriesFamily(
        "offkey_sample_rate_ratio",
        "Raw samples of series that are sampled at another rate than usual, in usual ones; all others are absent.",
        _where_known(lambda verdict: verdict.sample_rate),
        _EVERY,
    ),
    SeriesFamily(
        "offkey_top_anomaly_score",
        "The highest scores of each signal, rank 1 is the worst; scores of 0 are left out.",
        _worst,
        _EVERY,
    ),
)

SIGNAL = (
    SignalFamily("offkey_series", "Series watched now.", lambda verdict: len(verdict.series)),
    SignalFamily(
        "offkey_anomalous_series", "Series that are anomalous now.", lambda verdict: float(verdict.anomalous.sum())
    ),
    SignalFamily(
        "offkey_band_coverage_ratio", "Share of recent samples inside the band, mean over the series.", _coverage
    ),
)

HORIZON = (
    HorizonFamily(
        "offkey_forecast_coverage_ratio",
        "Share of past forecasts whose truth lay inside their 90 % bounds, mean over the series.",
        lambda verdict: verdict.forecast_coverage,
    ),
    HorizonFamily(
        "offkey_forecast_error_ratio",
        "Error of past forecasts against that of repeating the last day, median over the series; below 1 is better.",
        lambda verdict: verdict.forecast_error,
    ),
)

STANDING = (
    StandingFamily("offkey_last_sample_timestamp_seconds", "Unix time of the newest sample that was judged.", "time"),
    StandingFamily(
        "offkey_alert_budget_per_week", "Alerts the signal may cost in a week, over all its series.", "budget_per_week"
    ),
    StandingFamily(
        "offkey_expected_alerts_per_week",
        "Alerts a week the learned bounds would have cost on the past they were learned from.",
        "expected_alerts_per_week",
    ),
)

FAULT = Family("offkey_data_fault", "Defects of the data or its source met by the last cycle: never anomalies.")

# The kind of fault that series are counted under which differ from another one by their metric name only.
DUPLICATE = "duplicate_series"

ALL: tuple[Family, ...] = (*SERIES, *SIGNAL, *HORIZON, *STANDING, FAULT)


def samples_per_series(signal: Signal) -> int:
    """Return how many derived series one series of a signal has at most, aggregates not counted."""
    one, horizons = np.ones(1), np.ones((1, len(signal.horizons)))
    verdict = Verdict(
        signal=signal,
        series=(Labels(),),
        time=0,
        observed=one,
        score=one,
        band=Band(one, one, one),
        anomalous=np.ones(1, bool),
        since=one,
        ready=one,
        coverage=one,
        forecast=Forecast(horizons, horizons, horizons),
        time_to_limit=one if signal.limit is not None else one * np.nan,
        limit_window=np.ones((2, 0 if signal.limit is None else 1)),
    )
    columns = (column for family in SERIES if signal.expose in family.exposed for column in family.columns(verdict))
    return sum(int((~np.isnan(values)).sum()) for _, values in columns)
