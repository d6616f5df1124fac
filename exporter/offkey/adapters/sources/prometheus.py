"""Any server with the Prometheus query API: Prometheus, VictoriaMetrics, Thanos, Mimir."""

import re
import time
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from offkey.adapters.decode.roster import Roster
from offkey.adapters.http import BodyTooLarge, Client, Endpoint, Reply, Session, excerpt
from offkey.adapters.sources._export import Export
from offkey.adapters.sources._gathered import Gathered
from offkey.adapters.sources._matrix import Envelope, Piece, json_labels, matrix, opened, reason, vector
from offkey.adapters.sources._remote import NotOffered, RemoteRead
from offkey.adapters.sources._selector import plain, written
from offkey.adapters.sources._split import MOST_SERIES, Splits, joined
from offkey.core.durations import HOUR
from offkey.core.errors import BadResponse, QueryRejected, SourceDown
from offkey.core.frame import Axis
from offkey.core.labels import Labels, Matcher
from offkey.core.ports import Answer

Reading = Literal["auto", "remote_read", "query_range"]

STORED_SECONDS = HOUR  # up to which a query is less work than what is stored: it leaves out what no instant sees
MOST_POINTS = 11_000  # per series in one answer. Source: Prometheus web/api/v1/api.go, queryRange
FIRST_POINTS = 64  # of a long history, to learn how many series there are
MOST_ROSTERS = 1_000  # queries whose series are remembered
SAMPLES_A_CALL = 500_000  # some 12 MB of JSON: memory stays small, and the server's own limits far
_TOO_MUCH = re.compile(r"too many|exceed|hit the max|cannot select more", re.IGNORECASE)
HINTS = {
    401: "; check basic_auth, authorization or oauth2",
    403: "; check basic_auth, authorization or oauth2, and the tenant's header",
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
        read: how the history of a selector is read: `auto` by remote read where that gives the answers of the query
            API, `remote_read` also where the server does not say which labels it adds, `query_range` never so.
    """

    def __init__(self, endpoint: Endpoint, max_series: int = 100_000, read: Reading = "auto") -> None:
        self._client = Client(endpoint)
        self._max_series = max_series
        self._method = "POST"
        self._rosters: dict[str, Roster] = {}
        self._stored: tuple[RemoteRead | Export, ...] = ()
        if read != "query_range":
            remote = RemoteRead(self._client, max_series, trusts_labels=read == "remote_read")
            self._stored = (remote, Export(self._client, max_series))
        self._splits = Splits(self._counted, self._label_names)
        self._large: set[str] = set()
        self._said: set[str] = set()

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
        if timeout <= 0 or (matchers := plain(query)) is None:
            return self._evaluate(query, axis, end)
        is_stored = bool(self._stored) and axis.size * axis.step > STORED_SECONDS
        parts = (
            self._splits.parts(matchers, axis.end, timeout / 4) if is_stored or query in self._large else (matchers,)
        )
        if len(parts) > 1:
            return joined(parts, self._max_series, lambda part: self._whole(written(part), part, axis, end))
        answer = self._whole(query, matchers, axis, end)
        if len(answer.frame.series) + answer.dropped > MOST_SERIES:
            self._large.add(query)
        return answer

    def _whole(self, query: str, matchers: tuple[Matcher, ...], axis: Axis, end: float) -> Answer:
        """Return the series of a selector, read as they are stored where that is less work."""
        if not self._stored or axis.size * axis.step <= STORED_SECONDS:
            return self._evaluate(query, axis, end)
        refusals = []
        for stored in self._stored:
            try:
                return stored.read(matchers, axis, end - time.monotonic())
            except NotOffered as error:
                refusals.append(str(error))
        answer = self._evaluate(query, axis, end)
        fresh = [said for said in refusals[:1] if said not in self._said]
        self._said.update(fresh)
        return replace(answer, warnings=(*answer.warnings, *fresh))

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

    def _counted(self, matchers: tuple[Matcher, ...], name: str, at: int, timeout: float) -> dict[Labels, float]:
        """Return how many series a selector has at an instant, for each value of a label if one is named."""
        query = f"count by ({name}) ({written(matchers)})" if name else f"count({written(matchers)})"
        return self.instant(query, at, timeout)

    def _label_names(self, matchers: tuple[Matcher, ...], at: int, timeout: float) -> list[str]:
        """Return the names of the labels of a selector's series in the hour before an instant."""
        asked = {"match[]": written(matchers), "start": str(at - HOUR), "end": str(at)}
        reply = self._accepted(self._client.call("GET", "/api/v1/labels", asked, timeout), "labels")
        try:
            return [str(name) for name in orjson.loads(reply.body)["data"]]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            msg = f"{self._where}: the answer is no list of labels: {excerpt(reply.body)}"
            raise BadResponse(msg) from error

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

    def _evaluate(self, query: str, axis: Axis, end: float) -> Answer:
        """Return a query's series by range queries, as many as it takes."""
        gathered = Gathered(axis, self._max_series)
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
        body = self._query("/api/v1/query_range", asked, left).body
        return matrix(body, axis, self._max_series, self._where, self._roster(query))

    def _roster(self, query: str) -> Roster:
        """Return what knows the series of a query; of too many queries the oldest is forgotten."""
        if query not in self._rosters:
            while len(self._rosters) >= MOST_ROSTERS:
                self._rosters.pop(next(iter(self._rosters)), None)
            self._rosters[query] = Roster(json_labels, self._max_series)
        return self._rosters[query]

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
        hint = HINTS.get(reply.status, "")
        msg = f"{self._where}: answered {reply.status}: {said}{hint}"
        raise SourceDown(msg)
