"""VictoriaMetrics' export: the samples of a selector as they are stored."""

import threading
import time

from offkey.adapters.decode.exports import exported
from offkey.adapters.decode.roster import Roster
from offkey.adapters.http import Client, Reply, excerpt
from offkey.adapters.sources._gathered import Gathered
from offkey.adapters.sources._matrix import Piece, json_labels
from offkey.adapters.sources._remote import ASK_AGAIN, FIRST_POINTS, MOST_ROSTERS, NotOffered, piece_of
from offkey.adapters.sources._selector import written
from offkey.core.durations import MINUTE
from offkey.core.errors import BadResponse, SourceError
from offkey.core.frame import Axis
from offkey.core.labels import Matcher
from offkey.core.ports import Answer

_FORM = "application/stream+json"  # what no other server calls an answer at this path
_NOTHING = '{__name__="offkey asks whether this is VictoriaMetrics"}'
_LONGEST = 5 * MINUTE  # that a sample may last beyond a step


class Export:
    """Reads selectors from one server.

    Args:
        client: calls the server.
        max_series: series kept of one selector.
    """

    def __init__(self, client: Client, max_series: int) -> None:
        self._client, self._max_series = client, max_series
        self._asked, self._refusal = -ASK_AGAIN, ""
        self._asking = threading.Lock()
        self._rosters: dict[str, Roster] = {}

    def read(self, matchers: tuple[Matcher, ...], axis: Axis, timeout: float) -> Answer:
        """Return the series of a selector on an axis, as range queries would, within `timeout` seconds in all.

        Raises:
            NotOffered: ask the query API instead.
            SourceDown: unreachable, too slow, or 5xx after repeats.
            BadResponse: an answer is not usable.
        """
        end = time.monotonic() + timeout
        with self._asking:
            self._probe(end)
        selector = written(matchers)
        gathered = Gathered(axis, self._max_series)
        gathered.fill(FIRST_POINTS, self._client.endpoint.max_body, lambda part: self._piece(selector, part, end))
        return gathered.answer()

    def _probe(self, end: float) -> None:
        """Find out whether the server exports, now and then.

        Raises:
            NotOffered: it does not.
        """
        if time.monotonic() - self._asked >= ASK_AGAIN:
            now, self._asked = int(time.time()) * 1000, time.monotonic()
            try:
                reply = self._call(_NOTHING, now, now, end)
                is_one = reply.status == 200 and reply.media_type.startswith(_FORM)
                self._refusal = "" if is_one else "the server is not VictoriaMetrics"
            except SourceError as error:
                self._refusal = f"the export is not used: {error}"
        if self._refusal:
            raise NotOffered(self._refusal)

    def _piece(self, selector: str, axis: Axis, end: float) -> tuple[int, Piece]:
        """Return the size of an answer, and its series on the axis."""
        first = (axis.start - max(axis.step, _LONGEST)) * 1000
        reply = self._call(selector, first, axis.end * 1000, end)
        url = self._client.endpoint.url
        if reply.status != 200:
            self._refusal = (
                f"the export is not used: {url}/api/v1/export answered {reply.status}: {excerpt(reply.body)}"
            )
            raise NotOffered(self._refusal)
        try:
            found = exported(reply.body, axis, self._roster(selector))
        except (AttributeError, TypeError, ValueError) as error:
            msg = f"{url}: the answer is {error}: {excerpt(reply.body)}"
            raise BadResponse(msg) from error
        return len(reply.body), piece_of(found)

    def _call(self, selector: str, first: int, last: int, end: float) -> Reply:
        asked = {
            "match[]": selector,
            "start": f"{first / 1000:.3f}",
            "end": f"{last / 1000:.3f}",
            "deny_partial_response": "1",  # a cluster would leave out what a node did not answer
        }
        return self._client.call("POST", "/api/v1/export", asked, end - time.monotonic())

    def _roster(self, selector: str) -> Roster:
        with self._asking:
            if selector not in self._rosters:
                while len(self._rosters) >= MOST_ROSTERS:
                    self._rosters.pop(next(iter(self._rosters)), None)
                self._rosters[selector] = Roster(json_labels, self._max_series)
            return self._rosters[selector]
