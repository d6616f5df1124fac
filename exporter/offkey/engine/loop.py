"""Call the engine on time, for ever: never twice at once, never a burst after a pause."""

import threading
import traceback
from collections.abc import Callable

from offkey.core.errors import OffkeyError
from offkey.core.ports import Journal
from offkey.engine.cycle import Clocks, Engine

# Samples of an instant are there a moment after it.
SETTLE_SECONDS = 0.5


class Loop:
    """Ticks an engine at every multiple of its interval on the wall clock until told to stop."""

    def __init__(self, engine: Callable[[], Engine], journal: Journal, clocks: Clocks) -> None:
        """Take a function that returns the engine in force, so that a reload is one swap of a reference."""
        self._engine = engine
        self._journal = journal
        self._clocks = clocks
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ask the loop to end after the cycle it is in; safe to call from anywhere."""
        self._stopped.set()

    def run(self) -> None:
        """Tick until stopped, then save what was learned."""
        while not self._stopped.is_set():
            self.tick()
            self._stopped.wait(self._pause())
        self._engine().save()

    def tick(self) -> None:
        """Run one cycle; whatever goes wrong in it is counted and told, and the next cycle runs all the same."""
        engine, started = self._engine(), self._clocks.monotonic()
        try:
            engine.tick()
        except OffkeyError as error:
            self._journal.count("cycle_failures", type(error).__name__)
            self._journal.tell("error", "cycle failed", {"error": str(error)})
        except Exception as error:  # the one place: an exporter outlives a defect and reports it
            self._journal.count("cycle_failures", type(error).__name__)
            self._journal.tell("error", "cycle crashed", {"error": repr(error), "trace": traceback.format_exc()})
        missed = int((self._clocks.monotonic() - started) // engine.interval)
        if missed:
            self._journal.count("cycles_skipped", "", missed)

    def _pause(self) -> float:
        """Return the seconds until the next multiple of the interval."""
        interval = self._engine().interval
        return interval - (self._clocks.wall() - SETTLE_SECONDS) % interval
