"""Access tokens by OAuth 2.0 client credentials, kept until shortly before they expire.

Source: RFC 6749, sections 2.3.1 (who the client is), 4.4 (the grant) and 5 (its answers).
"""

import base64
import math
import threading
import time
from typing import Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

import orjson

from offkey.adapters.bodies import Payload, Reply, excerpt
from offkey.adapters.endpoint import OAuth2, secret
from offkey.core.errors import BadResponse, SourceDown

EARLY_SECONDS = 10.0  # a token is replaced so long before its end, so that none expires on its way
_FORM = "application/x-www-form-urlencoded"


class Caller(Protocol):
    """Whoever calls the server of tokens."""

    def call(self, method: str, path: str, *, timeout: float, payload: Payload) -> Reply:
        """Return the answer; raise SourceDown when there is none."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Tokens:
    """The access token of one client; safe to use from many threads."""

    def __init__(self, settings: OAuth2, server: Caller) -> None:
        """Take who we are and whom to ask; nothing is fetched until a token is asked for."""
        self._settings = settings
        self._server = server
        self._lock = threading.Lock()
        self._token = ""
        self._end = -math.inf
        self._is_named_in_header = True

    def current(self, timeout: float) -> str:
        """Return a token that is good for some seconds more.

        Raises:
            SourceDown: no token in time, or the server of tokens does not know us.
            BadResponse: its answer holds no bearer token.
        """
        start = time.monotonic()
        if not self._lock.acquire(timeout=timeout):
            msg = f"{self._settings.token_url}: no token came in time"
            raise SourceDown(msg)
        try:
            if time.monotonic() >= self._end:
                self._fetch(start + timeout)
            return self._token
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Ask for another token next time: the server did not like this one."""
        self._end = -math.inf

    def close(self) -> None:
        """Let go of connections."""
        self._server.close()

    def _fetch(self, end: float) -> None:
        asked = time.monotonic()
        answer = self._ask(end - asked)
        if answer.status in (400, 401):  # some servers read the client's name in the form alone
            self._is_named_in_header = not self._is_named_in_header
            answer = self._ask(end - time.monotonic())
        where = f"{self._settings.token_url}: answered {answer.status}"
        if answer.status != 200:
            msg = f"{where}: {excerpt(answer.body)}; check oauth2.client_id and client_secret_file"
            raise SourceDown(msg)
        try:
            found = orjson.loads(answer.body)
            token, kind = found["access_token"], found.get("token_type", "bearer")
            seconds = float(found.get("expires_in", math.inf))
        except (orjson.JSONDecodeError, TypeError, KeyError, ValueError, AttributeError) as error:
            msg = f"{where}, but not with a token as JSON"
            raise BadResponse(msg) from error
        if (
            not isinstance(token, str)
            or not token.isascii()
            or not token.isprintable()
            or str(kind).lower() != "bearer"
        ):
            msg = f"{where} with a token that is no bearer token"
            raise BadResponse(msg)
        self._token, self._end = token, asked + seconds - EARLY_SECONDS

    def _ask(self, left: float) -> Reply:
        ours = self._settings
        word = secret(ours.client_secret_file, f"{ours.token_url}: oauth2.client_secret_file")
        form = {"grant_type": "client_credentials", **ours.endpoint_params}
        if ours.scopes:
            form["scope"] = " ".join(ours.scopes)
        headers = {"Content-Type": _FORM, "Accept": "application/json"}
        if self._is_named_in_header:
            pair = f"{quote_plus(ours.client_id)}:{quote_plus(word)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": ours.client_id, "client_secret": word}
        parts = urlsplit(ours.token_url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return self._server.call("POST", path, timeout=left, payload=Payload(urlencode(form).encode(), headers))
