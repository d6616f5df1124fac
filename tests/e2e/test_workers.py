"""Real processes and a real dask cluster on this machine learn what this process would learn."""

import io
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from paper import A, B, Journal, Script
from realprometheus import wait_until

from offkey.adapters.sources.recorded import record
from offkey.adapters.workers import Workers
from offkey.app import gather as gathering
from offkey.app import wire
from offkey.app.cli import run
from offkey.app.config import Config
from offkey.app.replaying import signals
from offkey.core.errors import ConfigError, WorkersLost
from offkey.core.frame import Axis, Frame
from offkey.core.signals import Signal

pytestmark = pytest.mark.e2e


CONFIG = """\
sources:
  default: {kind: recorded, path: past.jsonl}
signals:
  - {name: load, query: load, season: none, detector: mad, history: 12h, alert: {budget: 2/week, for: 2m}}
  - {name: more, query: more, season: none, detector: mad, history: 12h, alert: {budget: 2/week, for: 2m}}
  - {name: lost, query: lost, season: none, detector: mad, history: 12h, alert: {budget: 2/week, for: 2m}}
"""


@pytest.fixture(scope="module", params=["loky", "dask"])
def workers(request):
    """Give two workers, of this machine and of a scheduler."""
    if request.param == "loky":
        made = Workers("2")
        yield made
        made.close()
        return
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", protocol="tcp", dashboard_address="127.0.0.1:0"
    ) as cluster:
        made = Workers(cluster.scheduler_address)
        yield made
        made.close()


@pytest.fixture
def lent(workers, monkeypatch):
    """Give every command that asks for workers these ones, whose start takes long, and keep them afterwards."""
    monkeypatch.setattr(wire, "workers", lambda address: workers if address else None)
    monkeypatch.setattr(workers, "close", lambda: None)


def noisy(seed):
    """Return a day's wave with noise, a function of time."""
    return lambda times: 50 + 10 * np.sin(times / 13_751) + np.random.default_rng(seed).normal(size=times.shape)


def test_evidence_is_the_same_wherever_it_is_found(workers, monkeypatch):
    """The order of the signals is kept, and every number is the very same."""
    source = Script({"load": {A: noisy(1), B: noisy(2)}, "more": {A: noisy(3)}})
    watched = tuple(
        Signal(query, query, detector="mad", forecaster="seasonal_naive", history=86_400, history_step=300)
        for query in ("load", "more")
    )
    config = Config({}, None, watched)
    monkeypatch.setattr(wire, "sources", lambda _: {"default": source})
    here, there = (list(gathering.gather(config, Journal(), 1_700_000_000, who)) for who in (None, workers))
    assert [found.signal.name for found in there] == ["load", "more"]
    assert [repr(found.evidence) for found in here] == [repr(found.evidence) for found in there]
    assert all(math.isfinite(found.evidence.typical) for found in there)


@pytest.fixture
def past(tmp_path, monkeypatch):
    """Return the last instant of a folder's recorded past, half a day with an incident in it."""
    monkeypatch.chdir(tmp_path)
    now = int(time.time()) // 60 * 60
    rng = np.random.default_rng(4)
    for name in ("load", "more"):
        values = rng.normal(1, 0.01, (2, 721))
        values[0, 600:620] = 9
        record(tmp_path / "past.jsonl", name, Frame((A, B), values, Axis(now - 43_200, 60, 721)))
    (tmp_path / "offkey.yml").write_text(CONFIG)
    return now


def test_a_replay_is_the_same_wherever_it_is_done(lent, past):
    """Episodes and bounds are the very same, and a signal that cannot be read is told of and left out."""
    trees = []
    for workers in ("", "2"):
        told = io.StringIO()
        trees.append(signals.tree(signals.tested(Path("offkey.yml"), "", past, told, workers)))
        assert "'lost' was not recorded" in told.getvalue()
    assert trees[0] == trees[1]
    assert [one["signal"] for one in trees[0]["signals"]] == ["load", "more"]
    assert trees[0]["signals"][0]["episodes"]


@pytest.mark.parametrize("command", [["backtest"], ["rules", "tune"]], ids=" ".join)
def test_commands_that_replay_pass_on_who_helps(command, monkeypatch):
    """The option is on each of them, and reaches the replay."""
    asked = []

    def lost(*given):
        asked.append(given[-1])
        msg = "workers lost: nobody answers"
        raise WorkersLost(msg)

    monkeypatch.setattr(signals, "tested", lost)
    assert run([*command, "--workers", "tcp://dask:8786"]) == WorkersLost.exit_code
    assert asked == ["tcp://dask:8786"]


def test_a_command_that_is_told_to_end_takes_its_workers_along(past, tmp_path):
    """No process that it started is left."""
    command = [sys.executable, "-c", "from offkey.app.cli import main; main()", "backtest", "--workers", "2"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as testing:
        family = Path(f"/proc/{testing.pid}/task/{testing.pid}/children")
        wait_until(lambda: "LokyProcess" in "".join(map(words, family.read_text().split())), testing)
        workers = family.read_text().split()
        testing.terminate()
        assert testing.wait(30) == 130
    wait_until(lambda: not any(map(words, workers)))


def words(process):
    """Return a process's command line, empty when it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def test_a_job_is_done_elsewhere_and_its_answer_comes_back(workers):
    """A function and arrays travel there and back."""
    job = workers.submit(np.cumsum, np.arange(5))
    assert job.result().tolist() == [0, 1, 3, 6, 10]
    assert job.done()


def test_a_scheduler_that_is_not_there_is_named():
    """The command ends with what was tried, and does not hang."""
    with pytest.raises(WorkersLost, match="workers lost"):
        Workers("tcp://127.0.0.1:9")


@pytest.mark.parametrize("address", ["0", "-1", "many", "http://x:8786"])
def test_an_address_that_is_none_is_refused(address):
    """The message shows both forms."""
    with pytest.raises(ConfigError, match="tcp://dask:8786"):
        Workers(address)
