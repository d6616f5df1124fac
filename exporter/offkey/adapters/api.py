"""The parts of the Prometheus API that tell about a server itself, as plain values."""

from typing import Any

import orjson

from offkey.adapters.endpoint import Endpoint
from offkey.adapters.http import Client, excerpt
from offkey.core.errors import BadResponse, QueryRejected


class Api:
    """Asks one server; every answer is the `data` of its envelope."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.url = endpoint.url
        self._client = Client(endpoint)

    def get(self, path: str, timeout: float, **params: str) -> Any:  # noqa: ANN401 (JSON)
        """Return what a path below `/api/v1/` answers.

        Raises:
            SourceDown: unreachable, too slow, or 5xx after repeats.
            QueryRejected: the server has no such path, or refuses this request.
            BadResponse: the answer is not what the API promises.
        """
        reply = self._client.call("GET", f"/api/v1/{path}", params, timeout)
        if reply.status >= 400:
            msg = f"{self.url}/api/v1/{path}: answered {reply.status}: {excerpt(reply.body)}"
            raise QueryRejected(msg)
        try:
            return orjson.loads(reply.body)["data"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            msg = (
                f"{self.url}/api/v1/{path}: the answer is not what the Prometheus API promises; "
                f"is this the address of one? {excerpt(reply.body)}"
            )
            raise BadResponse(msg) from error

    def number(self, query: str, timeout: float, at: int | None = None) -> float | None:
        """Return the one value of an instant query, or None when it has none.

        Raises:
            SourceError: as `get`.
        """
        found = self.get("query", timeout, query=query, **({} if at is None else {"time": str(at)}))
        try:
            if found["resultType"] == "scalar":
                return float(found["result"][1])
            return float(found["result"][0]["value"][1]) if found["result"] else None
        except (KeyError, IndexError, TypeError, ValueError) as error:
            msg = f"{self.url}: the answer to {query!r} is not what the Prometheus API promises"
            raise BadResponse(msg) from error

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()
