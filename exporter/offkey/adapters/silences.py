"""What people silenced, as Alertmanager remembers it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from offkey.adapters.endpoint import Endpoint
from offkey.adapters.http import Client, excerpt
from offkey.core.errors import BadResponse, SourceDown
from offkey.core.labels import Matcher
from offkey.engine.alertquality import Silence, verdict_of

_PATH = "/api/v2/silences"


class Silences:
    """Reads the silences of one Alertmanager, those that ended a few days ago too (`--data.retention`)."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.url = endpoint.url
        self._client = Client(endpoint)

    def read(self, timeout: float) -> list[Silence]:
        """Return all silences.

        Raises:
            SourceDown: unreachable, too slow, or it refuses.
            BadResponse: the answer is no list of silences.
        """
        reply = self._client.call("GET", _PATH, timeout=timeout)
        if reply.status != 200:
            msg = f"{self.url}{_PATH}: answered {reply.status}: {excerpt(reply.body)}"
            raise SourceDown(msg)
        try:
            return [_silence(one) for one in orjson.loads(reply.body)]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            msg = f"{self.url}{_PATH}: not a list of silences: {excerpt(reply.body)}"
            raise BadResponse(msg) from error

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def _silence(one: Mapping[str, Any]) -> Silence:
    matchers = tuple(_matcher(matcher) for matcher in one["matchers"])
    return Silence(matchers, _seconds(one["startsAt"]), _seconds(one["endsAt"]), verdict_of(one.get("comment", "")))


def _matcher(one: Mapping[str, Any]) -> Matcher:
    is_equal = one.get("isEqual", True)  # absent before 0.22
    if one["isRegex"]:
        return Matcher(one["name"], "=~" if is_equal else "!~", one["value"])
    return Matcher(one["name"], "=" if is_equal else "!=", one["value"])


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
