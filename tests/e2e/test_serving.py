import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from snapshots import pods, snapshot, verdict

from offkey.adapters.sinks.exposition import Page, Sink
from offkey.app import server as serving
from offkey.app.logs import logger
from offkey.app.server import Server
from offkey.app.telemetry import Telemetry
from offkey.app.web import Handles, application
from offkey.core.findings import Fault
from offkey.core.signals import Signal

pytestmark = pytest.mark.e2e

PATIENCE = 20.0


def filled(size=3):
    """Return a sink with offkey's own metrics and a snapshot of two signals in it."""
    telemetry = Telemetry(logger("error", "logfmt", sys.stderr))
    sink = Sink(telemetry)
    telemetry.reloaded(1.0)
    full = verdict(pods(size), anomalous=np.ones(size, bool), faults=(Fault("checkout", "gap"),))
    whole = snapshot(full, verdict(pods(size), Signal("latency", "up", direction="above"), seed=3))
    telemetry.observe(whole)
    sink.publish(whole)
    return sink


def handles(sink=None, **changes):
    """Return the handles of a filled sink."""
    sink = sink or filled()
    facts = {"render": sink.render, "ready": lambda: sink.is_ready, "reload": lambda: None, "quit": lambda: None}
    return Handles(**{**facts, **changes})


