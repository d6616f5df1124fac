"""The stage of the dashboards: how long each of their panels takes over so many watched series."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import requests
from tests.conftest import ROOT

from offkey.adapters.sinks.exposition import Sink
from offkey.app.dashboard_lint import panels
from offkey.app.logs import logger
from offkey.app.telemetry import Telemetry
from offkey.core.findings import Fault, Snapshot, Verdict
from offkey.core.signals import Alert, Signal

from . import server
from .fleet import labels
from .measure import Figure, percentile
from .online import scraped, settled, verdict

DASHBOARDS = ROOT / "grafana" / "dashboards"
RULES = ROOT / "rules" / "offkey.rules.yml"
SIGNALS = 10
SECONDS = 90  # that are scraped, once in `INTERVAL`
INTERVAL = 5
POINTS = 720  # of a curve: a day, which dashboards show at first, on the pixels of a panel
SHARE_FULL = 0.01  # series that reach a limit, and series with faults
CHOSEN = {
    "$__rate_interval": "20s",
    "$__range": "60s",
    "$job": ".+",
    "$instance": ".+",
    "$signal": "load_7",
    "$horizon": "1h",
    "${series:raw}": ",".join(f'{name}="{value}"' for name, value in labels(1)[0].pairs),
}


def viewing(size: int) -> Iterator[Figure]:
    """Yield how long the slowest panel of each dashboard takes, and a number that costs the server nothing."""
    with exposed(size) as real:
        time.sleep(SECONDS)
        for path in sorted(DASHBOARDS.glob("*.json")):
            took: dict[str, float] = {}
            for title, query in queries(path):
                took[title] = max(took.get(title, 0.0), percentile([asked(real, query) for _ in range(3)], 0.5))
            slowest = max(took, key=took.__getitem__)
            yield Figure("viewing", f"slowest_of_{path.stem}", size, took[slowest], f"s ({slowest})", "less")
            yield Figure("viewing", f"all_of_{path.stem}", size, sum(took.values()), "s", "less")
        trivial = [asked(real, {"query": "vector(1)", "time": time.time()}) for _ in range(9)]
    yield Figure("viewing", "vector(1)", size, percentile(trivial, 0.5), "s", "less")


@contextlib.contextmanager
def exposed(size: int) -> Iterator[server.Prometheus]:
    """Give a Prometheus that scrapes all that offkey says of so many series, and has the rules that watch it."""
    page = exposition(size)
    with server.page(lambda: page) as target:
        config = {
            "global": {"evaluation_interval": "15s"},
            "scrape_configs": [scraped(INTERVAL) | {"static_configs": [{"targets": [target]}]}],
        }
        with server.prometheus(config, {RULES.name: RULES.read_text()}) as real:
            settled(real, "count(offkey_anomaly_score)", size)
            yield real


def exposition(size: int) -> bytes:
    """Return a page about so many series of ten signals, with bands, a forecast, limits and faults."""
    telemetry = Telemetry(logger("error", "logfmt", sys.stderr))
    sink = Sink(telemetry)
    snapshot = Snapshot(1, time.time(), 0.1, 1.0, tuple(_full(k, size // SIGNALS) for k in range(SIGNALS)), {"a": True})
    telemetry.observe(snapshot)
    sink.publish(snapshot)
    return sink.render().body


def _full(number: int, size: int) -> Verdict:
    alert = Alert(form="anomaly")
    signal = Signal(f"load_{number}", f"load_{number}", expose="full", step=15, horizons=(3600,), alert=alert)
    series, few = labels(size), max(1, int(size * SHARE_FULL))
    left = np.where(np.arange(size) < few, 9_000.0, np.nan)
    faults = tuple(Fault(signal.name, "gap", one) for one in series[:few])
    window = np.vstack([left * 0.8, left * 1.3])
    return replace(verdict(signal, series, number), time_to_limit=left, limit_window=window, faults=faults)


def queries(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the queries of a dashboard's panels as Grafana asks them: a day's points, all of them with samples."""
    for panel in panels(json.loads(path.read_text())):
        for target in panel.get("targets", ()):
            text = target["expr"]
            for name, value in CHOSEN.items():
                text = text.replace(name, value)
            now = time.time()
            if target.get("range"):
                span = SECONDS - 30
                yield panel["title"], {"query": text, "start": now - span, "end": now, "step": span / POINTS}
            else:
                yield panel["title"], {"query": text, "time": now}


def asked(real: server.Prometheus, query: Mapping[str, object]) -> float:
    """Return the seconds until a query is answered."""
    began = time.monotonic()
    kind = "query_range" if "step" in query else "query"
    requests.get(f"{real.url}/api/v1/{kind}", query, timeout=60).raise_for_status()
    return time.monotonic() - began
