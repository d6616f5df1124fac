"""What was found: scores, forecasts, faults, and the snapshot that leaves the program."""

from dataclasses import dataclass, field

import numpy as np

from offkey.core.frame import Array, BoolArray
from offkey.core.labels import Labels
from offkey.core.signals import Signal


@dataclass(frozen=True, slots=True)
class Band:
    """What a model expects and where its bound lies; arrays share one shape, own unit, NaN = no opinion."""

    expected: Array
    lower: Array
    upper: Array


@dataclass(frozen=True, slots=True)
class Forecast:
    """Point and 90 % bounds for each series and asked instant; shape (S, H), own unit, NaN = unknown."""

    point: Array
    lower: Array
    upper: Array


@dataclass(frozen=True, slots=True)
class Fault:
    """A defect of the data or its source: never an anomaly. `labels` is empty when the whole signal is concerned."""

    signal: str
    kind: str
    labels: Labels = field(default_factory=Labels)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One signal's newest judged column; every array has shape (S,), NaN = unknown.

    Attributes:
        signal: whose policy was applied.
        series: the S label sets.
        time: instant of the judged samples, Unix seconds.
        observed: the samples, after quality.
        score: 0 as expected, 1 at the learned bound, above 1 outside.
        band: expected value and the bound on both sides, policy applied, (S,) each.
        anomalous: open anomalies: score went above 1 and has not come back through the dead band.
        since: instant each open anomaly began, Unix seconds; 0 where none is open.
        ready: share of the history each series needs that has been seen, 0 to 1.
        coverage: share of recent samples inside the band.
        forecast: at `signal.horizons`, arrays (S, H).
        time_to_limit: seconds until the forecast crosses `signal.limit`; NaN when not within the horizon.
        limit_window: earliest and latest of these seconds by the forecast's 90 % bounds, (2, S); empty without a limit.
        forecast_coverage: share of past forecasts whose truth lay inside their bounds, at each horizon, (H,).
        forecast_error: their absolute error against that of repeating the last day, at each horizon, (H,).
        vanished: seconds since the last sample of series that are missed while siblings report, else NaN, (S,).
        sample_rate: raw samples against the usual number, of series sampled at another rate, else NaN, (S,).
        faults: defects met in this cycle.
        dropped: series left out by the cap.
        expected_alerts_per_week: what the bound would have cost on the past it was learned from.
    """

    signal: Signal
    series: tuple[Labels, ...]
    time: int
    observed: Array
    score: Array
    band: Band
    anomalous: BoolArray
    since: Array
    ready: Array
    coverage: Array
    forecast: Forecast
    time_to_limit: Array
    faults: tuple[Fault, ...] = ()
    dropped: int = 0
    expected_alerts_per_week: float = float("nan")
    forecast_coverage: Array = field(default_factory=lambda: np.empty(0))
    limit_window: Array = field(default_factory=lambda: np.empty((2, 0)))
    forecast_error: Array = field(default_factory=lambda: np.empty(0))
    vanished: Array = field(default_factory=lambda: np.empty(0))
    sample_rate: Array = field(default_factory=lambda: np.empty(0))

    @property
    def known(self) -> BoolArray:
        """Which series have a score now, shape (S,)."""
        return ~np.isnan(self.score)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything one cycle concluded; swapped whole, never changed.

    Attributes:
        cycle: counts the cycles of this process.
        time: wall-clock start of the cycle, Unix seconds.
        duration: seconds the cycle took.
        lag: seconds from the newest judged sample to the end of the cycle, worst signal.
        verdicts: one per signal with something to say.
        source_up: whether each source answered in this cycle.
        faults: defects that belong to no verdict (a source down, a query refused).
    """

    cycle: int
    time: float
    duration: float
    lag: float
    verdicts: tuple[Verdict, ...]
    source_up: dict[str, bool]
    faults: tuple[Fault, ...] = ()
