"""What offkey exposes and what Prometheus fires, read back for people to see."""

from collections.abc import Mapping
from dataclasses import dataclass

import requests
from prometheus_client.parser import text_string_to_metric_families

from offkey.core.labels import Labels

_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Watched:
    """One signal now.

    Attributes:
        name: of the signal.
        series: how many it has.
        scored: how many of them have a score.
        worst: highest score; NaN while there is none.
    """

    name: str
    series: int
    scored: int
    worst: float


@dataclass(frozen=True, slots=True)
class Off:
    """One anomalous series: what was seen, what is usual, and how far off it is."""

    signal: str
    labels: Labels
    score: float
    observed: float
    expected: float


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of Prometheus; `state` is pending or firing."""

    name: str
    state: str
    labels: Labels


@dataclass(frozen=True, slots=True)
class View:
    """Everything at one moment."""

    signals: tuple[Watched, ...] = ()
    off: tuple[Off, ...] = ()
    alerts: tuple[Alert, ...] = ()


def read_offkey(client: requests.Session, address: str) -> View:
    """Return what an offkey exposes.

    Raises:
        requests.RequestException: it does not answer.
    """
    answer = client.get(f"{address}/metrics", timeout=_SECONDS)
    answer.raise_for_status()
    return view(answer.text)


def view(exposition: str) -> View:
    """Return what an exposition of offkey says, signals in their order there."""
    samples: dict[str, list[tuple[Mapping[str, str], float]]] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    scores: dict[str, list[float]] = {}
    for labels, value in samples.get("offkey_anomaly_score", []):
        scores.setdefault(labels["signal"], []).append(value)
    sizes = {labels["signal"]: int(value) for labels, value in samples.get("offkey_series", [])}
    seen, usual = (
        {Labels.of(labels): value for labels, value in samples.get(f"offkey_anomaly_{side}", [])}
        for side in ("observed", "expected")
    )
    return View(
        tuple(
            Watched(name, size, len(scores.get(name, [])), max(scores.get(name, []), default=float("nan")))
            for name, size in sizes.items()
        ),
        tuple(_off(Labels.of(labels), score, seen, usual) for labels, score in samples.get("offkey_anomaly", [])),
    )


def read_alerts(client: requests.Session, address: str) -> tuple[Alert, ...]:
    """Return the pending and firing alerts of a Prometheus.

    Raises:
        requests.RequestException: it does not answer.
    """
    answer = client.get(f"{address}/api/v1/alerts", timeout=_SECONDS)
    answer.raise_for_status()
    found = answer.json()["data"]["alerts"]
    return tuple(
        Alert(alert["labels"]["alertname"], alert["state"], Labels.of(alert["labels"]).without("alertname"))
        for alert in found
    )


def _off(labels: Labels, score: float, seen: Mapping[Labels, float], usual: Mapping[Labels, float]) -> Off:
    unknown = float("nan")
    own = labels.without("signal")
    return Off(labels["signal"], own, score, seen.get(labels, unknown), usual.get(labels, unknown))