@pytest.fixture
def serve():
    """Return a function that serves an application on a free port of the loopback and returns the port."""
    running = []

    def start(app):
        server = Server(app, ["127.0.0.1:0"])
        (address,) = server.open()
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        return int(address.rpartition(":")[2])

    yield start
    for server, thread in running:
        server.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def get(port, path="/metrics"):
    """Return status and body."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def until(check):
    """Return the first true outcome of a check that is asked again and again."""
    deadline = time.monotonic() + PATIENCE
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def dial(port):
    """Return a plain connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def is_closed(connection):
    """Tell whether the server has ended a connection, within some time."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_promtool_has_nothing_to_complain_about(program):
    """Names, types and help of the whole body pass the linter of Prometheus without a remark."""
    body = filled().render().body
    checked = subprocess.run([program("promtool"), "check", "metrics"], input=body, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@pytest.mark.parametrize("accept_openmetrics", [True, False])
def test_a_real_prometheus_scrapes_every_sample(program, serve, tmp_path, accept_openmetrics):
    """As many samples arrive as are exposed, in OpenMetrics as by default and in the older text; labels are kept."""
    sink = filled()
    accept = None if accept_openmetrics else "text/plain;version=0.0.4"
    port = serve(application(handles(sink, render=lambda sent, encoding: sink.render(accept or sent, encoding))))
    scrape = {"job_name": "offkey", "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    (tmp_path / "prometheus.yml").write_text(
        json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]})
    )
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        own_port = free.getsockname()[1]
    command = [
        program("prometheus"),
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/data",
    ]
    prometheus = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{own_port}"], stderr=subprocess.DEVNULL)

    def query(text):
        try:
            found = json.loads(get(own_port, f"/api/v1/query?query={text}")[1])
        except (OSError, json.JSONDecodeError):
            return []
        return found.get("data", {}).get("result", [])

    try:
        scraped = until(lambda: query("scrape_samples_scraped"))
        exposed = sum(1 for line in sink.render().body.splitlines() if line and not line.startswith(b"#"))
        assert int(scraped[0]["value"][1]) == exposed
        assert {found["metric"]["pod"] for found in query("offkey_upper")} <= {"pod-0", "pod-1", "pod-2"}
        assert [found["value"][1] for found in query("up")] == ["1"]
    finally:
        prometheus.terminate()
        prometheus.wait(PATIENCE)


def test_a_hundred_silent_clients_do_not_hold_up_a_scrape(serve):
    """Connections that say nothing, or half a request, cost nobody else a second."""
    port = serve(application(handles()))
    silent = [dial(port) for _ in range(100)]
    for connection in silent[::2]:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHos")
    started = time.monotonic()
    assert get(port)[0] == 200
    assert time.monotonic() - started < 1.0
    for connection in silent:
        connection.close()


def test_a_request_that_never_ends_is_cut_off(serve, monkeypatch):
    """A silent client, and one that sends a byte now and then, lose their connection when their time is up."""
    monkeypatch.setattr(serving, "REQUEST_SECONDS", 0.5)
    port = serve(application(handles()))
    with closing(dial(port)) as silent, closing(dial(port)) as slow:
        for byte in b"GET /":
            slow.sendall(bytes([byte]))
            time.sleep(0.02)
        assert is_closed(silent)
        assert is_closed(slow)


def test_an_answer_nobody_takes_is_dropped(serve, monkeypatch):
    """A client that asks for much and reads nothing does not keep the answer in memory for ever."""
    monkeypatch.setattr(serving, "ANSWER_SECONDS", 0.3)
    page = Page("text/plain", "", (b"x" * 30_000_000,))
    port = serve(application(handles(render=lambda _accept, _encoding: page)))
    with closing(dial(port)) as greedy:
        greedy.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1.0)
        received = 0
        try:
            while part := greedy.recv(1 << 20):
                received += len(part)
        except ConnectionResetError:
            pass
        assert received < len(page.body)


def test_the_longest_silent_client_makes_room(serve, monkeypatch):
    """Beyond the cap of connections a new one is answered and the oldest idle one is closed."""
    monkeypatch.setattr(serving, "MAX_CONNECTIONS", 5)
    port = serve(application(handles()))
    idle = []
    for _ in range(5):
        idle.append(dial(port))
        time.sleep(0.02)
    assert get(port)[0] == 200
    assert is_closed(idle[0])
    for connection in idle:
        connection.close()


def test_a_connection_serves_scrape_after_scrape(serve):
    """Prometheus keeps its connection; the deadline for requests is not that of the connection."""
    port = serve(application(handles()))
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        for _ in range(3):
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            assert answer.read()
            used = connection.sock.getsockname()
        connection.request("HEAD", "/metrics")
        assert connection.getresponse().read() == b""
        assert connection.sock.getsockname() == used


def test_health_answers_while_an_exposition_is_rendered(serve):
    """Rendering happens beside the loop that answers."""
    released = threading.Event()
    page = filled().render()

    def slow(_accept, _encoding):
        released.wait(PATIENCE)
        return page

    port = serve(application(handles(render=slow)))
    with closing(dial(port)) as scraper:
        scraper.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert get(port, "/-/healthy")[0] == 200
        released.set()
        assert scraper.recv(15) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"a" * 100_000,
    ],
)
def test_a_malformed_request_is_refused_and_the_connection_closed(serve, request_bytes):
    """Nothing ambiguous is answered twice or taken for a second request."""
    port = serve(application(handles()))
    with closing(dial(port)) as hostile:
        hostile.sendall(request_bytes)
        hostile.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while part := hostile.recv(65_536):
                answer += part
        except ConnectionResetError:
            pass
        assert answer.count(b"HTTP/1.1 ") == answer.count(b"HTTP/1.1 400 ") <= 1
    assert get(port, "/-/healthy")[0] == 200


PROCESS = """
import signal, sys
from offkey.app.server import Server
from offkey.app.web import Handles, application
from test_serving import filled, handles
server = Server(application(handles(filled(2000))), ["127.0.0.1:0"])
signal.signal(signal.SIGTERM, lambda *_: server.stop())
print(server.open()[0].rpartition(":")[2], flush=True)
server.run()
print("ended", flush=True)
"""


def test_a_process_that_is_told_to_end_does_so_within_seconds():
    """SIGTERM with idle, half-way and unread connections open: the run returns and the exit code is 0."""
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent)])
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    port = int(process.stdout.readline())
    with closing(dial(port)), closing(dial(port)) as half, closing(dial(port)) as unread:
        half.sendall(b"GET /metrics HTTP/1.1\r\nHos")
        unread.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert get(port, "/-/ready")[0] == 200
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - started < 10.0
    assert out == "ended\n"
    assert process.returncode == 0
