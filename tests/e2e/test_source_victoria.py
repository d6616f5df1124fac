"""Histories from a real VictoriaMetrics: what its export gives is what its range queries give.

The program is fetched by `make test-victoria`; where it is not there, these tests are left out.
"""

import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from realprometheus import free_port, wait_until

from offkey.adapters.http import Endpoint
from offkey.adapters.sources.prometheus import Source
from offkey.core.frame import Axis
from offkey.core.labels import Labels

pytestmark = pytest.mark.e2e

START = int(time.time()) // 3600 * 3600 - 6 * 3600
HOSTILE = '"\\\u2028🎻é'
TIMEOUT = 300.0  # the first answer may wait until the decoder is compiled


def is_up(url):
    """Whether the server answers."""
    try:
        return requests.get(f"{url}/health", timeout=1).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Return a server with series of several scrape intervals, with jitter, gaps, infinities and ends."""
    tools = Path(__file__).parents[2] / ".tools" / "bin"
    program = shutil.which("victoria-metrics", path=str(tools)) or shutil.which("victoria-metrics")
    if program is None:
        pytest.skip("victoria-metrics is not there; make test-victoria fetches it")
    folder = tmp_path_factory.mktemp("victoria")
    place = f"127.0.0.1:{free_port()}"
    command = [program, f"-storageDataPath={folder / 'data'}", f"-httpListenAddr={place}", "-retentionPeriod=10y"]
    command += ["-memory.allowedBytes=128MB", "-search.latencyOffset=0s"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        wait_until(lambda: is_up(f"http://{place}"), server)
        body = "\n".join(lines()).encode()
        requests.post(f"http://{place}/api/v1/import/prometheus", body, timeout=10).raise_for_status()
        requests.get(f"http://{place}/internal/force_flush", timeout=10)
        yield f"http://{place}"
        server.terminate()


def lines():
    """Yield samples as text."""
    rng = np.random.default_rng(2)
    for interval in (1, 5, 10, 15, 30, 60, 120):
        times = np.arange(START, START + 4 * 3600, interval) * 1000 + 123
        if interval > 5:
            times = times + rng.integers(0, 400, times.size)
        gap = (times > (START + 7000) * 1000) & (times < (START + 7900) * 1000)
        for time_, value in zip(times[~gap].tolist(), rng.normal(1e9, 3, times.size)[~gap].tolist(), strict=True):
            yield f'level{{every="{interval}"}} {value!r} {time_}'
    label = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    for k, value in enumerate(("+Inf", "-Inf", "5e-324", "1.5e300", "-0.1", "12345678901234567890")):
        yield f'level{{pod="{label}"}} {value} {(START + 60 * k) * 1000}'
    yield f'level{{pod="once"}} 1 {(START + 600) * 1000}'


@pytest.mark.parametrize("step", [15, 60, 300])
def test_an_export_is_what_range_queries_say(url, step):
    """The same series on the same instants with the same numbers, in one piece and in many."""
    axis = Axis(START + 300, step, 3 * 3600 // step)
    exporting, querying = (Source(Endpoint(url), read=read) for read in ("auto", "query_range"))
    selector = '{__name__="level"}'
    answer, expected = (source.read(selector, axis, TIMEOUT).frame for source in (exporting, querying))
    assert len(expected.series) == 9
    assert answer.series == expected.series
    np.testing.assert_array_equal(answer.values, expected.values)
    assert any(labels.get("pod", "") == HOSTILE for labels in answer.series)
    cut = Source(Endpoint(url, max_body=300_000)).read(selector, axis, TIMEOUT).frame
    np.testing.assert_array_equal(cut.values, answer.values)
    for source in (exporting, querying):
        source.close()


def test_the_export_is_what_is_asked(url, monkeypatch):
    """Plain selectors are not queried, others are; no series is an answer."""
    source = Source(Endpoint(url))
    asked = []
    call = source._client.call
    monkeypatch.setattr(source._client, "call", lambda *given, **more: asked.append(given[1]) or call(*given, **more))
    axis = Axis(START, 60, 120)
    assert source.read('level{every="60"}', axis, TIMEOUT).frame.series == (Labels.of(__name__="level", every="60"),)
    assert asked[-1] == "/api/v1/export"
    assert source.read("nothing_here", axis, TIMEOUT).frame.series == ()
    assert asked[-1] == "/api/v1/export"
    answer = source.read("level * 2", axis, TIMEOUT)
    assert asked[-1] == "/api/v1/query_range"
    assert (len(answer.frame.series), answer.warnings) == (9, ())
    source.close()
