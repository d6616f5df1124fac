"""The stages on a real Prometheus: being scraped by it, and alerting in it; `tests.bench.reading` reads from it."""

import contextlib
import time
from collections.abc import Iterator

import numpy as np

from offkey.adapters.exports import ruleyaml
from offkey.adapters.sinks.exposition import Sink
from offkey.core.findings import Band, Forecast, Snapshot, Verdict
from offkey.core.labels import Labels
from offkey.core.rules import Evidence
from offkey.core.signals import Alert, Signal
from offkey.engine.rules.group import fingerprint, rule_file

from . import server
from .fleet import labels
from .measure import Figure, process_cpu

SCRAPES = 6
SIGNALS = 100
SHARE_ANOMALOUS = 0.001


def scraped(interval: int) -> dict[str, object]:
    """Return the scrape configuration of one target, labels kept."""
    return {
        "job_name": "offkey",
        "honor_labels": True,
        "scrape_interval": f"{interval}s",
        "scrape_timeout": f"{interval}s",
    }


def verdict(signal: Signal, series: tuple[Labels, ...], seed: int) -> Verdict:
    """Return a verdict with made-up numbers, one series in a thousand anomalous."""
    random, size = np.random.default_rng(seed), len(series)
    seen = 100 + random.normal(size=size)
    score = np.abs(random.normal(0, 0.2, size)) + 2.0 * (random.random(size) < SHARE_ANOMALOUS)
    ahead = np.repeat(seen[:, None], len(signal.horizons), axis=1)
    return Verdict(
        signal=signal,
        series=series,
        time=int(time.time()),
        observed=seen,
        score=score,
        band=Band(np.full(size, 100.0), np.full(size, 95.0) + random.random(size), np.full(size, 105.0)),
        anomalous=score > 1,
        since=np.zeros(size),
        ready=np.ones(size),
        coverage=np.ones(size),
        forecast=Forecast(ahead, ahead, ahead),
        time_to_limit=np.full(size, np.nan),
        expected_alerts_per_week=1.0,
    )


def scraping(size: int) -> Iterator[Figure]:
    """Yield what our page costs Prometheus, against the same samples written as compactly as Python can."""
    signal, series = Signal("load", "load", horizons=()), labels(size)
    pages = [_page(signal, series, seed) for seed in range(SCRAPES)]
    compact = [_compact(page) for page in pages]
    costs = [list(_costs(size, kind)) for kind in (pages, compact, pages, compact)]
    ours, theirs = (sum(costs[0] + costs[2]), sum(costs[1] + costs[3]))
    yield Figure("scraping", "body", size, len(pages[0]) / size, "bytes a series", "less")
    yield Figure("scraping", "body_to_compact_text_ratio", size, len(pages[0]) / len(compact[0]), "times", "less")
    yield Figure("scraping", "cpu_to_compact_text_ratio", size, ours / theirs, "times", "less")


def _page(signal: Signal, series: tuple[Labels, ...], seed: int) -> bytes:
    sink = Sink()
    sink.publish(Snapshot(1, 0.0, 0.0, 0.0, (verdict(signal, series, seed),), {}))
    return sink.render().body


def _compact(page: bytes) -> bytes:
    """Return the samples of a page one by one in the shortest text, without help."""
    lines = (line.rpartition(b" ") for line in page.splitlines() if not line.startswith(b"#"))
    return b"".join(b"%b %b\n" % (name, b"%r" % float(value)) for name, _, value in lines)


def _costs(size: int, pages: list[bytes]) -> Iterator[float]:
    """Yield the CPU seconds of Prometheus for taking in each page but the first."""
    served = iter(range(10**9))
    with server.page(lambda: pages[next(served) % len(pages)]) as target:
        config = {"scrape_configs": [scraped(3) | {"static_configs": [{"targets": [target]}]}]}
        with server.prometheus(config, {}) as real:
            settled(real, "scrape_samples_scraped", pages[0].count(b"\n") - 2 * pages[0].count(b"# HELP"))
            began = process_cpu(real.pid)
            time.sleep(3 * (SCRAPES - 1))
            yield process_cpu(real.pid) - began


def alerting(size: int) -> Iterator[Figure]:
    """Yield what a hundred generated rules cost Prometheus over all series, against ten that compare every score."""
    with exposed(size, 15, has_rules=True) as real:
        took = _evaluated(real)
    generated = sum(seconds for name, seconds in took.items() if name != "every")
    yield Figure("alerting", "generated_rules", size, generated, "s for 100 signals", "less")
    yield Figure("alerting", "ten_comparisons", size, took["every"], "s for ten rules", "less")
    yield Figure("alerting", "comparisons_to_generated_ratio", size, took["every"] / generated, "times")


@contextlib.contextmanager
def exposed(size: int, interval: int, *, has_rules: bool = False) -> Iterator[server.Prometheus]:
    """Give a Prometheus that scrapes the scores of a hundred signals, with or without their rules."""
    per_signal = size // SIGNALS
    series = [labels(per_signal) for _ in range(SIGNALS)]
    signals = [_watched(k) for k in range(SIGNALS)]
    sink = Sink()
    found = tuple(verdict(signal, one, k) for k, (signal, one) in enumerate(zip(signals, series, strict=True)))
    sink.publish(Snapshot(1, 0.0, 0.0, 0.0, found, {}))
    rules = {f"{signal.name}.rules.yml": _rules(signal, one) for signal, one in zip(signals, series, strict=True)}
    rules["every.rules.yml"] = _comparing()
    body = sink.render().body
    with server.page(lambda: body) as target:
        config = {
            "global": {"evaluation_interval": "15s"},
            "scrape_configs": [scraped(interval) | {"static_configs": [{"targets": [target]}]}],
        }
        with server.prometheus(config, rules if has_rules else {}) as real:
            settled(real, "count(offkey_anomaly_score)", per_signal * SIGNALS)
            yield real


def _watched(number: int) -> Signal:
    return Signal(f"load_{number}", f"load_{number}", expose="score", step=15, horizons=(), alert=Alert(form="anomaly"))


def _rules(signal: Signal, series: tuple[Labels, ...]) -> str:
    end = int(time.time())
    found = Evidence(tuple(sorted(series)), end - 86_400, end, 1440 * len(series), 1.0, 1.0, 100.0)
    return ruleyaml.rules_text(rule_file(signal, found), fingerprint(signal))


def _comparing() -> str:
    rules = "".join(
        f"      - alert: Strange{k}\n        expr: offkey_anomaly_score > {3 + k / 100}\n" for k in range(10)
    )
    return f"groups:\n  - name: every\n    interval: 15s\n    rules:\n{rules}"


def _evaluated(real: server.Prometheus) -> dict[str, float]:
    """Return the median seconds that each group took over a few evaluations."""
    seen: dict[str, list[float]] = {}
    for _ in range(4):
        time.sleep(16)
        for group in real.groups():
            seen.setdefault(str(group["name"]), []).append(float(str(group["evaluationTime"])))
    return {name: float(np.median(times[1:])) for name, times in seen.items()}


def settled(real: server.Prometheus, query: str, value: float) -> None:
    """Wait until a query gives a number."""
    until = time.monotonic() + 180
    while real.value(query) != value:
        if time.monotonic() > until:
            msg = f"{query} does not become {value:g}; it is {real.value(query):g}"
            raise TimeoutError(msg)
        time.sleep(0.5)
