"""Real processes and a real dask cluster on this machine learn what this process would learn."""

import math

import numpy as np
import pytest
from paper import A, B, Journal, Script

from offkey.adapters.workers import Workers
from offkey.app import gather as gathering
from offkey.app import wire
from offkey.app.config import Config
from offkey.core.errors import ConfigError, WorkersLost
from offkey.core.signals import Signal

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=["loky", "dask"])
def workers(request):
    """Give two workers, of this machine and of a scheduler."""
    if request.param == "loky":
        made = Workers("2")
        yield made
        made.close()
        return
    import distributed  # noqa: PLC0415 (slow, and only here)

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", protocol="tcp", dashboard_address="127.0.0.1:0"
    ) as cluster:
        made = Workers(cluster.scheduler_address)
        yield made
        made.close()


def noisy(seed):
    """Return a day's wave with noise, a function of time."""
    return lambda times: 50 + 10 * np.sin(times / 13_751) + np.random.default_rng(seed).normal(size=times.shape)


def test_evidence_is_the_same_wherever_it_is_found(workers, monkeypatch):
    """The order of the signals is kept, and every number is the very same."""
    source = Script({"load": {A: noisy(1), B: noisy(2)}, "more": {A: noisy(3)}})
    signals = tuple(
        Signal(query, query, detector="mad", forecaster="seasonal_naive", history=86_400, history_step=300)
        for query in ("load", "more")
    )
    config = Config({}, None, signals)
    monkeypatch.setattr(wire, "sources", lambda _: {"default": source})
    here, there = (list(gathering.gather(config, Journal(), 1_700_000_000, who)) for who in (None, workers))
    assert [found.signal.name for found in there] == ["load", "more"]
    assert [repr(found.evidence) for found in here] == [repr(found.evidence) for found in there]
    assert all(math.isfinite(found.evidence.typical) for found in there)


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
