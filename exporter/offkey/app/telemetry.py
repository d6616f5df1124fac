"""What offkey says about itself: the one place where its own metrics are defined."""

import logging
import math
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from offkey import REVISION, __version__
from offkey.core.errors import BadResponse, QueryRejected, SourceDown
from offkey.core.findings import Snapshot
from offkey.engine.alertquality import AlertQuality

# Seconds: a cycle is to take well under the shortest step, and a minute is a usual one.
CYCLE_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

# What the engine counts: the event is the metric's name without prefix and `_total`.
EVENTS = {
    "cycles_skipped": "Cycles left out because the one before took too long.",
    "state_write_failures": "Times that what was learned could not be stored.",
    "remote_write_samples": "Samples sent by remote write and taken.",
    "state_damaged": "Stored files set aside because they were damaged.",
}
REASONED_EVENTS = {
    "cycle_failures": "Cycles that ended with an error.",
    "remote_write_samples_failed": "Samples that remote write gave up: refused, late, or too many waiting.",
    "series_dropped": "Series left out, counted in every read.",
    "alert_review_failures": "Times it could not be read what alerts were worth.",
}


# What alerts were worth: name, meaning, value; NaN = not known, and no sample.
ALERT_RECORD: tuple[tuple[str, str, Callable[[AlertQuality], float]], ...] = (
    (
        "offkey_alert_pages_per_week",
        "Pages a week the alert really cost.",
        lambda found: found.cost.pages_per_week,
    ),
    (
        "offkey_alert_flaps_per_week",
        "Times a week that it fired again within an hour of its end.",
        lambda found: found.flaps_per_week,
    ),
    (
        "offkey_alert_short_ratio",
        "Share of its episodes that were over within ten minutes.",
        lambda found: found.cost.short,
    ),
    (
        "offkey_alert_self_resolved_ratio",
        "Share of its episodes that ended before anybody acknowledged them by a silence.",
        lambda found: found.self_resolved,
    ),
    (
        "offkey_alert_precision_ratio",
        "Share of the silences with a verdict that call it right, not a false alarm.",
        lambda found: found.precision,
    ),
)


class Log(Protocol):
    """Whoever writes the log; a structlog logger is one."""

    def log(self, level: int, event: str, **fields: object) -> object:
        """Write one event."""
        ...


def _describe_process(registry: CollectorRegistry) -> None:
    """Register what is known of the process: its build, its means, its interpreter."""
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    versions = {"version": __version__, "revision": REVISION, "python_version": platform.python_version()}
    meaning = "A constant 1 labelled with version and revision of offkey, and the version of Python."
    Gauge("offkey_build_info", meaning, [*versions], registry=registry).labels(**versions).set(1)


class Telemetry:
    """Counts what the engine tells and hands out the process's own metrics; a journal for the engine."""

    _qualities: Sequence[AlertQuality] = ()
    _reviewed_at = math.nan

    def __init__(self, log: Log) -> None:
        """Start all counters at 0; `log` receives what the engine says in words."""
        self._log = log
        self._snapshot: Snapshot | None = None
        self._registry = registry = CollectorRegistry()
        _describe_process(registry)
        self._cycles = Counter("offkey_cycles", "Cycles that ended.", registry=registry)
        self._duration = Histogram(
            "offkey_cycle_duration_seconds",
            "Time a cycle took, reading included.",
            buckets=CYCLE_BUCKETS,
            registry=registry,
        )
        self._reload_ok = Gauge(
            "offkey_config_last_reload_successful",
            "Whether the configuration that was read last is in force.",
            registry=registry,
        )
        self._reload_time = Gauge(
            "offkey_config_last_reload_success_timestamp_seconds",
            "Unix time at which the configuration in force was read.",
            registry=registry,
        )
        self._source_failures = Counter(
            "offkey_source_failures", "Reads without a usable answer.", ["source", "reason"], registry=registry
        )
        self._counters = {
            event: Counter(f"offkey_{event}", meaning, registry=registry) for event, meaning in EVENTS.items()
        }
        self._reasoned = {
            event: Counter(f"offkey_{event}", meaning, ["reason"], registry=registry)
            for event, meaning in REASONED_EVENTS.items()
        }
        self._reasoned["series_dropped"].labels("max_series")
        self._others = Counter(
            "offkey_events", "Events that have no metric of their own.", ["event"], registry=registry
        )

    def count(self, event: str, reason: str = "", amount: int = 1) -> None:
        """Count an event of a kind; `source_failures:NAME` belongs to the source of that name."""
        kind, _, source = event.partition(":")
        if kind == "source_failures":
            self._source_failures.labels(source, reason).inc(amount)
        elif event in self._counters:
            self._counters[event].inc(amount)
        elif event in self._reasoned:
            self._reasoned[event].labels(reason).inc(amount)
        else:
            self._others.labels(event).inc(amount)

    def tell(self, level: str, message: str, fields: Mapping[str, object] | None = None) -> None:
        """Write to the log; `level` is debug, info, warning or error."""
        self._log.log(logging.getLevelNamesMapping()[level.upper()], message, **(fields or {}))

    def observe(self, snapshot: Snapshot) -> None:
        """Take note of a snapshot; those published before a cycle ends bear the number of the one before."""
        before, self._snapshot = self._snapshot, snapshot
        for source in snapshot.source_up:
            for error in (SourceDown, QueryRejected, BadResponse):
                self._source_failures.labels(source, error.reason)  # there from the start, so that increase() sees all
        if snapshot.cycle not in (0, before.cycle if before else 0):
            self._cycles.inc()
            self._duration.observe(snapshot.duration)

    def reloaded(self, at: float | None) -> None:
        """Take note of the configuration being read: `at` is when, Unix seconds, or None when it was refused."""
        self._reload_ok.set(at is not None)
        if at is not None:
            self._reload_time.set(at)

    def reviewed(self, found: Sequence[AlertQuality], at: float) -> None:
        """Take note of what alerts were worth, as of an instant (Unix seconds); NaN when nobody asks any more."""
        self._qualities, self._reviewed_at = found, at

    def _record(self) -> Iterator[Metric]:
        """Yield what alerts were worth."""
        if math.isnan(self._reviewed_at):
            return
        yield GaugeMetricFamily(
            "offkey_alert_review_timestamp_seconds",
            "Unix time at which it was last read what alerts were worth.",
            value=self._reviewed_at,
        )
        for name, meaning, value in ALERT_RECORD:
            family = GaugeMetricFamily(name, meaning, labels=["signal", "alertname", "severity"])
            for found in self._qualities:
                if not math.isnan(worth := value(found)):
                    family.add_metric([found.alert.signal, found.alert.alert, found.alert.severity], worth)
            yield family

    def collect(self) -> Iterator[Metric]:
        """Yield every metric of the process, as prometheus_client asks a collector to."""
        for metric in self._registry.collect():
            # When a counter was created is the start of the process, which is a metric of its own.
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
        yield from self._record()
        snapshot = self._snapshot
        if snapshot is None:
            return
        up = GaugeMetricFamily(
            "offkey_source_up", "Whether the source answered when it was last asked.", labels=["source"]
        )
        for source, answered in snapshot.source_up.items():
            up.add_metric([source], answered)
        yield up
        if not math.isnan(snapshot.lag):
            yield GaugeMetricFamily(
                "offkey_cycle_lag_seconds",
                "Age of the newest judged sample at the end of the cycle, worst signal.",
                value=snapshot.lag,
            )
