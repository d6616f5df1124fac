"""Answers on their way: the queries of a cycle are asked together, so that it waits for the slowest, not for all."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from offkey.core.errors import SourceDown
from offkey.core.frame import Axis
from offkey.core.ports import Answer, Source

AT_ONCE = 4  # queries one source is asked at the same time; a source that hangs holds up none of another

Asked = tuple[str, str, Axis]  # source, query, instants


class Ahead:
    """Asks sources before the answers are needed, all within one deadline; equal questions are asked once.

    Args:
        sources: by name.
        clock: seconds, for the deadline.
        end: when every answer must be there, by the clock.
    """

    def __init__(self, sources: Mapping[str, Source], clock: Callable[[], float], end: float) -> None:
        self._sources, self._clock, self._end = sources, clock, end
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._coming: dict[Asked, Future[Answer]] = {}
        self._answered: set[str] = set()
        self._failures: defaultdict[str, list[str]] = defaultdict(list)

    def ask(self, asked: Asked) -> None:
        """Have a question asked, unless it was."""
        name = asked[0]
        if asked in self._coming:
            return
        if name not in self._threads:
            self._threads[name] = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"reads {name}")
        self._coming[asked] = self._threads[name].submit(self._in_turn, *asked)

    def was_asked(self, asked: Asked) -> bool:
        """Whether an answer is there or on its way."""
        return asked in self._coming

    def is_there(self, asked: Asked) -> bool:
        """Whether an answer is there, or the error in its place."""
        return self._coming[asked].done()

    def wait(self) -> None:
        """Wait until one more answer is there."""
        wait([one for one in self._coming.values() if not one.done()], return_when=FIRST_COMPLETED)

    def is_down(self, name: str, failures: int = 1) -> bool:
        """Whether a source has given no answer so far, and was found to be down so many times."""
        return name not in self._answered and len(self._failures[name]) >= failures

    def source(self, name: str) -> Source:
        """Return a source that has the answers to what was asked, and asks at once for what was not."""
        return _Expected(name, self)

    def read(self, name: str, query: str, axis: Axis, timeout: float) -> Answer:
        """Return the answer to what was asked once it is there, or ask now.

        Raises:
            SourceError: there is none.
        """
        asked = (name, query, axis)
        return self._coming[asked].result() if asked in self._coming else self._read(asked, timeout)

    def close(self) -> None:
        """Ask nothing more."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    def _in_turn(self, *asked: *Asked) -> Answer:
        left = self._end - self._clock()
        if left <= 0:
            msg = f"source '{asked[0]}': the deadline of the cycle passed before the turn of this query came"
            raise SourceDown(msg)
        if self.is_down(asked[0], AT_ONCE):
            raise was_down(asked[0])
        return self._read(asked, left)

    def _read(self, asked: Asked, timeout: float) -> Answer:
        name, query, axis = asked
        try:
            answer = self._sources[name].read(query, axis, timeout)
        except SourceDown as error:
            self._failures[name].append(str(error))
            raise
        self._answered.add(name)
        return answer


def was_down(name: str) -> SourceDown:
    """Return what is raised for a source that is not asked again."""
    return SourceDown(f"source '{name}' was down a moment ago")


@dataclass(frozen=True, slots=True)
class _Expected:
    """One source, by its answers on their way."""

    name: str
    ahead: Ahead

    def read(self, query: str, axis: Axis, timeout: float) -> Answer:
        """Return an answer once it is there, or ask for it now."""
        return self.ahead.read(self.name, query, axis, timeout)

    def close(self) -> None:
        """Leave the source as it is: others use it."""
