"""The one HTTP client: credentials from files, no redirects, a total deadline, a bounded body, careful repeats."""

import http.client
import random
import re
import ssl
import threading
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.auth
import urllib3

from offkey import __version__
from offkey.adapters.bodies import BodyTooLarge, Payload, Reply, excerpt, whole
from offkey.adapters.endpoint import TLS, Authorization, BasicAuth, Endpoint, OAuth2, address, secret
from offkey.adapters.oauth import Tokens
from offkey.adapters.transport import Transport, connect, stamps
from offkey.core.errors import BadResponse, SourceDown

__all__ = [
    "TLS",
    "Authorization",
    "BasicAuth",
    "BodyTooLarge",
    "Client",
    "Endpoint",
    "OAuth2",
    "Payload",
    "Reply",
    "Session",
    "excerpt",
]

CONNECT_SECONDS = 5.0  # a host that swallows packets must not use up the whole deadline


class Session(requests.Session):
    """A requests session that obeys an `Endpoint` whatever its user asks for, so other libraries may be given it."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self.endpoint = endpoint
        self.trust_env = False  # proxies and .netrc of the environment would send credentials elsewhere
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers["User-Agent"] = f"offkey/{__version__}"
        self.headers["Accept-Encoding"] = "gzip" if endpoint.compression else "identity"
        self.auth = _Credentials(endpoint)
        self._tokens = _tokens(endpoint)
        self._slots = threading.BoundedSemaphore(endpoint.connections)
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._stamps: tuple[object, ...] = ()
        self._proxies = dict.fromkeys(("http", "https"), endpoint.proxy_url) if endpoint.proxy_url else {}

    def get_adapter(self, url: str | bytes) -> Transport:
        """Return the connections to the endpoint; what others mounted is not used, no other server is reached.

        Raises:
            BadResponse: the URL is another server's.
            SourceDown: a certificate file cannot be read.
        """
        if address(str(url)) != self.endpoint.address:
            msg = f"{self.endpoint.url}: a request for {_origin(str(url))} was not sent; this session serves one server"
            raise BadResponse(msg)
        with self._lock:
            found = stamps(self.endpoint.tls_config)
            if self._transport is None or found != self._stamps:  # certificates are replaced while we run
                fresh = connect(self.endpoint)
                if self._transport is not None:
                    self._transport.close()
                self._transport, self._stamps = fresh, found
            return self._transport

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401 (as the base class)
        """Send one request and read its whole body; `timeout`, a number of seconds, bounds all of it.

        Raises:
            SourceDown: no answer in time, or no connection.
            BadResponse: a redirect, or a body that is cut, too large or wrongly compressed.
        """
        asked = options.pop("timeout", None)
        seconds = asked if isinstance(asked, int | float) and asked > 0 else self.endpoint.timeout
        end = time.monotonic() + seconds
        if not self._slots.acquire(timeout=seconds):
            msg = (
                f"{self.endpoint.url}: all {self.endpoint.connections} connections are busy and none came free in time"
            )
            raise SourceDown(msg)
        try:
            if self._tokens:
                request.headers["Authorization"] = f"Bearer {self._tokens.current(end - time.monotonic())}"
            return self._exchange(request, end - time.monotonic(), options)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _named(self.endpoint.url, error) from error
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close idle connections."""
        if self._transport is not None:
            self._transport.close()
        if self._tokens is not None:
            self._tokens.close()
        super().close()

    def _exchange(self, request: requests.PreparedRequest, left: float, options: dict[str, Any]) -> requests.Response:
        left = max(0.001, left)
        limit = urllib3.Timeout(connect=min(left, CONNECT_SECONDS), total=left)
        ours = {"timeout": limit, "stream": True, "allow_redirects": False, "proxies": self._proxies}
        response = super().send(request, **{**options, **ours})
        try:
            _refuse_redirect(response, self.endpoint)
            response._content = whole(response, self.endpoint)  # the only way to bound what .content holds
            if self._tokens and response.status_code == 401:
                self._tokens.forget()
        except BaseException:
            response.close()  # what is left on this connection belongs to no later call
            raise
        return response


