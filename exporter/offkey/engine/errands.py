"""What a cycle does not wait for: done by other processes when there are any, else at once."""

from collections.abc import Callable
from typing import Any, TypeVar

from offkey.core.ports import Job, Workers

R = TypeVar("R")
Task = tuple[Callable[..., R], tuple[Any, ...]]

# Work that recurs is sent away when it took longer than this twice in a row, in all and for each series: what is quick
# for many series would only be carried back and forth.
COSTLY_SECONDS = 1.0
COSTLY_SECONDS_PER_SERIES = 0.001


class Errands:
    """Jobs under way, each under a name."""

    def __init__(self, workers: Workers | None, clock: Callable[[], float]) -> None:
        """Take the workers (without any, everything is done at once) and a clock for durations, seconds."""
        self._workers = workers
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._costly: dict[str, int] = {}
        self._took: dict[str, float] = {}

    def is_under_way(self, name: str) -> bool:
        """Whether a job was sent off and its answer was not fetched yet."""
        return name in self._jobs

    def fetch(self, name: str, task: Callable[[], Task[R]]) -> R | None:
        """Return the answer to a job, or None while there is none; a job that nobody sent off is sent off.

        Args:
            name: of the job.
            task: makes what is to be called with which arguments; asked only when the job is sent off.

        Raises:
            WorkersLost: the worker ended before it answered; the next call sends the job off again.
        """
        if name not in self._jobs:
            function, given = task()
            if self._workers is None:
                return function(*given)
            self._jobs[name] = self._workers.submit(function, *given)
            return None
        if not self._jobs[name].done():
            return None
        answer: R = self._jobs.pop(name).result()
        return answer

    def is_costly(self, name: str) -> bool:
        """Whether work that recurs is to be sent away, because others can do it and it took too long twice in a row."""
        return self._workers is not None and self._costly.get(name, 0) > 1

    def here(self, name: str, function: Callable[..., R], *given: object) -> R:
        """Return the answer to a part of work that recurs, done at once; what it takes is added up until `weigh`."""
        began = self._clock()
        answer = function(*given)
        self._took[name] = self._took.get(name, 0.0) + self._clock() - began
        return answer

    def weigh(self, name: str, series: int) -> None:
        """Note that work about so many series was done once, in all its parts."""
        is_costly = self._took.pop(name, 0.0) > max(COSTLY_SECONDS, COSTLY_SECONDS_PER_SERIES * series)
        self._costly[name] = self._costly.get(name, 0) + 1 if is_costly else 0
