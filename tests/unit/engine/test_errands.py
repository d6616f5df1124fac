"""What other processes do, and what cycles make of it."""

from dataclasses import dataclass, field

import pytest
from paper import SIGNAL, A, Rig, Script

from offkey.core.errors import WorkersLost
from offkey.engine.errands import Errands


@dataclass
class Desk:
    """Workers that do what they are asked when they are told to."""

    asked: list = field(default_factory=list)

    def submit(self, function, *given):
        """Put it on the pile."""
        self.asked.append(Slip(function, given))
        return self.asked[-1]

    def work(self):
        """Do everything."""
        for slip in self.asked:
            slip.answered = True


@dataclass
class Slip:
    """One job."""

    function: object
    given: tuple
    answered: bool = False
    is_lost: bool = False

    def done(self):
        """Whether it was done, or lost."""
        return self.answered or self.is_lost

    def result(self):
        """Do it now."""
        if self.is_lost:
            msg = "workers lost: killed"
            raise WorkersLost(msg)
        return self.function(*self.given)


def steady(times):
    """Return a constant answer."""
    return 5.0 + 0.0 * times


def test_no_cycle_waits_for_what_is_being_learned(planned):
    """The signal has no verdict until the answer is there; the others are judged meanwhile; it is asked for once."""
    desk = Desk()
    rig = Rig([planned(), planned(name="other")], Script({"load": {A: steady}}), workers=desk)
    assert [rig.tick().verdicts for _ in range(3)] == [()] * 3
    assert len(desk.asked) == 2
    desk.asked[1].answered = True
    assert [found.signal.name for found in rig.tick().verdicts] == ["other"]
    desk.work()
    assert [found.score[0] for found in rig.tick().verdicts] == [0.0, 0.0]


def test_a_lost_worker_is_told_and_asked_again(planned):
    """Nothing else suffers."""
    desk = Desk()
    rig = Rig([planned()], Script({"load": {A: steady}}), workers=desk)
    rig.tick()
    desk.asked[0].is_lost = True
    assert rig.tick().verdicts == ()
    assert rig.journal.counts["workers_lost", ""] == 1
    rig.tick()
    desk.work()
    assert len(rig.tick().verdicts) == 1


def test_the_answers_of_workers_are_the_same_as_without(planned):
    """Learned elsewhere or here, found anew elsewhere or here: the scores agree."""
    desk = Desk()
    answers = {A: lambda times: 5.0 + 4.0 * (times > 1_090_000)}
    apart = Rig([planned()], Script({"load": answers}), workers=desk)
    alone = Rig([planned()], Script({"load": answers}))
    for _ in range(40):
        apart.tick(3600)
        desk.work()
        mine, theirs = apart.tick().verdicts, (alone.tick(3600), alone.tick())[1].verdicts
        if mine:
            assert mine[0].score[0] == theirs[0].score[0]
    assert mine[0].time == theirs[0].time
    assert len(desk.asked) >= 2


def turns(errands, series, count=1):
    """Do work in two parts so often, and return whether it is costly then."""
    for _ in range(count):
        assert [errands.here("judge", len, ("four",)), errands.here("judge", len, ("fi", "ve"))] == [1, 2]
        errands.weigh("judge", series)
    return errands.is_costly("judge")


def test_what_is_costly_twice_in_a_row_is_to_be_done_elsewhere():
    """Once is a first run; the parts count together; without anybody else it stays."""
    clock = iter(range(100))
    errands = Errands(Desk(), lambda: 0.6 * next(clock))
    assert [turns(errands, 10), turns(errands, 10)] == [False, True]
    assert not turns(Errands(None, lambda: 0.6 * next(clock)), 10, count=3)


def test_what_is_quick_for_each_of_many_series_stays():
    """It would only be carried back and forth."""
    clock = iter(range(100))
    assert not turns(Errands(Desk(), lambda: 5.0 * next(clock)), 100_000, count=5)


def test_a_costly_signal_is_judged_on_a_slower_clock(planned, monkeypatch):
    """Its newest verdict is from the answer that came last; every sample is judged and learned in the end."""
    desk = Desk()
    rig = Rig([planned()], Script({"load": {A: steady}}), workers=desk)
    rig.tick()
    desk.work()
    rig.tick()
    monkeypatch.setattr(Errands, "is_costly", lambda _self, name: name.startswith("judge"))
    times = []
    for _ in range(6):
        times.append(rig.tick().verdicts[0].time)
        desk.work()
    assert times == sorted(times)
    assert times[-1] == int(rig.now) // 60 * 60 - SIGNAL.step


@pytest.mark.parametrize("count", [1, 3])
def test_without_workers_everything_is_done_at_once(count):
    """A job is an ordinary call."""
    errands = Errands(None, lambda: 0.0)
    assert [errands.fetch("learn", lambda: (max, (1, 2))) for _ in range(count)] == [2] * count
    assert not errands.is_under_way("learn")
