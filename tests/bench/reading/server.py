"""A real Prometheus that holds made-up series, and what it costs in CPU."""

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import requests

from offkey.adapters.decode.messages import field, varint, write_labels
from offkey.adapters.decode.snappy import snapped

PROGRAMS = Path(__file__).parents[3] / ".tools" / "bin"
HEADERS = {"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
TICKS = os.sysconf("SC_CLK_TCK")
SELECTOR = '{job="node"}'
SAMPLE = 18  # bytes of a sample whose value is not 0, with its tag and length


class Prometheus:
    """A running server; `cpu` is what it has used so far, user and system, seconds."""

    def __init__(self, process, url):
        self.process, self.url = process, url
        self.session = requests.Session()
        self.session.trust_env = False

    @property
    def cpu(self):
        """Return the CPU seconds of the server."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def write(self, message):
        """Send one WriteRequest."""
        self.session.post(f"{self.url}/api/v1/write", snapped(message), headers=HEADERS, timeout=60).raise_for_status()

    def load(self, labels, times, values, samples_a_call=200_000):
        """Write series in the order of time.

        Args:
            labels: pairs of each series, S.
            times: milliseconds, (T,).
            values: (S, T), without zeros.
            samples_a_call: written with one request, about.
        """
        texts = [write_labels(pairs) for pairs in labels]
        width = max(1, samples_a_call // len(texts))
        for first in range(0, len(times), width):
            columns = slice(first, first + width)
            rows = encoded(times[columns], values[:, columns])
            for start in range(0, len(texts), 5_000):
                block = zip(texts[start : start + 5_000], rows[start : start + 5_000], strict=True)
                self.write(b"".join(field(1, text + row.tobytes()) for text, row in block))

    def settle(self):
        """Wait until the server has compacted what it took in."""
        quiet, before = 0, self.cpu
        while quiet < 3:
            time.sleep(1.0)
            now = self.cpu
            quiet = quiet + 1 if now - before < 0.05 else 0
            before = now


@contextlib.contextmanager
def prometheus(folder, port, config="", *flags):
    """Give a fresh server on the loopback address; its data are removed in the end."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "prometheus.yml").write_text(config or "global: {scrape_interval: 1h}\n")
    program = shutil.which("prometheus", path=f"{PROGRAMS}:{os.environ['PATH']}")
    command = [program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--log.level=error"]
    with (folder / "log").open("w") as log, subprocess.Popen([*command, *flags], stdout=log, stderr=log) as process:
        server = Prometheus(process, f"http://127.0.0.1:{port}")
        try:
            while not _is_ready(server):
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _is_ready(server):
    try:
        return server.session.get(f"{server.url}/-/ready", timeout=1).ok
    except requests.ConnectionError:
        return False


def label_sets(series):
    """Return label pairs of so many series: 500 an instance, five labels, some 110 bytes as text."""
    return [
        (
            ("__name__", f"node_subsystem_metric_{k % 500 // 5:03d}_total"),
            ("device", f"eth{k % 5}"),
            ("instance", f"10.{k // 500 >> 8}.{k // 500 & 255}.7:9100"),
            ("job", "node"),
            ("namespace", "production-eu"),
        )
        for k in range(series)
    ]


def values(series, times, seed=1):
    """Return values (S, T): a quarter each full-precision gauges, large integers, counters and small integers.

    Args:
        series: S.
        times: milliseconds, (T,).
        seed: of the noise.
    """
    rng = np.random.default_rng(seed)
    seconds, rows = times / 1000.0, np.arange(series)[:, None]
    noise = rng.standard_normal((series, len(times)))
    day = np.sin(2 * np.pi * seconds / 86_400 + 0.7 * rows)
    kinds = (
        0.5 + 0.3 * day + 0.05 * noise,
        np.rint(4e9 + 1e9 * day + 1e7 * noise),
        np.round((seconds - 1.6e9) * 3.7 + np.abs(noise), 2),
        np.maximum(1, np.rint(3 + 0.4 * noise)),
    )
    return np.choose(rows % 4, kinds)


def encoded(times, values):
    """Return samples as fields of a TimeSeries, bytes (S, 18 * T); times in milliseconds, (T,)."""
    made = np.empty((*values.shape, SAMPLE), np.uint8)
    made[..., :3] = (0x12, 0x10, 0x09)
    made[..., 3:11] = np.ascontiguousarray(values).view(np.uint8).reshape(*values.shape, 8)
    made[..., 11] = 0x10
    made[..., 12:] = [list(varint(int(time))) for time in times]
    return made.reshape(len(values), -1)
