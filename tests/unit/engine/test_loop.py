"""The loop outlives what goes wrong, and is never late twice."""

import pytest
from paper import Journal

from offkey.core.errors import StateError
from offkey.engine.cycle import Clocks
from offkey.engine.loop import Loop


class Stub:
    """An engine that takes its time or fails."""

    interval = 15

    def __init__(self, clock, seconds=0.0, error=None):
        """Say how long a cycle takes and what it raises."""
        self.clock, self.seconds, self.error, self.saved, self.ticks = clock, seconds, error, 0, 0

    def tick(self):
        """Take the time, then fail or not."""
        self.ticks += 1
        self.clock[0] += self.seconds
        if self.error:
            raise self.error

    def save(self):
        """Count."""
        self.saved += 1


@pytest.fixture
def looped():
    """Return a function that builds a loop over a stub, with a clock that stands still by itself."""

    def build(**stub):
        clock = [1000.0]
        engine, journal = Stub(clock, **stub), Journal()
        clocks = Clocks(lambda: clock[0], lambda: clock[0])
        return engine, journal, Loop(lambda: engine, journal, clocks)

    return build


@pytest.mark.parametrize("error", [StateError("disk full"), ZeroDivisionError("a defect")])
def test_a_failing_cycle_is_counted_and_told(looped, error):
    """The next one runs all the same."""
    engine, journal, loop = looped(error=error)
    loop.tick()
    loop.tick()
    assert engine.ticks == 2
    assert journal.counts == {("cycle_failures", type(error).__name__): 2}
    assert journal.words[0][0] == "error"


def test_a_slow_cycle_skips_ticks_and_counts_them(looped):
    """No burst afterwards."""
    _, journal, loop = looped(seconds=47.0)
    loop.tick()
    assert journal.counts == {("cycles_skipped", ""): 3}


def test_stopping_ends_the_loop_and_saves(looped):
    """A loop that was stopped before it ran only saves."""
    engine, _, loop = looped()
    loop.stop()
    loop.run()
    assert (engine.ticks, engine.saved) == (0, 1)
