"""Snapshots to publish, and the slow obvious way to expose one: a prometheus_client collector, sample by sample."""

import math

import numpy as np
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from offkey.adapters.sinks import _families as families
from offkey.core.durations import format_duration
from offkey.core.findings import Band, Forecast, Snapshot, Verdict
from offkey.core.labels import NAME, Labels
from offkey.core.signals import Alert, Signal

NOW = 1_700_000_000
RESERVED = {"signal", "bound", "horizon", "kind", "rank"}


def verdict(series, signal=None, seed=1, time=NOW, **changes):
    """Return a verdict with random numbers, some unknown, about a third anomalous."""
    signal = signal or Signal("checkout", "up", alert=Alert(budget_per_week=2.0))
    random = np.random.default_rng(seed)
    size = len(series)

    def numbers(*shape):
        values = random.normal(size=(size, *shape)) * 10.0 ** random.integers(-9, 9, (size, *shape))
        return np.where(random.random((size, *shape)) < 0.2, np.nan, values)

    facts = {
        "observed": numbers(),
        "score": np.abs(numbers()),
        "band": Band(numbers(), numbers(), numbers()),
        "anomalous": random.random(size) < 0.3,
        "since": np.zeros(size),
        "ready": random.random(size),
        "coverage": random.random(size),
        "forecast": Forecast(*(numbers(len(signal.horizons)) for _ in range(3))),
        "time_to_limit": numbers(),
        "expected_alerts_per_week": 1.5,
        "forecast_coverage": random.random(len(signal.horizons)),
        "forecast_error": 2 * random.random(len(signal.horizons)),
        "limit_window": np.stack([numbers(), numbers()]),
    }
    return Verdict(signal, tuple(series), time, **{**facts, **changes})


def snapshot(*verdicts, cycle=1, **changes):
    """Return a snapshot of these verdicts, all sources up."""
    facts = {"time": float(NOW), "duration": 0.25, "lag": 3.0, "source_up": {"default": True}}
    return Snapshot(cycle=cycle, verdicts=verdicts, **{**facts, **changes})


def pods(size, **more):
    """Return label sets as a source gives them, metric name included."""
    return tuple(Labels.of({NAME: "requests", "pod": f"pod-{k}", **more}) for k in range(size))


class Twin:
    """Exposes a snapshot as prometheus_client would have it done: fresh families, one sample after the other."""

    def __init__(self, snapshot):
        self.snapshot = snapshot

    def collect(self):
        """Yield the families that have samples."""
        found = {family.name: [] for family in families.ALL}
        for verdict in self.snapshot.verdicts:
            for name, labels, value in [*per_series(verdict), *per_signal(verdict)]:
                if not math.isnan(value):
                    found[name].append((labels, value))
        for fault in [
            *self.snapshot.faults,
            *(fault for verdict in self.snapshot.verdicts for fault in verdict.faults),
        ]:
            own = {"kind": fault.kind, **({"signal": fault.signal} if fault.signal else {})}
            count(found["offkey_data_fault"], {**renamed(fault.labels), **own})
        for family in families.ALL:
            samples = found[family.name]
            if samples:
                made = GaugeMetricFamily(family.name, family.help)
                for labels, value in samples:
                    made.add_sample(family.name, labels, value)
                yield made


def per_series(verdict):
    """Yield name, labels and value of everything exposed about each series."""
    signal, band = verdict.signal, verdict.band
    ranks = sorted(
        (k for k, score in enumerate(verdict.score) if score > 0), key=lambda k: (-verdict.score[k], verdict.series[k])
    )
    for k, labels in enumerate(verdict.series):
        own = {**renamed(labels), "signal": signal.name}
        if signal.expose in ("full", "score"):
            yield "offkey_anomaly_score", own, verdict.score[k]
        if verdict.anomalous[k]:
            yield "offkey_anomaly", own, verdict.score[k]
            yield "offkey_anomaly_observed", own, verdict.observed[k]
            yield "offkey_anomaly_expected", own, band.expected[k]
        if k in ranks[:5]:
            yield "offkey_top_anomaly_score", {**own, "rank": str(ranks.index(k) + 1)}, verdict.score[k]
        if signal.expose != "full":
            continue
        yield "offkey_observed", own, verdict.observed[k]
        yield "offkey_expected", own, band.expected[k]
        yield "offkey_lower", own, finite(band.lower[k])
        yield "offkey_upper", own, finite(band.upper[k])
        if signal.direction != "above":
            yield "offkey_threshold", {**own, "bound": "lower"}, finite(band.lower[k])
        if signal.direction != "below":
            yield "offkey_threshold", {**own, "bound": "upper"}, finite(band.upper[k])
        for place, seconds in enumerate(signal.horizons):
            horizon = {**own, "horizon": format_duration(seconds)}
            yield "offkey_forecast", horizon, verdict.forecast.point[k, place]
            yield "offkey_forecast_lower", horizon, verdict.forecast.lower[k, place]
            yield "offkey_forecast_upper", horizon, verdict.forecast.upper[k, place]
        yield "offkey_time_to_limit_seconds", own, verdict.time_to_limit[k]
        yield "offkey_time_to_limit_lower_seconds", own, verdict.limit_window[0, k]
        yield "offkey_time_to_limit_upper_seconds", own, verdict.limit_window[1, k]
        yield "offkey_series_ready_ratio", own, verdict.ready[k]


def per_signal(verdict):
    """Yield name, labels and value of everything exposed about a signal."""
    own = {"signal": verdict.signal.name}
    known = [share for share in verdict.coverage if not math.isnan(share)]
    yield "offkey_series", own, len(verdict.series)
    yield "offkey_anomalous_series", own, sum(map(bool, verdict.anomalous))
    yield "offkey_band_coverage_ratio", own, np.mean(known) if known else math.nan
    for place, seconds in enumerate(verdict.signal.horizons[: len(verdict.forecast_coverage)]):
        horizon = {**own, "horizon": format_duration(seconds)}
        yield "offkey_forecast_coverage_ratio", horizon, verdict.forecast_coverage[place]
        yield "offkey_forecast_error_ratio", horizon, verdict.forecast_error[place]
    yield "offkey_last_sample_timestamp_seconds", own, verdict.time
    yield "offkey_expected_alerts_per_week", own, verdict.expected_alerts_per_week
    if verdict.signal.alert:
        yield "offkey_alert_budget_per_week", own, verdict.signal.alert.budget_per_week


def renamed(labels):
    """Return the labels without the metric name, those with a name of offkey's as `exported_`."""
    return {f"exported_{name}" if name in RESERVED else name: labels[name] for name in labels if name != NAME}


def finite(value):
    """Return a value, or NaN for an infinite one."""
    return math.nan if math.isinf(value) else value


def count(samples, labels):
    """Add 1 to the sample of a label set."""
    for place, (known, value) in enumerate(samples):
        if known == labels:
            samples[place] = known, value + 1
            return
    samples.append((labels, 1))


def parsed(text):
    """Return what Prometheus's own Python parser reads: help, type, and samples in any order, per family."""
    return {
        family.name: (
            family.documentation,
            family.type,
            sorted((s.name, sorted(s.labels.items()), s.value, s.timestamp) for s in family.samples),
        )
        for family in text_string_to_metric_families(text)
    }
