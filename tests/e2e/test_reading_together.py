"""A cycle over many signals of a real Prometheus behind a proxy that is slow, or silent about one of them."""

import time

import pytest
from faultproxy import honest
from paper import SIGNAL, Fixed, Flat, Rig, Steady
from realprometheus import gauge, running

from offkey.adapters.http import Endpoint
from offkey.adapters.sources.prometheus import Source
from offkey.core.frame import Axis
from offkey.core.signals import Signal
from offkey.engine.plan import Plan

pytestmark = pytest.mark.e2e

SIGNALS = 8
DELAY = 0.25  # seconds the proxy waits before each answer
START = int(time.time()) // 7200 * 7200 - 7200
AXIS = Axis(START, 60, 90)


@pytest.fixture(scope="module")
def url(program, tmp_path_factory):
    """Return a server with one series for each signal."""
    lines = [f'level{{pod="{pod}"}} {pod} {t}' for pod in range(SIGNALS) for t in AXIS.times]
    with running(program, tmp_path_factory.mktemp("prometheus"), gauge("level", lines)) as url:
        yield url


@pytest.fixture
def rig(proxy):
    """Return an engine that has learned every signal, an hour after the first sample."""
    plans = [
        Plan(
            Signal(
                f"level{pod}", f'level{{pod="{pod}"}}', history=1800, history_step=60, horizons=(), alert=SIGNAL.alert
            ),
            Steady(),
            Flat(),
            Fixed(),
        )
        for pod in range(SIGNALS)
    ]
    rig = Rig(plans, Source(Endpoint(proxy.url)), timeout=2.0)
    rig.now = float(START + 3600)
    assert len(rig.tick().verdicts) == SIGNALS
    return rig


def test_a_cycle_waits_for_the_slowest_answer_not_for_their_sum(proxy, rig):
    """Eight answers of a quarter of a second each, four at a time, take half a second and not two."""

    def slow(status, body):
        yield DELAY
        yield from honest(status, body)

    proxy.fault = slow
    start = time.monotonic()
    found = rig.tick()
    assert [one.score[0] for one in found.verdicts] == [0.0] * SIGNALS
    assert time.monotonic() - start < SIGNALS * DELAY * 0.75


def test_a_query_without_an_answer_costs_its_own_signal_only(proxy, rig):
    """The others are judged, the source counts as up, and the cycle ends with its deadline."""

    def silent_about_one(status, body):
        if b'"pod":"0"' in body:
            yield 60.0
        yield from honest(status, body)

    proxy.fault = silent_about_one
    for _ in range(3):  # what was said before stands for two steps
        start = time.monotonic()
        found = rig.tick()
        assert time.monotonic() - start < 2.0 + 1.0
    assert [one.signal.name for one in found.verdicts] == [f"level{pod}" for pod in range(1, SIGNALS)]
    assert [(fault.signal, fault.kind) for fault in found.faults] == [("level0", "source_down")]
    assert found.source_up == {"default": True}
