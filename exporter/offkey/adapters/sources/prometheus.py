"""Any server with the Prometheus query API: Prometheus, VictoriaMetrics, Thanos, Mimir."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from offkey.adapters.http import BodyTooLarge, Client, Endpoint, Reply, Session
from offkey.adapters.sources._matrix import Envelope, Piece, beyond, matrix, opened, reason, vector
from offkey.core.errors import QueryRejected, SourceDown
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels, rank
from offkey.core.ports import Answer

MOST_POINTS = 11_000  # per series in one answer. Source: Prometheus web/api/v1/api.go, queryRange
FIRST_POINTS = 64  # of a long history, to learn how many series there are
SAMPLES_A_CALL = 500_000  # some 12 MB of JSON: memory stays small, and the server's own limits far
_TOO_MUCH = re.compile(r"too many|exceed|hit the max|cannot select more", re.IGNORECASE)
_HINTS = {
    401: "; check basic_auth or authorization",
    403: "; check basic_auth, authorization and the tenant's header",
    404: "; is the path in url right?",
}
_QUOTED = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)""", re.DOTALL)
_RANGE_BOUND = re.compile(r"@\s*(?:start|end)\s*\(")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a metric says about itself: `type` (counter, gauge, histogram, ...), `unit` and `help`."""

    type: str
    unit: str
    help: str


class _TooMuch(QueryRejected):
    """The server would answer a smaller question."""


class Source:
    """Answers PromQL from one server.

    Args:
        endpoint: the server and how to reach it.
        max_series: series kept of one query; which ones depends on their labels alone.
    """

    def __init__(self, endpoint: Endpoint, max_series: int = 100_000) -> None:
        self._client = Client(endpoint)
        self._max_series = max_series
        self._method = "POST"

    @property
    def session(self) -> Session:
        """The session, for other libraries: they get its credentials, deadlines and refusals."""
        return self._client.session

    def read(self, query: str, axis: Axis, timeout: float) -> Answer:
        """Evaluate a query at every instant of the axis, within `timeout` seconds in all.

        A long axis is asked in pieces; every piece lies on the axis's own instants, so the cut changes no value.

        Raises:
            SourceDown: unreachable, too slow, or 5xx after repeats.
            QueryRejected: this query is refused, or too large even for a single instant.
            BadResponse: an answer is not usable; nothing of the others is used either.
        """
        if _RANGE_BOUND.search(_QUOTED.sub('""', query)):
            msg = f"query {query!r}: @ start() and @ end() depend on how a range is cut; use offset, or @ with a number"
            raise QueryRejected(msg)
        end = time.monotonic() + timeout
        gathered = _Gathered(axis, self._max_series)
        first, width, widest = 0, FIRST_POINTS, MOST_POINTS
        while first < axis.size:
            part = axis.cut(first, min(first + width, axis.size))
            try:
                count = gathered.add(first, *self._range(query, part, end - time.monotonic()))
            except (_TooMuch, BodyTooLarge):
                if part.size == 1:
                    raise
                width = widest = part.size // 2
                continue
            first += part.size
            width = max(1, min(widest, SAMPLES_A_CALL // max(count, 1)))
        return gathered.answer()

    def instant(self, query: str, at: int, timeout: float) -> dict[Labels, float]:
        """Evaluate a query at one instant (Unix seconds).

        Raises:
            SourceDown: unreachable, too slow, or 5xx after repeats.
            QueryRejected: this query is refused.
            BadResponse: the answer is not an instant vector.
        """
        answer = self._query("/api/v1/query", {"query": query, "time": str(at)}, timeout)
        return vector(answer.body, self._where)

    def series_count(self, selector: str, at: int, timeout: float) -> int:
        """Return how many series an instant query or selector gives at one instant."""
        return int(sum(self.instant(f"count({selector})", at, timeout).values()))

    def metadata(self, timeout: float) -> dict[str, Metadata]:
        """Return what each metric says about itself; of several targets that differ, the first.

        Raises:
            SourceDown: unreachable, too slow, or 5xx after repeats.
            BadResponse: the answer is not usable.
        """
        answer = self._accepted(self._client.call("GET", "/api/v1/metadata", timeout=timeout), "metadata")
        return {
            name: Metadata(*(str(said[0].get(key, "")) for key in ("type", "unit", "help")))
            for name, said in opened(answer.body, self._where).content.items()
            if isinstance(said, list) and said and isinstance(said[0], dict)
        }

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    @property
    def _where(self) -> str:
        return self._client.endpoint.url

    def _range(self, query: str, axis: Axis, left: float) -> tuple[Envelope, Piece]:
        asked = {
            "query": query,
            "start": str(axis.start),
            "end": str(axis.end),
            "step": str(axis.step),
            "timeout": f"{max(left, 0.001):.3f}",
            "nocache": "1",  # VictoriaMetrics would move the instants to suit its cache; others ignore this
        }
        return matrix(self._query("/api/v1/query_range", asked, left).body, axis, self._max_series, self._where)

    def _query(self, path: str, asked: dict[str, str], timeout: float) -> Reply:
        end = time.monotonic() + timeout
        reply = self._client.call(self._method, path, asked, timeout)
        if reply.status == 405 and self._method == "POST":  # read-only proxies allow GET alone
            self._method = "GET"
            reply = self._client.call(self._method, path, asked, end - time.monotonic())
        return self._accepted(reply, f"query {asked['query']!r}")

    def _accepted(self, reply: Reply, what: str) -> Reply:
        """Return a reply of status 200; raise what the others mean."""
        if reply.status == 200:
            return reply
        said = reason(reply.body)
        if reply.status in {400, 422}:
            refusal = _TooMuch if _TOO_MUCH.search(said) else QueryRejected
            msg = f"{self._where}: {what} was refused: {said}"
            raise refusal(msg)
        hint = _HINTS.get(reply.status, "")
        msg = f"{self._where}: answered {reply.status}: {said}{hint}"
        raise SourceDown(msg)


class _Gathered:
    """The pieces of one answer, until all are there."""

    def __init__(self, axis: Axis, most: int) -> None:
        self._axis, self._most = axis, most
        self._pieces: list[tuple[int, Piece]] = []
        self._partial = False
        self._said: dict[str, None] = {}

    def add(self, first: int, envelope: Envelope, piece: Piece) -> int:
        """Take a piece that starts at column `first`; return how many series the server sent."""
        self._pieces.append((first, piece))
        self._partial |= envelope.partial
        self._said.update(dict.fromkeys(envelope.warnings))
        return len(piece.series) + len(piece.dropped)

    def answer(self) -> Answer:
        """Return all pieces as one: series united by their labels, in the labels' order."""
        found = tuple({labels for _, piece in self._pieces for labels in piece.series})
        dropped = beyond(found, self._most)
        kept = (labels for labels in found if rank(labels) not in dropped) if dropped else found
        series = tuple(sorted(kept, key=lambda labels: labels.pairs))
        row = {labels: k for k, labels in enumerate(series)}
        values = np.full((len(series), self._axis.size), np.nan)
        for first, piece in self._pieces:
            there = np.array([row.get(labels, -1) for labels in piece.series], np.int64)
            values[there[there >= 0], first : first + piece.values.shape[1]] = piece.values[there >= 0]
        dropped = dropped.union(*(piece.dropped for _, piece in self._pieces))
        told = (*self._said, *self._remarks())
        return Answer(Frame(series, values, self._axis), self._partial, told, len(dropped))

    def _remarks(self) -> Iterator[str]:
        """Say what had to be mended."""
        pieces = [piece for _, piece in self._pieces]
        if moved := sum(piece.moved for piece in pieces):
            yield f"{moved} samples lay between the instants asked for; each was taken for the next instant"
        if lost := sum(piece.lost for piece in pieces):
            yield f"{lost} samples were outside the range or second for one instant; the newest was kept"
        if repeated := max((piece.repeated for piece in pieces), default=0):
            yield f"{repeated} label sets came more than once; the last sample of each instant was kept"
        if names := sorted(frozenset().union(*(piece.histograms for piece in pieces))):
            yield f"native histograms cannot be scored: {', '.join(names)}; query a quantile or rate of them"
