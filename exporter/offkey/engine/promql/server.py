"""A server as the world: it evaluates whole expressions over the past, exactly as its own rules would have."""

import numpy as np

from offkey.core.errors import QueryRejected, RuleError
from offkey.core.frame import Axis, BoolArray, Frame, IntArray
from offkey.core.ports import Source
from offkey.engine.promql.run import Known, Seen
from offkey.engine.promql.series import Vector
from offkey.engine.promql.tree import Binary, Call, Negation, Node, Number, Paren, Range, Selector, Subquery, selectors

# A query refused over a range is asked again in halves, to find the instants that are refused; at most so often.
MOST_PIECES = 200
_SCALARS = ("time", "scalar", "pi")


class Server:
    """Asks a source for everything that no rule writes.

    Args:
        source: any server that answers PromQL over time.
        timeout: seconds each question may take.
    """

    def __init__(self, source: Source, timeout: float) -> None:
        self._source, self._timeout = source, timeout
        self._found: dict[tuple[str, Axis], tuple[Frame, BoolArray]] = {}
        self.warnings: dict[str, None] = {}

    def series(self, selector: Selector, first: int, last: int) -> list[Seen]:
        """Refuse: raw samples are only needed beside series that rules write, inside one function.

        Raises:
            RuleError: always.
        """
        msg = (
            f"{selector}: a function mixes its raw samples from {first // 1000} to {last // 1000} with series that the "
            "rules write; record the one part with a rule of its own"
        )
        raise RuleError(msg)

    def answer(self, node: Node, times: IntArray) -> Known | None:
        """Return what the server says of an expression; None for what is no value, or needs no server.

        Raises:
            SourceDown: it cannot be reached, or is too slow.
            QueryRejected: it refuses the expression at every instant.
        """
        if isinstance(node, Range | Subquery | Number) or next(selectors(node), None) is None:
            return None
        step = int(times[1] - times[0]) // 1000 if times.size > 1 else 1
        axis = Axis(int(times[0]) // 1000, step, times.size)
        asked = (str(node), axis)
        if asked not in self._found:
            self._found[asked] = self._asked(*asked)
        frame, failed = self._found[asked]
        if is_scalar(node):
            return Known(frame.values[0] if len(frame.series) else np.full(times.size, np.nan), failed)
        return Known(Vector.of(frame), failed)

    def _asked(self, query: str, axis: Axis) -> tuple[Frame, BoolArray]:
        """Return the answer, and at which instants there is none because the query is refused there."""
        pieces: list[tuple[int, Frame]] = []
        failed = np.zeros(axis.size, bool)
        waiting, asked = [(0, axis.size)], 0
        while waiting:
            first, last = waiting.pop()
            asked += 1
            try:
                answer = self._source.read(query, axis.cut(first, last), self._timeout)
            except QueryRejected:
                if last - first == 1 or asked > MOST_PIECES:
                    failed[first:last] = True
                else:
                    middle = (first + last) // 2
                    waiting += [(first, middle), (middle, last)]
                if failed.all():
                    raise
                continue
            self.warnings.update(dict.fromkeys(answer.warnings))
            pieces.append((first, answer.frame))
        return _whole(axis, pieces), failed

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()


def is_scalar(node: Node) -> bool:
    """Return whether an expression gives one number, not series."""
    match node:
        case Number():
            return True
        case Call():
            return node.function in _SCALARS
        case Paren() | Negation():
            return is_scalar(node.expr)
        case Binary():
            return is_scalar(node.left) and is_scalar(node.right)
        case _:
            return False


def _whole(axis: Axis, pieces: list[tuple[int, Frame]]) -> Frame:
    """Return pieces of one answer as one frame."""
    if len(pieces) == 1 and pieces[0][1].axis.size == axis.size:
        return pieces[0][1]
    series = tuple(sorted({labels for _, frame in pieces for labels in frame.series}, key=lambda one: one.pairs))
    row = {labels: k for k, labels in enumerate(series)}
    values = np.full((len(series), axis.size), np.nan)
    for first, frame in pieces:
        values[[row[labels] for labels in frame.series], first : first + frame.axis.size] = frame.values
    return Frame(series, values, axis)
