"""Remote write in, scores out: a real Prometheus, a real `offkey serve`, one sample."""

import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from realprometheus import free_port, gauge, running, wait_until

from offkey.adapters.decode.messages import field, varint, write_labels
from offkey.adapters.decode.snappy import snapped

pytestmark = pytest.mark.e2e

HEAD = {"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
CONFIG = """
sources: {{default: {{url: "{url}"}}}}
remote_write: [{{url: "{url}/api/v1/write"}}]
signals:
  - name: level
    query: level
    step: 1m
    history: 1h
    season: none
    detector: {{kind: mad, window: 3600}}
    forecast: {{horizons: []}}
"""


def sent(url, value, time_ms):
    """Write one sample of the series to a server."""
    sample = field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(time_ms))
    message = field(1, write_labels([("__name__", "level"), ("pod", "a")]) + sample)
    return requests.post(f"{url}/api/v1/write", snapped(message), headers=HEAD, timeout=10).status_code


def test_a_sample_has_its_score_before_the_tick(program, tmp_path):
    """The score is in Prometheus at the very time of the sample, far outside the bound, as the sample is."""
    start = int(time.time()) // 60 * 60 - 3600
    noise = 5.0 + np.random.default_rng(1).normal(size=60)
    lines = [f'level{{pod="a"}} {value!r} {start + 60 * k}' for k, value in enumerate(noise.tolist())]
    history = gauge("level", lines)
    with running(program, tmp_path, history, "--web.enable-remote-write-receiver") as url:
        (tmp_path / "offkey.yml").write_text(CONFIG.format(url=url))
        offkey = f"http://127.0.0.1:{free_port()}"
        command = [Path(sys.executable).with_name("offkey"), "serve", f"--config.file={tmp_path / 'offkey.yml'}"]
        command += [f"--web.listen-address={offkey[7:]}", "--web.enable-remote-write-receiver", "--log.level=error"]
        with subprocess.Popen(command) as process:
            try:
                wait_until(lambda: _answers(f"{offkey}/-/ready"), process)
                at = int(time.time() * 1000)
                assert sent(offkey, 500.0, at) == 204
                wait_until(lambda: _scores(url, at), process)
                assert float(_scores(url, at)[0]["value"][1]) > 1
                assert requests.post(f"{offkey}/api/v1/write", b"x", headers=HEAD, timeout=10).status_code == 400
            finally:
                process.terminate()


def _answers(url):
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def _scores(url, at):
    query = {"query": f'offkey_anomaly_score{{pod="a"}} and timestamp(offkey_anomaly_score) == {at / 1000}'}
    return requests.get(f"{url}/api/v1/query", params=query, timeout=10).json()["data"]["result"]
