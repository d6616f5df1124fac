"""The Prometheus source behind a proxy that misbehaves, before a real Prometheus."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import faultproxy
import numpy as np
import pytest
from faultproxy import FaultProxy, answers, changed, cut, drip_body, drip_headers, hang, honest, reset, understated
from prometheus_api_client import PrometheusConnect
from realprometheus import free_port, gauge, running

from offkey.adapters import transport
from offkey.adapters.http import Authorization, Endpoint
from offkey.adapters.sources.prometheus import Source
from offkey.core.errors import BadResponse, QueryRejected, SourceDown, SourceError
from offkey.core.frame import Axis

pytestmark = pytest.mark.e2e

CANARY = "canary-5c0e"
TIMEOUT = 30.0
SLACK = 1.0  # seconds a busy machine may add to a deadline
START = int(time.time()) // 7200 * 7200 - 7200
AXIS = Axis(START, 15, 40)
HTML = b"<!doctype html><title>Sign in</title>"


@pytest.fixture(scope="module")
def url(program, tmp_path_factory):
    """Return a server with three series of forty samples."""
    lines = [f'level{{pod="{pod}"}} {k}.{pod} {t}' for pod in range(3) for k, t in enumerate(AXIS.times)]
    with running(program, tmp_path_factory.mktemp("prometheus"), gauge("level", lines)) as url:
        yield url


@pytest.fixture
def endpoint(proxy, tmp_path):
    """Return the proxy's endpoint, with secrets that nobody may see."""
    token = tmp_path / "token"
    token.write_text(CANARY)
    return Endpoint(
        proxy.url, authorization=Authorization(token), headers={"X-Scope-OrgID": CANARY}, max_body=4 * 2**20
    )


@pytest.fixture
def source(endpoint):
    """Return a source that reads through the proxy."""
    made = Source(endpoint)
    yield made
    made.close()


def read(source, timeout=TIMEOUT):
    """Return what the source says of the series."""
    return source.read("level or level", AXIS, timeout).frame


