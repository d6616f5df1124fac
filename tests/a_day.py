"""A made-up day of what offkey exposes, rendered by its own sink, as a history that a real Prometheus starts with."""

import itertools
import logging

import numpy as np

from offkey.adapters.sinks.exposition import Sink
from offkey.app.telemetry import Telemetry
from offkey.core.durations import WEEK
from offkey.core.findings import Band, Fault, Forecast, Snapshot, Verdict
from offkey.core.labels import Labels
from offkey.core.signals import Alert, Signal
from offkey.engine.alertquality import AlertId, AlertQuality, Page
from offkey.engine.ruleplay.episodes import Episode, cost_of

DAY = 86_400
KEPT = "--storage.tsdb.retention.time=50y"  # that day is long ago
SCRAPE = 'instance="offkey:10955",job="offkey"'

PAYMENTS = Signal(
    "payment_success", "", unit="ratio", direction="below", alert=Alert("PaymentsFail", severity="critical"), limit=0.5
)
START = Signal("play_start_p95", "", unit="seconds", direction="above", alert=Alert(severity="warning"))


class Silence:
    """A log that nobody reads."""

    def log(self, level, event, **fields):
        """Forget an event."""
        logging.getLogger(__name__).debug("%s %s %s", level, event, fields)


def openmetrics(end, hours, step):
    """Return the day as OpenMetrics text, after the same hours of the week and the day before it.

    Args:
        end: Unix seconds of the last scrape; the outage of card payments began 20 minutes before.
        hours: how far back it goes.
        step: seconds between scrapes.
    """
    telemetry = Telemetry(Silence())
    telemetry.reloaded(end - hours * 3600)
    telemetry.reviewed([_worth(end - DAY)], end - hours * 3600)
    now = [0.0]
    sink = Sink(telemetry, lambda: now[0])
    lines = []
    sparse = [range(last - hours * 3600, last + 1, 4 * step) for last in (end - 7 * DAY, end - DAY)]
    instants = itertools.chain(*sparse, range(end - hours * 3600, end + 1, step))
    for cycle, instant in enumerate(instants, start=1):
        now[0] = instant
        broken = instant > end - 1200
        snapshot = _snapshot(cycle, instant, broken)
        telemetry.observe(snapshot)
        telemetry.count("series_dropped", "max_series", 3)
        telemetry.count("source_failures:default", "down", int(cycle % 40 == 0))
        telemetry.count("cycle_failures", "SourceDown", int(cycle % 40 == 0))
        sink.publish(snapshot)
        exposed = [line for line in sink.render().body.decode().splitlines() if line[0] != "#"]
        lines += [_stamped(line, instant) for line in [*exposed, *_of_prometheus(len(exposed))]]
        begins = instant == end - 7 * DAY - 3600 or instant - (end - 1100) in range(step)
        lines += _recorded(instant, begins)
        lines += _alerts(instant, end - 1100) if broken else []
    return "\n".join([*lines, "# EOF", ""])


def _worth(at):
    """Return what an alert was worth that fired once, was silenced meanwhile, and mostly called right."""
    fired = Episode(Labels.of(alertname="PaymentsFail"), at - 1_500, at - 1_380, at)
    alert = AlertId("PaymentsFail", "critical", "payment_success")
    return AlertQuality(
        alert, (Page(fired, is_acknowledged=True),), cost_of([fired], WEEK, fired.fired), (), 4, 1, hears=True
    )


def _snapshot(cycle, instant, broken):
    random = np.random.default_rng(instant)
    hour = 2 * np.pi * (instant % DAY) / DAY
    regions = [
        Labels.of(region=region, method=method) for region in ("eu-west", "us-east") for method in ("card", "bank")
    ]
    usual = np.array([0.985, 0.97, 0.98, 0.96]) + 0.006 * np.cos(hour)
    seen = usual + random.normal(0, 0.003, 4)
    if broken:
        seen[0] = 0.71 + random.normal(0, 0.01)
    start = 0.8 + 0.25 * np.sin(hour - 1) + np.zeros(2)
    clients = [
        Labels.of(client="web", job="player", instance="cdn-1"),
        Labels.of(client="tv", job="player", instance="cdn-2"),
    ]
    verdicts = (
        _verdict(PAYMENTS, regions, instant, seen, usual, usual - 0.015),
        _verdict(START, clients, instant, start + random.normal(0, 0.03, 2), start, np.full(2, -np.inf), start * 1.25),
    )
    return Snapshot(cycle, instant, 0.2 + 0.1 * random.random(), 4.0, verdicts, {"default": True})


def _verdict(signal, series, instant, seen, usual, lower, upper=None):
    upper = np.full(len(series), np.inf) if upper is None else upper
    reach = np.where(np.isinf(upper), usual - lower, upper - usual)
    away = np.where(np.isinf(upper), usual - seen, seen - usual)
    score = np.maximum(away / reach, 0)
    ahead = np.repeat(usual[:, None], 2, axis=1)
    return Verdict(
        signal,
        tuple(series),
        instant,
        observed=seen,
        score=score,
        band=Band(usual, lower, upper),
        anomalous=score > 1,
        since=np.where(score > 1, instant, 0.0),
        ready=np.ones(len(series)),
        coverage=np.full(len(series), 0.995),
        forecast=Forecast(ahead, ahead - reach[:, None] / 2, ahead + reach[:, None] / 2),
        time_to_limit=np.full(len(series), 9_000.0 if signal.limit else np.nan),
        limit_window=np.outer([7_200.0, 12_000.0], np.ones(len(series) if signal.limit else 0)),
        faults=(Fault(signal.name, "gap", series[1]),) if (score > 1).any() else (),
        expected_alerts_per_week=1.4,
        forecast_coverage=np.array([0.91, 0.87]),
        forecast_error=np.array([0.4, 0.7]),
    )


def _stamped(line, instant):
    """Add what Prometheus adds to a scraped sample when it honours labels: job and instance unless there, the time."""
    head, _, value = line.rpartition(" ")
    name, _, labels = head.partition("{")
    if 'job="' not in labels:
        labels = f"{SCRAPE},{labels.rstrip('}')}".rstrip(",") + "}"
    return f"{name}{{{labels} {value} {instant}"


def _of_prometheus(size):
    """Return what Prometheus itself says of a scrape."""
    return [
        "up{} 1",
        "scrape_duration_seconds{} 0.02",
        f"scrape_samples_scraped{{}} {size}",
    ]


def _recorded(instant, begins):
    """Return what the shipped and the generated rules record; an alert begins now, and one did a week ago."""
    reviewed = 'offkey:threshold_reviewed{bound="lower",signal="payment_success"}'
    budget = 'offkey:alert_budget_per_week{signal="payment_success",team="payments"}'
    rule = '{offkey_rule="payment_success",team="payments"}'
    begun = [("team_rule:offkey_alert_starts:count1m", 1), ("team_rule:offkey_alert_delay_seconds:first", 120)]
    starts = [f"{name}{rule} {value} {instant}" for name, value in begun if begins]
    limit = 'signal:offkey_time_to_limit_seconds:min{signal="payment_success"}'
    return [f"{reviewed} 0.93 {instant}", f"{budget} 2 {instant}", f"{limit} 9000 {instant}", *starts]


def _alerts(instant, since):
    labels = 'alertname="PaymentsFail",method="card",offkey_rule="payment_success",region="eu-west",severity="critical"'
    labels += ',service="checkout",signal="payment_success",team="payments"'
    return [
        f'ALERTS{{alertstate="firing",{labels}}} 1 {instant}',
        f"ALERTS_FOR_STATE{{{labels}}} {since} {instant}",
    ]
