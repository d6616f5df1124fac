"""Remote read: the samples of a selector as they are stored, a tenth of the work for both sides."""

import threading
import time
from collections.abc import Mapping

import numpy as np

from offkey.adapters.decode.messages import field, read_labels, varint
from offkey.adapters.decode.roster import Roster
from offkey.adapters.decode.samples import Held, held
from offkey.adapters.decode.snappy import snapped
from offkey.adapters.http import BodyTooLarge, Client, Payload, excerpt
from offkey.adapters.sources._gathered import Gathered
from offkey.adapters.sources._matrix import Piece, vector
from offkey.adapters.sources._selector import written
from offkey.adapters.sources._server import Server, ask
from offkey.core.durations import HOUR
from offkey.core.errors import BadResponse, SourceDown, SourceError
from offkey.core.frame import Axis
from offkey.core.labels import NAME, Labels, Matcher
from offkey.core.ports import Answer

STREAM_SECONDS = HOUR  # beyond which whole chunks, some of two hours, are less work than the samples in them
ASK_AGAIN = 600.0  # seconds after which a server that offered none, or was upgraded, is asked again
MOST_ROSTERS = 1_000  # selectors whose series are remembered
FIRST_POINTS = 64  # of a long history, to learn how large a piece is
_OPERATORS = {"=": 0, "!=": 1, "=~": 2, "!~": 3}
_HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Read-Version": "0.1.0",
}


class NotOffered(SourceError):
    """The server does not offer remote read, or not in a way that gives the answers of the query API."""


class RemoteRead:
    """Reads selectors from one server.

    Args:
        client: calls the server.
        max_series: series kept of one selector.
        trusts_labels: whether to read also where the server does not say which labels it adds.
    """

    def __init__(self, client: Client, max_series: int, *, trusts_labels: bool) -> None:
        self._client = client
        self._max_series = max_series
        self._trusts_labels = trusts_labels
        self._server: Server | None = None
        self._asked = -ASK_AGAIN
        self._refusal = ""
        self._rosters: dict[str, Roster] = {}
        self._collides: dict[str, bool] = {}
        self._asking = threading.Lock()

    def read(self, matchers: tuple[Matcher, ...], axis: Axis, timeout: float) -> Answer:
        """Return the series of a selector on an axis, as range queries would, within `timeout` seconds in all.

        Raises:
            NotOffered: ask the query API instead.
            SourceDown: unreachable, too slow, or 5xx after repeats.
            BadResponse: an answer is not usable.
        """
        end = time.monotonic() + timeout
        server = self._known(timeout)
        selector = written(matchers)
        self._check(server, matchers, selector, end)
        is_long = axis.size * axis.step > STREAM_SECONDS
        gathered = Gathered(axis, self._max_series)

        def ask(part: Axis) -> tuple[int, Piece]:
            return self._piece(selector, _request(matchers, part, server.reach, is_long), part, end)

        gathered.fill(FIRST_POINTS if is_long else axis.size, self._client.endpoint.max_body, ask)
        return gathered.answer()

    def _known(self, timeout: float) -> Server:
        """Return what the server says about itself, asked now and then, by one thread for all."""
        with self._asking:
            return self._told(timeout)

    def _told(self, timeout: float) -> Server:
        if time.monotonic() - self._asked >= ASK_AGAIN:
            self._asked, self._refusal = time.monotonic(), ""
            try:
                server = ask(self._client, timeout / 2)
            except SourceError as error:
                self._refusal = f"remote read is not used: {error}"
                raise NotOffered(self._refusal) from error
            if self._server is None or self._server.external != server.external:
                self._rosters.clear()
            self._collides.clear()
            self._server = server
            if server.external is None and not self._trusts_labels:
                self._refusal = "remote read is not used: the server does not say which labels it adds to series"
        if self._refusal or self._server is None:
            raise NotOffered(self._refusal)
        return self._server

    def _check(self, server: Server, matchers: tuple[Matcher, ...], selector: str, end: float) -> None:
        """Refuse selectors whose series cannot be told from what the server's external labels make of them."""
        added = server.external or {}
        if not added:
            return
        if selector not in self._collides:
            asked = " or ".join(f"count({written(matchers, but=f'{name}!=' + chr(34) * 2)})" for name in added)
            call = {"query": asked, "time": str(int(time.time()))}
            reply = self._client.call("POST", "/api/v1/query", call, timeout=end - time.monotonic())
            known = vector(reply.body, self._client.endpoint.url) if reply.status == 200 else {Labels(): 1.0}
            self._collides[selector] = bool(known) or any(one.name in added for one in matchers)
        if self._collides[selector]:
            msg = f"remote read is not used for {selector}: its series have labels that the server adds as well"
            raise NotOffered(msg)

    def _piece(self, selector: str, request: bytes, axis: Axis, end: float) -> tuple[int, Piece]:
        """Return the size of an answer, and its series on the axis."""
        payload = Payload(snapped(request), _HEADERS)
        url = self._client.endpoint.url
        try:
            reply = self._client.call("POST", "/api/v1/read", timeout=end - time.monotonic(), payload=payload)
        except SourceDown as error:
            if self._rosters:
                raise
            raise NotOffered(self._off(str(error))) from error
        if reply.status != 200:
            said = excerpt(reply.body)
            if "exceeded sample limit" in said:
                raise BodyTooLarge(said)
            raise NotOffered(self._off(f"{url}/api/v1/read answered {reply.status}: {said}"))
        server = self._server or Server()
        try:
            is_stream = "streamed" in reply.media_type
            found = held(reply.body, axis, server.reach, self._roster(selector, server), is_stream=is_stream)
        except ValueError as error:
            msg = f"{url}: the answer of remote read is {error}: {excerpt(reply.body)}"
            raise BadResponse(msg) from error
        return len(reply.body), piece_of(found)

    def _off(self, why: str) -> str:
        """Leave remote read alone for a while; return what there is to say about it."""
        self._refusal = f"remote read is not used: {why}"
        return self._refusal

    def _roster(self, selector: str, server: Server) -> Roster:
        if selector not in self._rosters:
            while len(self._rosters) >= MOST_ROSTERS:
                self._rosters.pop(next(iter(self._rosters)), None)
            added = server.external or {}
            self._rosters[selector] = Roster(lambda text: _without(read_labels(text), added), self._max_series)
        return self._rosters[selector]


def piece_of(found: Held) -> Piece:
    """Return the series that have a sample."""
    roll, there = found.roll, found.present
    names = frozenset(roll.series[k].get(NAME, "{}") for k in np.flatnonzero(found.histograms).tolist())
    series, values = roll.series, found.values
    if not there.all():
        series, values = tuple(series[k] for k in np.flatnonzero(there).tolist()), values[there]
    return Piece(series, values, roll.dropped, 0, 0, 0, names)


def _without(labels: Labels, added: Mapping[str, str]) -> Labels:
    return Labels(tuple(pair for pair in labels.pairs if added.get(pair[0]) != pair[1])) if added else labels


def _request(matchers: tuple[Matcher, ...], axis: Axis, reach: int, is_long: bool) -> bytes:
    """Return a ReadRequest for everything that counts at an axis's instants: chunks for a long one, else samples."""
    conditions = b"".join(
        field(3, b"\x08" + varint(_OPERATORS[one.op]) + field(2, one.name.encode()) + field(3, one.value.encode()))
        for one in matchers
    )
    times = b"\x08" + varint(max(0, axis.start * 1000 - reach)) + b"\x10" + varint(axis.end * 1000)
    return field(1, times + conditions) + (field(2, b"\x01\x00") if is_long else b"")
