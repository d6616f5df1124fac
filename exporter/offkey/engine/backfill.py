"""Judge a stretch of the past as it would have been judged then: by what came before it, and by nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from offkey.core.durations import DAY
from offkey.core.findings import Verdict
from offkey.core.frame import Axis
from offkey.engine.entering import judged_and_learned
from offkey.engine.learning import learn, retuned
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.engine.prospects import Prospects
from offkey.engine.reading import Reading

Read = Callable[[Plan, Axis, Memory | None], Reading]


class Backfill:
    """Goes through the past of one signal, oldest first; what it says does not depend on how the past is cut.

    Args:
        plan: the signal and its models.
        start: first instant that is judged, Unix seconds; everything before it only teaches.
        read: reads the signal on an axis, given what is remembered of it.

    Raises:
        SourceError: the past before the start has no usable answer.
    """

    def __init__(self, plan: Plan, start: int, read: Read) -> None:
        self._plan, self._read = plan, read
        self._start = start
        self._memory = self._learned(start)
        self._next_tuning = start + DAY
        self._prospects = Prospects()

    def until(self, end: int) -> Iterator[Verdict]:
        """Yield the verdict of every instant up to `end`; bounds are found anew once a day, as they are live.

        Raises:
            SourceError: the past has no usable answer.
        """
        while (last := min(end, self._next_tuning - 1)) >= self._memory.until + self._plan.signal.step:
            axis = Axis.between(self._memory.until + 1, last, self._plan.signal.step)
            reading = self._read(self._plan, axis, self._memory)
            for column in range(axis.size):
                found = self._judged(replace(reading, examined=reading.examined.columns(column, column + 1)))
                if found.time >= self._start:
                    yield found
            if end >= self._next_tuning:
                self._memory = retuned(self._memory, self._learned(self._next_tuning))
                self._next_tuning += DAY

    def _learned(self, start: int) -> Memory:
        signal = self._plan.signal
        axis = Axis.between(start - signal.history, start - 1, signal.history_step)
        return learn(self._plan, self._read(self._plan, axis, None).examined)

    def _judged(self, reading: Reading) -> Verdict:
        """Take one column as a cycle would."""
        entry, self._memory = judged_and_learned(self._plan, self._memory, reading)
        found = self._prospects.verdict(entry, lambda: self._memory)
        self._prospects.prepare(self._plan, self._memory, entry.passage.newest)
        return found
