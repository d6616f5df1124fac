"""Connections that keep a deadline: no server can hold a call by sending a byte now and then."""

import http.client
import io
import ssl
import time
from socket import IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, SocketIO, gaierror, getaddrinfo, socket
from typing import Any

import requests.adapters
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

from offkey.adapters.endpoint import TLS, Endpoint
from offkey.core.errors import SourceDown

_OLDEST = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}


class _Bounded(io.RawIOBase):
    """Read a socket until an instant: each read may only take what is left, so that many small ones cannot add up."""

    def __init__(self, raw: SocketIO, sock: socket, end: float) -> None:
        self._raw, self._sock, self._end = raw, sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 (any writable buffer, as the base class says)
        left = self._end - time.monotonic()
        if left <= 0:
            msg = "the answer did not end in time"
            raise TimeoutError(msg)
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A response whose status line, headers and body together must arrive within the socket's timeout."""

    def __init__(self, sock: socket, debuglevel: int = 0, method: str | None = None, url: str | None = None) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp.close()
        end = time.monotonic() + (sock.gettimeout() or 0.0)
        self.fp = io.BufferedReader(_Bounded(sock.makefile("rb", buffering=0), sock, end), 65_536)


class _Plain(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket:
        return _reach(self)


class _Secure(HTTPSConnection):
    response_class = _Response

    def _new_conn(self) -> socket:
        return _reach(self)


def _reach(connection: HTTPConnection) -> socket:
    """Connect to the first address of a host that answers; all together may take the connection's timeout.

    Each address gets an equal part of what is left, so that one that swallows packets does not hide the next.
    """
    try:
        found = getaddrinfo(connection.host, connection.port, type=SOCK_STREAM)
    except gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    end = time.monotonic() + float(connection.timeout or 0)
    failed = OSError("the name has no address")
    for k, (family, kind, protocol, _, place) in enumerate(found):
        sock = socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.001, (end - time.monotonic()) / (len(found) - k)))
            sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            sock.connect(place)
        except OSError as error:
            sock.close()
            failed = error
        else:
            return sock
    raise NewConnectionError(connection, str(failed)) from failed


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class Transport(requests.adapters.HTTPAdapter):
    """Connections to one server, under one TLS policy; what a caller says about certificates is not asked."""

    def __init__(self, connections: int, context: ssl.SSLContext | None, server_name: str) -> None:
        self._tls = {"ssl_context": context, "server_hostname": server_name or None} if context else {}
        super().__init__(pool_connections=1, pool_maxsize=connections)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool: Any) -> None:  # noqa: ANN401 (the base class's signature)
        """Use our connections and our TLS policy."""
        super().init_poolmanager(connections, maxsize, block, **self._tls, **pool)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **_options: Any) -> Any:  # noqa: ANN401 (the base class's signature)
        """Reach the server through a proxy by the same connections, under the same TLS policy."""
        manager = super().proxy_manager_for(proxy, **self._tls)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: object, cert: object = None
    ) -> Any:  # noqa: ANN401 (the types exist in the stubs alone)
        """Choose the pool by address alone."""
        host, _ = super().build_connection_pool_key_attributes(request, verify=True)
        return host, {}

    def cert_verify(self, conn: object, url: str, verify: object, cert: object) -> None:
        """Leave the connection's TLS policy as it is: the context already carries it."""


def connect(endpoint: Endpoint) -> Transport:
    """Return the connections to an endpoint, with its certificates as they are now.

    Raises:
        SourceDown: a certificate file cannot be read or is not one.
    """
    if not endpoint.url.startswith("https:"):
        return Transport(endpoint.connections, None, "")
    tls = endpoint.tls_config
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)  # none given: the system's roots
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file, password=_no_password)
    except OSError as error:
        files = ", ".join(str(path) for path in tls.files)
        msg = f"{endpoint.url}: tls_config: cannot load {files}: {error.strerror or error}"
        raise SourceDown(msg) from error
    context.minimum_version = _OLDEST[tls.min_version]
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return Transport(endpoint.connections, context, tls.server_name)


def stamps(tls: TLS) -> tuple[tuple[int, int, int], ...]:
    """Return what changes when a certificate file is replaced."""
    states = [path.stat() for path in tls.files if path.exists()]
    return tuple((state.st_mtime_ns, state.st_ino, state.st_size) for state in states)


def _no_password() -> str:
    """Answer for an encrypted key: without this, OpenSSL asks the terminal and the program hangs."""
    msg = "the key is encrypted; give one without a password"
    raise ssl.SSLError(msg)
