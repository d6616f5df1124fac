"""A proxy that passes calls on to a real server and spoils the answers.

A fault is a function of the real answer (status, body) that yields steps: bytes to send, seconds to wait, CLOSE or
RESET. After the last step the connection waits for the next call.
"""

import contextlib
import http.client
import json
import socket
import socketserver
import struct
import threading
import zlib

CLOSE = object()  # ends the connection in good order
RESET = object()  # cuts it at once


class FaultProxy:
    """Listens on the loopback address; `fault` is what happens to answers, `requests` what was asked."""

    def __init__(self, target, context=None):
        """Stand before a server.

        Args:
            target: URL of the real server.
            context: TLS policy of the listener, or None for plain HTTP.
        """
        self.fault, self.requests = honest, []
        self._target = target.removeprefix("http://")
        self._context = context
        self._closing = threading.Event()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    proxy._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.daemon_threads = True
        self._server.request_queue_size = 128
        self._server.server_bind()
        self._server.server_activate()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self):
        """Where the proxy listens."""
        return f"http{'s' if self._context else ''}://localhost:{self._server.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, connection):
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                method, path, _ = line.decode().split(" ", 2)
                headers = http.client.parse_headers(stream)
                form = stream.read(int(headers.get("Content-Length", 0)))
                self.requests.append((method, path, headers))
                if not self._play(connection, self.fault(*self._ask(method, path, form))):
                    return

    def _play(self, connection, steps):
        """Do what a fault says; return whether the connection goes on."""
        for step in steps:
            if step is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if step is RESET or step is CLOSE or (isinstance(step, float) and self._closing.wait(step)):
                return False
            if isinstance(step, bytes):
                connection.sendall(step)
        return True

    def _ask(self, method, path, form):
        with contextlib.closing(http.client.HTTPConnection(self._target)) as upstream:
            upstream.request(method, path, form, {"Content-Type": "application/x-www-form-urlencoded"})
            answer = upstream.getresponse()
            return answer.status, answer.read()


def whole(status, body, *headers):
    """Return an answer as bytes."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def honest(status, body):
    """Pass the answer on."""
    yield whole(status, body)


def hang(status, body):
    """Say nothing for a minute."""
    yield 60.0


def drip_body(status, body):
    """Send the body a byte at a time: no single wait is long."""
    answer = whole(status, body)
    start = answer.index(b"\r\n\r\n") + 4
    yield answer[:start]
    for byte in answer[start:]:
        yield bytes([byte])
        yield 0.2


def drip_headers(status, body):
    """Send a header that does not end, a byte at a time."""
    yield b"HTTP/1.1 200 X\r\nX-Filler: "
    for _ in range(1_000):
        yield b"x"
        yield 0.2


def reset(at):
    """Cut the connection after so many bytes of the answer."""

    def fault(status, body):
        yield whole(status, body)[:at]
        yield RESET

    return fault


def answers(status, *headers, body=b"{}"):
    """Answer something else."""

    def fault(real_status, real_body):
        yield whole(status, body, *headers)

    return fault


def cut(at):
    """Close the connection in good order after so many bytes of a body that was announced whole."""

    def fault(status, body):
        answer = whole(status, body)
        yield answer[: answer.index(b"\r\n\r\n") + 4 + at]
        yield CLOSE

    return fault


def understated(by):
    """Announce a body shorter than the one that comes."""

    def fault(status, body):
        yield f"HTTP/1.1 {status} X\r\nContent-Length: {len(body) - by}\r\n\r\n".encode() + body

    return fault


def bomb(mebibytes):
    """Send a gzip body that unpacks to so many MiB of zeros."""
    packer = zlib.compressobj(wbits=31)
    packed = b"".join([packer.compress(bytes(2**20)) for _ in range(mebibytes)]) + packer.flush()
    return answers(200, "Content-Encoding: gzip", body=packed)


def changed(change):
    """Pass on the answer's JSON as `change` leaves it."""

    def fault(status, body):
        answer = json.loads(body)
        change(answer)
        yield whole(status, json.dumps(answer, separators=(",", ":")).encode())

    return fault
