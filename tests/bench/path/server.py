"""A real Prometheus for a measurement, and a small HTTP server that it scrapes."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from tests.conftest import ROOT
from tests.e2e.realprometheus import started


@contextlib.contextmanager
def prometheus(config: Mapping[str, object], rules: Mapping[str, str], *flags: str) -> "Iterator[Prometheus]":
    """Give a server with an empty database, from .tools/bin."""
    with TemporaryDirectory() as folder:
        for name, text in rules.items():
            (Path(folder) / name).write_text(text)
        written = {"rule_files": [str(Path(folder) / "*.rules.yml")], **config}
        (Path(folder) / "prometheus.yml").write_text(json.dumps(written))
        with started(str(ROOT / ".tools" / "bin" / "prometheus"), Path(folder), *flags) as (url, pid):
            yield Prometheus(url, pid)


class Prometheus:
    """A running server."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid

    def value(self, query: str) -> float:
        """Return the first sample of an instant query, NaN without one."""
        return next(iter(self.values(query)), float("nan"))

    def values(self, query: str) -> list[float]:
        """Return the samples of an instant query."""
        found = requests.get(f"{self.url}/api/v1/query", {"query": query}, timeout=60).json()["data"]["result"]
        return [float(one["value"][1]) for one in found]

    def groups(self) -> list[Mapping[str, object]]:
        """Return the rule groups with what their last evaluation took."""
        answer = requests.get(f"{self.url}/api/v1/rules", timeout=60).json()
        return list(answer["data"]["groups"])


@contextlib.contextmanager
def page(text: Callable[[], bytes]) -> Iterator[str]:
    """Serve a text on the loopback, never compressed; give `host:port`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
