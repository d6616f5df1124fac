"""All reading of an engine: several signals at once, and who was down is not asked for each of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from offkey.core.errors import SourceDown, SourceError
from offkey.core.findings import Fault
from offkey.core.frame import Axis
from offkey.core.ports import Journal, Source
from offkey.core.state import State
from offkey.engine.ahead import Ahead, Asked, was_down
from offkey.engine.plan import Plan
from offkey.engine.reading import Reading, queries, read

NOT_READ = "signal not read"  # what the journal hears
LEAST_SECONDS = 1.0  # for what is read after the deadline of a cycle, because learning took that long


class Reads:
    """Reads signals cycle by cycle.

    Args:
        sources: by name.
        journal: hears what fails.
        clock: seconds, for deadlines.
        timeout: seconds all live reads of a cycle may take together.
    """

    def __init__(
        self, sources: Mapping[str, Source], journal: Journal, clock: Callable[[], float], timeout: float
    ) -> None:
        self._sources, self._journal, self._clock, self._timeout = sources, journal, clock, timeout
        self._up = dict.fromkeys(sources, True)
        self._end = clock()
        self._ahead = Ahead(sources, clock, self._end)

    @property
    def source_up(self) -> dict[str, bool]:
        """Which sources answered when they were asked last."""
        return dict(self._up)

    def begin(self) -> None:
        """Begin a cycle; its deadline counts from now."""
        self._end = self._clock() + self._timeout
        self._ahead = Ahead(self._sources, self._clock, self._end)

    def arriving(self, due: Sequence[tuple[Plan, Axis | None]]) -> Iterator[Plan]:
        """Ask for all that is due, and yield the plans as their answers arrive; those without an axis come last."""
        waiting = [(plan, _asked(plan, axis)) for plan, axis in due if axis is not None]
        questions = [asked for _, mine in waiting for asked in mine]
        if len(questions) > 1:  # one alone needs no thread
            for asked in questions:
                self._ahead.ask(asked)
        while waiting:
            there = [one for one in waiting if len(questions) == 1 or all(map(self._ahead.is_there, one[1]))]
            for one in there:
                yield one[0]
                waiting.remove(one)
            if not there:
                self._ahead.wait()
        yield from (plan for plan, axis in due if axis is None)

    def end(self) -> None:
        """End a cycle: what nobody waited for is not asked any more."""
        self._ahead.close()

    def newest(self, plan: Plan, axis: Axis, ledger: State) -> Reading:
        """Return what is new of a signal, within the cycle's deadline.

        Raises:
            SourceError: there is no usable answer.
        """
        return self._read(plan, axis, max(LEAST_SECONDS, self._end - self._clock()), ledger)

    def past(self, plan: Plan, axis: Axis, timeout: float) -> Reading:
        """Return the history of a signal.

        Raises:
            SourceError: there is no usable answer.
        """
        return self._read(plan, axis, timeout, None)

    def blame(self, plan: Plan, error: SourceError) -> Fault:
        """Take note that a signal was not read; return what is to be told of it."""
        name = plan.signal.source
        self._up[name] = not (isinstance(error, SourceDown) and self._ahead.is_down(name))
        self._journal.count(f"source_failures:{name}", error.reason)
        self._journal.tell("warning", NOT_READ, {"signal": plan.signal.name, "error": str(error)})
        return Fault(plan.signal.name, f"source_{error.reason}", detail=str(error))

    def _read(self, plan: Plan, axis: Axis, timeout: float, ledger: State | None) -> Reading:
        """Read from the signal's source; one that was down in this cycle is not asked again."""
        name = plan.signal.source
        if self._ahead.is_down(name) and not all(map(self._ahead.was_asked, _asked(plan, axis))):
            raise was_down(name)
        reading = read(plan.signal, self._ahead.source(name), axis, timeout, self._journal, ledger, plan.shard)
        self._up[name] = True
        return reading


def _asked(plan: Plan, axis: Axis) -> list[Asked]:
    return [(plan.signal.source, query, axis) for query in queries(plan.signal)]
