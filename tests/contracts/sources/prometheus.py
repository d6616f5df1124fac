"""A small server with the Prometheus API, on the loopback address, that knows one query."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np

from offkey.adapters.http import Endpoint
from offkey.adapters.sources.prometheus import Source

LOOKBACK = 300
NAMES = {np.inf: "+Inf", -np.inf: "-Inf"}


@contextmanager
def serve(frame, query, tmp_path):
    """Give a source that answers `query` with `frame`, refuses text that is no PromQL and knows nothing else."""

    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # one packet per answer

        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, answer = range_answer(frame if form["query"] == [query] else None, form)
            body = json.dumps(answer, separators=(",", ":")).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    source = Source(Endpoint(f"http://127.0.0.1:{server.server_port}"))
    try:
        yield source
    finally:
        source.close()
        server.shutdown()
        server.server_close()
        thread.join()


def range_answer(frame, form):
    """Return status and body as Prometheus does, sample by sample."""
    if form["query"][0].endswith("("):
        return 400, {"status": "error", "errorType": "bad_data", "error": "1:5: parse error: unclosed left parenthesis"}
    start, end, step = (int(form[name][0]) for name in ("start", "end", "step"))
    if (end - start) // step > 11_000:
        return 400, {
            "status": "error",
            "errorType": "bad_data",
            "error": "exceeded maximum resolution of 11,000 points",
        }
    result = []
    for labels, row in zip(frame.series, frame.values, strict=True) if frame else ():
        values = [[t, text] for t in range(start, end + 1, step) if (text := at(row, frame.axis, t)) is not None]
        if values:
            result.append({"metric": dict(labels), "values": values})
    return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}}


def at(row, axis, instant):
    """Return the newest sample of the last five minutes as text, or None."""
    column = min((instant - axis.start) // axis.step, axis.size - 1)
    while column >= 0 and instant - (axis.start + column * axis.step) < LOOKBACK:
        if not np.isnan(row[column]):
            return NAMES.get(row[column], repr(float(row[column])))
        column -= 1
    return None
