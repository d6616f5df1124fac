"""Listen and answer: idle, silent and slow clients cost a connection each and never hold up anyone else."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from offkey.app.webconfig import tls
from offkey.app.webconfig.file import WebConfig
from offkey.core.errors import ConfigError

DEFAULT_ADDRESS = ":10955"
UNIX = "unix:"

# Seconds a client may take to send a request's head, and to take in an answer.
REQUEST_SECONDS = 10.0
ANSWER_SECONDS = 30.0
# Seconds an answered connection may wait for its next request: longer than the usual scrape interval.
KEEP_ALIVE_SECONDS = 120
# Beyond so many connections the one that has been silent for longest makes room.
MAX_CONNECTIONS = 256
# Seconds that answers under way get when the process ends.
GRACE_SECONDS = 2

_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class Server:
    """Serves an application on its addresses; `run` returns after `stop`."""

    def __init__(
        self,
        app: ASGIApp,
        addresses: Sequence[str] = (DEFAULT_ADDRESS,),
        access: Callable[[], WebConfig] = WebConfig,
    ) -> None:
        """Take what to serve.

        Args:
            app: the application.
            addresses: where to listen: `:PORT` (every interface), `HOST:PORT`, `[IPv6]:PORT`, `unix:PATH`.
            access: the web configuration in force; asked for the TLS of each new connection.
        """
        self._addresses = tuple(addresses)
        self._sockets: list[socket.socket] = []
        self._files: list[Path] = []
        config = uvicorn.Config(
            app,
            interface="asgi3",
            loop="asyncio",
            http=partial(_Greeting, access),  # type: ignore[arg-type]  # called like a class, which is all uvicorn does
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._uvicorn = _Uvicorn(config)

    def open(self) -> list[str]:
        """Start to listen; `run` answers what comes in from then on.

        Returns:
            The addresses as `host:port` or `unix:path`; port 0 has become a free one.

        Raises:
            ConfigError: an address is not one, is taken, or may not be used.
        """
        if not self._sockets:
            try:
                for address in self._addresses:
                    self._sockets.append(_listen(address))
                    if address.startswith(UNIX):
                        self._files.append(Path(address.removeprefix(UNIX)))
            except ConfigError:
                self.close()
                raise
        return [_name(listening) for listening in self._sockets]

    def run(self) -> None:
        """Answer until `stop` is called; answers under way are finished within seconds."""
        self.open()
        try:
            asyncio.run(self._uvicorn.serve(self._sockets))
        finally:
            self.close()

    def stop(self) -> None:
        """Ask `run` to return; safe to call from any thread and from a signal handler."""
        self._uvicorn.should_exit = True

    def close(self) -> None:
        """Stop to listen; needed only when `run` is not going to be called."""
        for listening in self._sockets:
            listening.close()
        for file in self._files:
            file.unlink(missing_ok=True)
        self._sockets, self._files = [], []


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the process, which has more to do than to close sockets."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # a plain manager will do
        return nullcontext()


class _Greeting(asyncio.Protocol):
    """A new client: it goes on as a connection, over TLS after a handshake that holds up nobody else."""

    def __init__(self, access: Callable[[], WebConfig], **uvicorn_arguments: Any) -> None:  # noqa: ANN401 (uvicorn's own)
        self._access = access
        self._connection = _Connection(**uvicorn_arguments)
        self._early: list[bytes] = []
        self._handshake: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        config = self._access()
        if config.tls is None:
            transport.set_protocol(self._connection)
            self._connection.connection_made(transport)
        else:
            transport.pause_reading()
            self._handshake = asyncio.get_running_loop().create_task(self._secure(transport, config.tls, config))

    def data_received(self, data: bytes) -> None:
        """Keep what comes between the end of the handshake and the connection that reads it."""
        self._early.append(data)

    async def _secure(self, transport: asyncio.Transport, context: ssl.SSLContext, config: WebConfig) -> None:
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=REQUEST_SECONDS
            )
        except (OSError, asyncio.CancelledError):  # no handshake, or none in time
            transport.abort()
            return
        if secured is None or secured.is_closing():
            return
        if config.allowed_sans and not config.allowed_sans & tls.names(secured.get_extra_info("peercert")):
            secured.abort()
            return
        secured.set_protocol(self._connection)
        self._connection.connection_made(secured)
        for data in self._early:
            self._connection.data_received(data)


class _Connection(H11Protocol):
    """One client, with deadlines for what uvicorn has none."""

    _awaited: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _taken_in: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.heard = self.loop.time()
        self._await_request()
        if len(self.connections) > MAX_CONNECTIONS:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        super().data_received(data)
        if self.is_waiting:
            self._await_request()
        elif self._awaited:
            self._awaited.cancel()
            self._awaited = None

    def pause_writing(self) -> None:
        """Begin to count when the client does not keep up; reading a little does not prolong its time."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(ANSWER_SECONDS, self.transport.abort)

    def on_response_complete(self) -> None:
        for timer in (self._stalled, self._taken_in):
            if timer:
                timer.cancel()
        self._stalled = None
        self._taken_in = self.loop.call_later(ANSWER_SECONDS, self._drop_unless_taken_in)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._awaited, self._stalled, self._taken_in):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        """Give the client its time for a request; more bytes of the same one do not prolong it."""
        if self._awaited is None:
            self._awaited = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _drop_unless_taken_in(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _make_room(self) -> None:
        waiting = [other for other in self.connections if isinstance(other, _Connection) and other.is_waiting]
        min(waiting, key=lambda other: other.heard).transport.abort()


def _listen(address: str) -> socket.socket:
    try:
        if address.startswith(UNIX):
            return _listen_in_file(Path(address.removeprefix(UNIX)))
        host, port = _parse(address)
        if host in ("", "::"):
            return _listen_everywhere(port, needs_ipv6=bool(host))
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, where = min(found, key=lambda info: info[0] != socket.AF_INET)
        return socket.create_server(where, family=family)
    except OSError as error:
        msg = f"--web.listen-address: cannot listen on {address}: {error.strerror}; stop what uses it or choose another"
        raise ConfigError(msg) from error


def _listen_in_file(path: Path) -> socket.socket:
    """Listen on a socket in the file system; the file of a process that is gone is taken over, no other one."""
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == errno.ECONNREFUSED:
                path.unlink()
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(str(path))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def _listen_everywhere(port: int, *, needs_ipv6: bool) -> socket.socket:
    """Listen on every interface with one socket for IPv4 and IPv6; on IPv4 alone where there is no IPv6."""
    try:
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    except OSError as error:
        if needs_ipv6 or error.errno not in _NO_IPV6:
            raise
        return socket.create_server(("", port))


def _parse(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    is_well_formed = bare == host if ":" not in bare else host == f"[{bare}]"
    if not colon or not is_well_formed or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        msg = (
            f'--web.listen-address: "{address}" is not an address; '
            "write for example :10955, 127.0.0.1:10955, [::1]:10955 or unix:/run/offkey.sock"
        )
        raise ConfigError(msg)
    return bare, int(port)


def _name(listening: socket.socket) -> str:
    if listening.family == socket.AF_UNIX:
        return f"{UNIX}{listening.getsockname()}"
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
