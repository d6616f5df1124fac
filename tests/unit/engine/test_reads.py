"""The queries of a cycle are asked together, and what goes wrong with one leaves the others alone."""

import threading

import numpy as np
import pytest
from paper import A, Rig, Script

from offkey.core.errors import QueryRejected, SourceDown
from offkey.core.frame import Axis
from offkey.core.signals import Traffic
from offkey.engine.ahead import AT_ONCE, Ahead

AXIS = Axis(0, 60, 1)
HISTORY = 59  # samples a history has at least
PATIENCE = 20.0  # seconds until a test that would hang fails


def five(times):
    """Return a constant answer."""
    return np.full(times.shape, 5.0)


def names(count):
    """Return names of signals, each of which is its own query."""
    return [f"q{k}" for k in range(count)]


class Meeting(Script):
    """A source whose answers to new samples wait until so many are asked for at the same time."""

    together = None

    def read(self, query, axis, timeout):
        """Wait for the others."""
        if self.together is not None:
            self.together.wait(PATIENCE)
        return super().read(query, axis, timeout)


class Failing(Script):
    """A source that answers every history, but the newer samples of one query with an error."""

    wrong, error = "", SourceDown

    def read(self, query, axis, timeout):
        """Fail where it is to."""
        if query == self.wrong and axis.size < HISTORY:
            raise self.error(query)
        return super().read(query, axis, timeout)


@pytest.fixture
def failing(planned):
    """Return a function that gives an engine of three signals, of which one query fails from now on."""

    def made(wrong, error):
        source = Failing({name: {A: five} for name in names(3)})
        rig = Rig([planned(name=name, query=name) for name in names(3)], source)
        source.wrong, source.error = wrong, error
        rig.tick()
        return rig

    return made


def test_the_queries_of_several_signals_are_under_way_together(planned):
    """Four reads that wait for each other all come back."""
    rig = Rig([planned(name=name, query=name) for name in names(4)], Meeting({name: {A: five} for name in names(4)}))
    rig.tick()
    rig.source.together = threading.Barrier(4)
    assert [found.score[0] for found in rig.tick().verdicts] == [0.0] * 4


def test_the_queries_of_one_signal_are_under_way_together(planned):
    """Its traffic is asked for beside it."""
    plan = planned(traffic=Traffic("traffic", 1.0))
    rig = Rig([plan], Meeting({"load": {A: five}, "traffic": {A: five}}))
    rig.tick()
    rig.source.together = threading.Barrier(2)
    assert rig.tick().verdicts[0].score[0] == 0.0


def test_a_query_that_two_signals_share_is_asked_once(planned):
    """Both get the same answer, and the numbers they would get alone."""
    shared = Traffic("traffic", 1.0)
    plans = [planned(name=name, query=name, traffic=shared) for name in names(2)]
    rig = Rig(plans, Script({"q0": {A: five}, "q1": {A: five}, "traffic": {A: five}}))
    rig.tick()
    rig.source.asked.clear()
    assert [found.score[0] for found in rig.tick().verdicts] == [0.0, 0.0]
    assert sorted(query for query, _, _ in rig.source.asked) == ["q0", "q1", "traffic"]


def test_a_refused_query_among_many_leaves_the_others_alone(failing):
    """Its signal has a fault, the others their scores, and the source counts as up."""
    snapshot = failing("q1", QueryRejected).tick()
    assert [found.signal.name for found in snapshot.verdicts] == ["q0", "q2"]
    assert [(fault.signal, fault.kind) for fault in snapshot.faults] == [("q1", "source_rejected")]
    assert snapshot.source_up == {"default": True}


def test_one_query_that_is_too_slow_does_not_take_the_source_down(failing):
    """The others were answered: only its own signal is missing."""
    rig = failing("q0", SourceDown)
    rig.tick()
    snapshot = rig.tick()
    assert [found.signal.name for found in snapshot.verdicts] == ["q1", "q2"]
    assert snapshot.source_up == {"default": True}


def test_a_source_that_is_down_is_not_asked_for_every_signal(planned):
    """As many queries as run at once fail; the rest of the cycle takes their word for it."""
    plans = [planned(name=name, query=name) for name in names(40)]
    rig = Rig(plans, Script({name: {A: five} for name in names(40)}))
    rig.tick()
    rig.source.down = True
    rig.source.asked.clear()
    snapshot = rig.tick()
    assert AT_ONCE <= len(rig.source.asked) < 2 * AT_ONCE
    assert {fault.signal for fault in snapshot.faults} == set(names(40))
    assert snapshot.source_up == {"default": False}


def test_a_source_that_hangs_holds_up_none_of_another():
    """With all its threads waiting for one, the other has answered."""
    release = threading.Event()

    class Hanging(Script):
        def read(self, query, axis, timeout):
            assert release.wait(PATIENCE)
            return super().read(query, axis, timeout)

    sources = {"bad": Hanging({name: {A: five} for name in names(9)}), "good": Script({"q0": {A: five}})}
    ahead = Ahead(sources, lambda: 0.0, 30.0)
    for name in names(9):
        ahead.ask(("bad", name, AXIS))
    ahead.ask(("good", "q0", AXIS))
    assert ahead.source("good").read("q0", AXIS, 1.0).frame.values.tolist() == [[5.0]]
    assert not ahead.is_there(("bad", "q0", AXIS))
    release.set()
    assert ahead.source("bad").read("q8", AXIS, 1.0).frame.values.tolist() == [[5.0]]
    ahead.close()


def test_all_queries_share_one_deadline():
    """A query whose turn comes after it is not asked at all."""
    now = [0.0]

    class Costly(Script):
        def read(self, query, axis, timeout):
            now[0] += timeout
            return super().read(query, axis, timeout)

    source = Costly({name: {A: five} for name in names(AT_ONCE + 1)})
    ahead = Ahead({"default": source}, lambda: now[0], 30.0)
    ahead.ask(("default", "q0", AXIS))
    assert ahead.source("default").read("q0", AXIS, 1.0).frame.series == (A,)
    ahead.ask(("default", "q1", AXIS))
    with pytest.raises(SourceDown, match="deadline of the cycle"):
        ahead.source("default").read("q1", AXIS, 1.0)
    assert [timeout for _, _, timeout in source.asked] == [30.0]
    ahead.close()