class Client:
    """Calls one server, and again when that is worth it.

    A call is repeated after a failed connection, 429 and 5xx, with jitter or after the server's `Retry-After`, within
    the call's own deadline and a budget: in the long run one repeat for ten calls.
    """

    reserve = 5.0  # repeats that may be saved up

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.session = Session(endpoint)
        self._budget = self.reserve
        self._lock = threading.Lock()

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        timeout: float | None = None,
        payload: Payload | None = None,
    ) -> Reply:
        """Return the answer to one call.

        Args:
            method: GET (parameters in the URL), or POST (parameters as a form, or a payload instead).
            path: below the endpoint's URL, with a leading slash.
            params: sent as UTF-8.
            timeout: seconds for everything, repeats included; the endpoint's when not given.
            payload: sent with POST.

        Raises:
            SourceDown: unreachable, too slow, or 429 or 5xx to the end.
            BadResponse: the answer cannot be used.
        """
        end = time.monotonic() + (self.endpoint.timeout if timeout is None else timeout)
        with self._lock:
            self._budget = min(self.reserve, self._budget + 0.1)

        tries = 3
        while True:
            tries -= 1
            try:
                return self._once(method, path, params or {}, payload, end - time.monotonic())
            except _Repeatable as error:
                pause = error.after or random.uniform(0.1, 0.5)  # noqa: S311 (jitter, not a secret)
                if not tries or time.monotonic() + pause >= end or not self._spend():
                    raise
            time.sleep(pause)

    def close(self) -> None:
        """Let go of connections."""
        self.session.close()

    def _once(self, method: str, path: str, params: Mapping[str, str], payload: Payload | None, left: float) -> Reply:
        where = self.endpoint.url + path
        if left <= 0:
            msg = f"{where}: no time is left for this call"
            raise SourceDown(msg)
        form, query = (None, params) if method == "GET" else (params, None)
        content, headers = (payload.content, payload.headers) if payload else (form, None)
        response = self.session.request(method, where, data=content, params=query, headers=headers, timeout=left)
        if response.status_code == 429 or response.status_code >= 500:
            msg = f"{where}: answered {response.status_code}: {excerpt(response.content)}"
            raise _Repeatable(msg, _seconds(response.headers.get("Retry-After", "")))
        return Reply(response.status_code, response.content, response.headers.get("Content-Type", ""))

    def _spend(self) -> bool:
        with self._lock:
            if self._budget < 1:
                return False
            self._budget -= 1
            return True


class _Repeatable(SourceDown):
    """A failure that another try may mend; `after` is the pause the server asked for, seconds."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class _Credentials(requests.auth.AuthBase):
    """Puts secrets on a request at the last moment, from their files."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        place = self._endpoint
        request.headers.update(place.headers)
        for name, path in place.header_files.items():
            request.headers[name] = secret(path, f"{place.url}: headers.{name}")
        if place.basic_auth:
            word = secret(place.basic_auth.password_file, f"{place.url}: basic_auth.password_file")
            request = requests.auth.HTTPBasicAuth(place.basic_auth.username.encode(), word.encode())(request)
        if place.authorization:
            word = secret(place.authorization.credentials_file, f"{place.url}: authorization.credentials_file")
            request.headers["Authorization"] = f"{place.authorization.type} {word}"
        return request


def _tokens(endpoint: Endpoint) -> Tokens | None:
    """Return whoever fetches the endpoint's access tokens, by the same proxy, under a TLS policy of its own."""
    ours = endpoint.oauth2
    if ours is None:
        return None
    scheme, host = urlsplit(ours.token_url)[:2]
    return Tokens(
        ours, Client(Endpoint(f"{scheme}://{host}", tls_config=ours.tls_config, proxy_url=endpoint.proxy_url))
    )


def _refuse_redirect(response: requests.Response, endpoint: Endpoint) -> None:
    if 300 <= response.status_code < 400:
        target = _origin(response.headers.get("Location", ""))
        msg = f"{endpoint.url}: answered {response.status_code}, a redirect to {target}; none is followed, credentials"
        msg += " would go along: write the final address as url"
        raise BadResponse(msg)


def _origin(url: str) -> str:
    """Return scheme and host of a URL, without what may be secret."""
    parts = urlsplit(url)
    return excerpt(f"{parts.scheme or 'http'}://{parts.hostname}".encode()) if parts.hostname else "another path"


def _named(url: str, error: Exception) -> SourceDown | BadResponse:
    """Return our error for one of the HTTP library's, by what lies behind it."""
    chain: list[BaseException] = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(inner)

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    if has(http.client.IncompleteRead):
        return BadResponse(f"{url}: the body is shorter than announced")
    if has(ssl.SSLError, urllib3.exceptions.SSLError):
        return SourceDown(f"{url}: TLS failed: {chain[-1]}")
    if has(TimeoutError):
        return _Repeatable(f"{url}: no whole answer within the deadline")
    return _Repeatable(f"{url}: {getattr(chain[-1], 'strerror', None) or chain[-1]}")


def _seconds(text: str) -> float:
    """Return the seconds of a `Retry-After` header; a date or anything else counts as not given."""
    return float(text) if re.fullmatch(r"[0-9]{1,4}", text.strip()) else 0.0
