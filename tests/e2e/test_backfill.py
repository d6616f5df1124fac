"""`offkey backfill` against a real Prometheus: files it makes blocks of, and samples it is sent."""

import subprocess
import time

import numpy as np
import pytest
import requests
from realprometheus import free_port, gauge, running, started

from offkey.app.cli import run

pytestmark = pytest.mark.e2e

END = int(time.time()) // 7200 * 7200
TIMES = np.arange(END - 4 * 7200, END, 60)
CONFIG = """\
sources:
  default: {url: URL}
remote_write:
  - {url: "WRITE/api/v1/write"}
signals:
  - {name: load, query: load, season: none, detector: mad, history: 6h, expose: full}
  - {name: other, query: sum(load), season: none, detector: mad, history: 6h, expose: score}
"""


def values(pod):
    """Return a noisy level with an incident half an hour before the end."""
    found = 5 + pod + np.random.default_rng(pod).normal(0, 0.1, TIMES.size)
    found[-30:-20] += 10
    return found


@pytest.fixture(scope="module")
def url(program, tmp_path_factory):
    """Return a server with two series."""
    lines = [
        f'load{{instance="a:{pod}",job="app"}} {value} {at}'
        for pod in range(2)
        for at, value in zip(TIMES, values(pod), strict=True)
    ]
    history = gauge("load", lines)
    with running(program, tmp_path_factory.mktemp("prometheus"), history) as url:
        yield url


def asked(url, query, at):
    """Return the answer to an instant query."""
    answer = requests.get(f"{url}/api/v1/query", params={"query": query, "time": int(at)}, timeout=10).json()
    return {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in answer["data"]["result"]}


def backfilled(url, write, place, *flags):
    """Run the command over the last hour of the samples; return its exit code."""
    (place / "offkey.yml").write_text(CONFIG.replace("URL", url).replace("WRITE", write))
    now = time.time()
    span = ["--since", f"{int(now - END) + 3600}s", "--until", f"{int(now - END) + 60}s"]
    return run(["backfill", "--config.file", str(place / "offkey.yml"), *span, "--label", "job=offkey", *flags])


def holds(url):
    """Check that a server has the scores of the hour, and the incident among them."""
    at = TIMES[-25]
    series = (("__name__", "offkey_anomaly_score"), ("instance", "a:0"), ("job", "app"), ("signal", "load"))
    assert asked(url, 'offkey_anomaly_score{signal="load"}', at)[series] > 1
    assert asked(url, 'offkey_anomaly_score{signal="load"}', TIMES[-35])[series] <= 1
    assert series[1:] == next(iter(asked(url, 'offkey_anomaly{instance="a:0"}', at)))[1:]
    assert next(iter(asked(url, 'offkey_anomaly_score{signal="other"}', at))) == (
        ("__name__", "offkey_anomaly_score"), ("job", "offkey"), ("signal", "other"),
    )  # fmt: skip
    (band,) = asked(url, 'offkey_expected{instance="a:0"} > offkey_lower < offkey_upper', at).values()
    assert band == pytest.approx(5.0, abs=0.3)
    found = asked(url, 'count_over_time(offkey_expected{instance="a:1"}[1h])', TIMES[-1])
    assert next(iter(found.values())) in {59.0, 60.0}  # the command looks at the clock a moment later
    assert asked(url, "offkey_expected", TIMES[300]) == {}


def test_promtool_makes_blocks_of_the_files_and_prometheus_answers_from_them(program, url, tmp_path):
    """Each day is a file; scores, bands and the sparse series are there with the times they were judged for."""
    assert backfilled(url, url, tmp_path, "--output", str(tmp_path / "files")) == 0
    for path in sorted((tmp_path / "files").glob("*.om")):
        subprocess.run(
            [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", path, tmp_path / "data"],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    (tmp_path / "prometheus.yml").write_text("")
    with started(program("prometheus"), tmp_path) as (filled, _):
        holds(filled)


def test_a_server_that_takes_old_samples_is_sent_them(program, url, tmp_path):
    """Remote write carries the true times."""
    (tmp_path / "prometheus.yml").write_text("storage: {tsdb: {out_of_order_time_window: 1d}}\n")
    with started(program("prometheus"), tmp_path, "--web.enable-remote-write-receiver") as (filled, _):
        assert backfilled(url, filled, tmp_path, "--remote-write") == 0
        holds(filled)


def test_a_server_that_does_not_take_them_is_named(url, tmp_path, capsys):
    """The message shows both ways out."""
    assert backfilled(url, url, tmp_path, "--remote-write") == 4
    assert "leave out --remote-write" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--signal", "lode"], 'no signal is called "lode" (have: load, other)'),
        (["--label", "job"], '"job" is no label'),
        (["--since", "1h", "--until", "2h"], "must be longer ago than"),
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path, capsys, flags, said):
    """Before anything is read."""
    here = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "offkey.yml").write_text(CONFIG.replace("URL", here).replace("WRITE", here))
    assert run(["backfill", "--config.file", str(tmp_path / "offkey.yml"), *flags]) == 2
    assert said in capsys.readouterr().err
