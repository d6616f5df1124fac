"""The stages with a real `offkey serve`: how fast it starts, and how soon a sample has its score."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import requests
from tests.e2e.realprometheus import free_port

from offkey.adapters.stores.file import Store
from offkey.app import config, wire
from offkey.core.frame import Axis
from offkey.core.labels import NAME, Labels

from . import server
from .fleet import labels, learned, values
from .measure import Figure, percentile, process_cpu, process_memory
from .online import scraped, settled

CONFIG = """
sources: {{default: {{url: "{url}"}}}}
remote_write: [{{url: "{url}/api/v1/write"}}]
storage: {{path: "{folder}/state"}}
signals:
  - name: load
    query: load
    step: 1m
    history: 3d
    history_step: 5m
    expose: score
    max_series: 1000000
"""
STARTS = 3
SCRAPES = 8  # whose scores are awaited
PROBES = 20  # series, spread evenly, that stand for all
PATIENCE = 300.0


def starting() -> Iterator[Figure]:
    """Yield what it takes from the command to the first answer; compiled code is there from the first start on."""
    took, used = [], []
    for _ in range(STARTS + 1):
        with TemporaryDirectory() as folder:
            text = CONFIG.format(url="http://127.0.0.1:9", folder=folder)
            began = time.monotonic()
            with serving(Path(folder), text, free_port()) as (url, pid):
                _await(partial(_answers, f"{url}/-/healthy"))
                took.append(time.monotonic() - began)
                used.append(process_cpu(pid))
    yield Figure("starting", "answers", 0, percentile(took[1:], 0.5), "s", "less")
    yield Figure("starting", "cpu", 0, percentile(used[1:], 0.5), "s", "less")


def streaming(size: int) -> Iterator[Figure]:
    """Yield how long after its own timestamp a sample has its score in the Prometheus that scraped it."""
    known = tuple(
        one.but({NAME: "load", "probe": probe}) for one, probe in zip(labels(size), _probes(size), strict=True)
    )
    pages = [_page(known, seed) for seed in range(SCRAPES)]
    port, served = free_port(), iter(range(10**9))
    with server.page(lambda: pages[next(served) % len(pages)]) as target, TemporaryDirectory() as folder:
        written = _written(size, target, port)
        with server.prometheus(written, {}, "--web.enable-remote-write-receiver") as real:
            text = CONFIG.format(url=real.url, folder=folder)
            _keep(Path(folder), text, known)
            settled(real, 'count({__name__="load"})', size)
            with serving(Path(folder), text, port, "--web.enable-remote-write-receiver") as (url, pid):
                _await(partial(_answers, f"{url}/-/ready"))
                before = process_cpu(pid)
                samples, delays = zip(*_delays(real), strict=True)
                used, resident = process_cpu(pid) - before, process_memory(pid)
    yield Figure(
        "streaming", "sample_visible_median", size, percentile(samples, 0.5) * 1e3, "ms after the sample", "less"
    )
    yield Figure(
        "streaming", "score_visible_median", size, percentile(delays, 0.5) * 1e3, "ms after the sample", "less"
    )
    yield Figure("streaming", "score_visible_worst", size, max(delays) * 1e3, "ms after the sample", "less")
    yield Figure("streaming", "resident", size, resident / 2**20, "MiB of memory", "less")
    yield Figure("streaming", "cpu", size, used / len(delays), "s a scrape, ticks included", "less")


@contextlib.contextmanager
def serving(folder: Path, text: str, port: int, *flags: str) -> Iterator[tuple[str, int]]:
    """Run `offkey serve` with a configuration; give its URL and process number."""
    (folder / "offkey.yml").write_text(text)
    command = [str(Path(sys.executable).with_name("offkey")), "serve", f"--config.file={folder / 'offkey.yml'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error", *flags]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()


def _keep(folder: Path, text: str, series: tuple[Labels, ...]) -> None:
    """Store what would have been learned about the series until now."""
    (folder / "offkey.yml").write_text(text)
    (plan,) = wire.plans(config.load(folder / "offkey.yml"))
    store = Store(folder / "state")
    store.save(plan.key, learned(plan, series, int(time.time())))
    store.close()


def _probes(size: int) -> list[str]:
    chosen = set(np.linspace(0, size - 1, PROBES).astype(int).tolist())
    return ["yes" if k in chosen else "" for k in range(size)]


def _page(series: tuple[Labels, ...], seed: int) -> bytes:
    seen = values(len(series), Axis(int(time.time()) + seed, 1, 1))[:, 0]
    return "".join(f"{one} {value!r}\n" for one, value in zip(series, seen.tolist(), strict=True)).encode()


def _written(size: int, target: str, port: int) -> Mapping[str, object]:
    """Return a Prometheus that scrapes the series and passes them on, as docs/concepts/remote-write.md advises."""
    return {
        "scrape_configs": [scraped(5 if size <= 20_000 else 15) | {"static_configs": [{"targets": [target]}]}],
        "remote_write": [
            {
                "url": f"http://127.0.0.1:{port}/api/v1/write",
                "queue_config": {
                    "max_samples_per_send": 10_000,
                    "capacity": 50_000,
                    "batch_send_deadline": "20ms",
                },
                "write_relabel_configs": [{"source_labels": ["__name__"], "regex": "load", "action": "keep"}],
            }
        ],
    }


def _delays(real: server.Prometheus) -> Iterator[tuple[float, float]]:
    """Yield for each scrape the seconds from its timestamp until it is visible, and until all probes have a score."""
    last, seen, met, there = 0.0, 0, 0.0, 0.0
    end = time.monotonic() + PATIENCE
    while seen < SCRAPES:
        newest = real.value('min(timestamp(load{probe="yes"}))')
        if newest > met:
            met, there = newest, time.time()
        scored = real.values('timestamp(offkey_anomaly_score{probe="yes"})')
        now = time.time()
        if newest > last and scored == [newest] * PROBES:
            last, seen, end = newest, seen + 1, time.monotonic() + PATIENCE
            if seen > 1:  # the first one met a process that was just starting
                yield there - newest, now - newest
        if time.monotonic() > end:
            msg = f"the scores of {newest:.3f} do not come; the newest are of {max(scored, default=0.0):.3f}"
            raise TimeoutError(msg)
        time.sleep(0.003)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=30).ok
    except requests.RequestException:
        return False


def _await(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            msg = "offkey does not answer"
            raise TimeoutError(msg)
        time.sleep(0.02)