FAULTS = {
    "silent": (hang, SourceDown, "no whole answer within the deadline"),
    "dripping body": (drip_body, SourceDown, "no whole answer within the deadline"),
    "dripping headers": (drip_headers, SourceDown, "no whole answer within the deadline"),
    "reset at once": (reset(0), SourceDown, "reset|aborted"),
    "reset in the headers": (reset(20), SourceDown, "reset"),
    "reset in the body": (reset(200), SourceDown, "reset"),
    "closed at once": (answers(200, body=b""), BadResponse, "not JSON"),
    "500": (answers(500, body=b"out of\nmemory"), SourceDown, "answered 500: out of memory"),
    "502 of a proxy": (answers(502, body=HTML), SourceDown, "answered 502"),
    "503": (answers(503, "Retry-After: 1"), SourceDown, "answered 503"),
    "503 for a long time": (answers(503, "Retry-After: 600"), SourceDown, "answered 503"),
    "429": (answers(429), SourceDown, "answered 429"),
    "401": (answers(401), SourceDown, "check basic_auth, authorization or oauth2"),
    "404": (answers(404, body=b"404 page not found"), SourceDown, "is the path in url right"),
    "400": (answers(400, body=b'{"error":"parse error"}'), QueryRejected, "refused: parse error"),
    "422": (answers(422, body=b'{"error":"too many samples"}'), QueryRejected, "refused: too many samples"),
    "a page to sign in": (answers(200, body=HTML), BadResponse, "HTML"),
    "a body cut short": (cut(300), BadResponse, "shorter than announced"),
    "a length too small": (understated(7), BadResponse, "not JSON"),
    "another encoding": (answers(200, "Content-Encoding: br"), BadResponse, "compressed as br"),
    "no gzip": (answers(200, "Content-Encoding: gzip", body=b"plain"), BadResponse, "not the gzip stream"),
    "gzip cut short": (answers(200, "Content-Encoding: gzip", body=b"\x1f\x8b\x08"), BadResponse, "ends in the middle"),
    "a bomb": (faultproxy.bomb(64), BadResponse, "larger than 4194304 bytes"),
    "no HTTP": (lambda status, body: iter([b"SSH-2.0-OpenSSH_9.2\r\n"]), SourceDown, "SSH-2.0"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_error_in_time_and_leaves_no_trace(proxy, source, endpoint, name):
    """The right type, within the deadline, without a secret; the next answer is what it was before."""
    fault, kind, said = FAULTS[name]
    before = read(source)
    proxy.fault = fault
    start = time.monotonic()
    with pytest.raises(kind, match=said) as caught:
        read(source, 1.0)
    assert time.monotonic() - start < 1.0 + SLACK
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(endpoint)
    assert CANARY not in told
    proxy.fault = honest
    after = read(source)
    assert after.series == before.series
    np.testing.assert_array_equal(after.values, before.values)


def test_a_server_that_is_not_there_is_down_until_it_is_back(url):
    """Nothing listens, then a server does: the source needs no restart."""
    source = Source(Endpoint(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(SourceDown, match="Connection refused"):
        read(source, 1.0)
    back = Source(Endpoint(url))
    assert read(back).series
    with pytest.raises(SourceDown, match=r"Name or service not known|Temporary failure in name resolution"):
        read(Source(Endpoint("http://offkey.invalid:9090")), 5.0)


def test_no_answer_is_used_in_part_wherever_it_breaks(proxy, source):
    """A third of the answers is cut by a reset at a random byte: each read is whole or an error."""
    before = read(source)
    rng = np.random.default_rng(3)
    good = 0

    def unlucky(status, body):
        fault = reset(int(rng.integers(len(body)))) if rng.random() < 0.33 else honest
        return fault(status, body)

    proxy.fault = unlucky
    asked = len(proxy.requests)
    for _ in range(60):
        try:
            np.testing.assert_array_equal(read(source).values, before.values)
        except SourceDown:
            continue
        good += 1
    assert 35 <= good < 60
    assert len(proxy.requests) - asked <= 60 + 60 * 0.1 + 5


def test_a_redirect_sends_nothing_to_the_other_server(url, proxy, source):
    """Not the token, not the tenant's header, not even a connection; also when another library asks."""
    with FaultProxy(url) as elsewhere:
        for status in (301, 302, 307, 308):
            proxy.fault = answers(status, f"Location: {elsewhere.url}/api/v1/query_range")
            with pytest.raises(BadResponse, match="a redirect to http://localhost; none is followed"):
                read(source, 5.0)
        with pytest.raises(BadResponse, match="a redirect"):
            PrometheusConnect(proxy.url, session=source.session).all_metrics()
        assert elsewhere.requests == []
    assert proxy.requests[0][2]["Authorization"] == f"Bearer {CANARY}"


def test_proxies_and_netrc_of_the_environment_have_no_effect(url, proxy, tmp_path, monkeypatch):
    """Only what is configured is sent, and only to where it is configured."""
    (tmp_path / "netrc").write_text(f"machine localhost login me password {CANARY}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with FaultProxy(url) as elsewhere:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, elsewhere.url)
        read(Source(Endpoint(proxy.url)))
        assert elsewhere.requests == []
    assert "Authorization" not in proxy.requests[0][2]


def test_storage_that_misses_parts_is_not_believed(proxy, source):
    """A store that did not answer makes an answer partial; a remark on the query does not."""
    texts = {"receive series from Addr: a:1: rpc error": True, "PromQL info: metric might not be a counter": False}
    for text, is_partial in texts.items():
        proxy.fault = changed(lambda answer, text=text: answer.update(warnings=[text]))
        answer = source.read("level or level", AXIS, TIMEOUT)
        assert (answer.partial, answer.warnings) == (is_partial, (text,))


def test_disordered_answers_are_put_in_order(proxy, source):
    """Series and samples in any order, and sent twice, are the same frame."""
    before = read(source)

    def disturb(answer):
        answer["data"]["result"].reverse()
        for entry in answer["data"]["result"]:
            entry["values"] = entry["values"][7::-1] + entry["values"][3:]

    proxy.fault = changed(disturb)
    answer = source.read("level or level", AXIS, TIMEOUT)
    assert answer.frame.series == before.series
    np.testing.assert_array_equal(answer.frame.values, before.values)
    assert answer.warnings == ("15 samples were outside the range or second for one instant; the newest was kept",)


def test_more_calls_than_connections_wait_their_turn(proxy):
    """200 reads at once over 10 connections are all answered, never more than 10 at a time."""
    source = Source(Endpoint(proxy.url, connections=10))
    busy, most, lock = 0, 0, threading.Lock()

    def slow(status, body):
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        yield 0.02
        with lock:
            busy -= 1
        yield from honest(status, body)

    proxy.fault = slow
    with ThreadPoolExecutor(40) as pool:
        frames = list(pool.map(lambda _: read(source), range(200)))
    assert len(frames) == 200
    assert all(len(frame.series) == 3 for frame in frames)
    assert 2 <= most <= 10


def test_waiting_for_a_connection_ends_with_the_deadline(proxy):
    """One stuck call does not hold the others for longer than they asked."""
    source = Source(Endpoint(proxy.url, connections=1))
    proxy.fault = hang
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(read, source, 2.0)
        while not proxy.requests:
            time.sleep(0.01)
        with pytest.raises(SourceDown, match="all 1 connections are busy"):
            read(source, 0.5)
        with pytest.raises(SourceError):
            first.result()


@pytest.fixture
def swallowing():
    """Return an address that accepts no connection and refuses none: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, contextlib.ExitStack() as stack:
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()


def resolve_to(monkeypatch, *places):
    """Let every name have these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
    monkeypatch.setattr(transport, "getaddrinfo", lambda *_, **__: found)


def test_an_address_that_swallows_packets_does_not_hide_the_next(url, swallowing, monkeypatch):
    """Of several addresses of a name each gets its part of the time."""
    source = Source(Endpoint("http://two.example:9090"))
    resolve_to(monkeypatch, swallowing, ("127.0.0.1", urlsplit(url).port))
    assert read(source, 4.0).series


def test_many_dead_addresses_share_one_deadline(swallowing, monkeypatch):
    """The time to connect is not multiplied by their number."""
    resolve_to(monkeypatch, *[swallowing] * 5)
    start = time.monotonic()
    with pytest.raises(SourceDown, match="no whole answer within the deadline"):
        read(Source(Endpoint("http://five.example:9090")), 1.0)
    assert time.monotonic() - start < 1.0 + SLACK


BOMBED = """
import resource, sys
from offkey.adapters.http import BodyTooLarge, Client, Endpoint
client = Client(Endpoint(sys.argv[1], max_body=16 * 2**20))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
try:
    client.call("GET", "/api/v1/labels")
except BodyTooLarge:
    print(peak() - before)
"""


def test_a_bomb_costs_no_more_memory_than_the_cap(proxy):
    """128 MiB of zeros in a small body: the peak grows by less than the cap of 16 MiB and 32 more."""
    proxy.fault = faultproxy.bomb(128)
    run = subprocess.run([sys.executable, "-c", BOMBED, proxy.url], check=True, capture_output=True, timeout=60)
    assert 0 <= float(run.stdout) < 16 + 32
