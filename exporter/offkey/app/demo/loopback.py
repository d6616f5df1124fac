"""A small HTTP server on the loopback address: texts to read, and a mailbox."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from offkey.app.demo.processes import LOOPBACK

_LONGEST = 4 * 2**20  # bytes of something posted


class Loopback:
    """Answers while its `with` block runs."""

    def __init__(
        self, port: int, texts: Mapping[str, Callable[[], str]], take: Callable[[bytes], bool] | None = None
    ) -> None:
        """Listen on a port; 0 takes any that is free.

        Args:
            port: of the loopback address.
            texts: what is answered to GET, by path.
            take: is given what is posted, and says whether that was acceptable.

        Raises:
            OSError: the port is taken.
        """

        class Handler(BaseHTTPRequestHandler):
            """Answers one connection."""

            def do_GET(self) -> None:
                """Answer with a text."""
                text = texts.get(self.path)
                self.answer(HTTPStatus.NOT_FOUND if text is None else HTTPStatus.OK, text() if text else "")

            def do_POST(self) -> None:
                """Hand over what was posted."""
                size = int(self.headers.get("Content-Length") or 0)
                is_taken = take is not None and size <= _LONGEST and take(self.rfile.read(size))
                self.answer(HTTPStatus.OK if is_taken else HTTPStatus.BAD_REQUEST, "")

            def answer(self, status: HTTPStatus, text: str) -> None:
                """Send a whole answer."""
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                with suppress(ConnectionError):  # whoever asked may have stopped waiting on a busy machine
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: the demonstration speaks for itself."""

        self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        self.port = int(self._server.server_port)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="loopback", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
