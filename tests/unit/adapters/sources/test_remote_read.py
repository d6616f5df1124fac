import json
import struct

import numpy as np
import pytest

from offkey.adapters.decode.messages import field, varint, write_labels
from offkey.adapters.decode.snappy import unsnapped
from offkey.adapters.http import BodyTooLarge, Endpoint, Reply
from offkey.adapters.sources import prometheus
from offkey.adapters.sources._selector import plain
from offkey.adapters.sources.prometheus import Source
from offkey.core.errors import BadResponse, SourceDown
from offkey.core.frame import Axis
from offkey.core.labels import Labels

AXIS = Axis(1_709_510_400, 60, 3)
A = Labels.of(__name__="up", pod="a")
ADDED = "global:\n  scrape_interval: 1m\n  external_labels:\n    cluster: eu\nscrape_configs:\n- job_name: x\n"


def ok(found, status=200):
    """Return a successful answer of the API."""
    return Reply(status, json.dumps({"status": "success", "data": found}, separators=(",", ":")).encode())


def stored(*series):
    """Return a ReadResponse: each series has one sample at the first instant."""
    sample = field(2, b"\x09" + struct.pack("<d", 1.5) + b"\x10" + varint(AXIS.start * 1000))
    return Reply(200, field(1, b"".join(field(1, write_labels(one.pairs) + sample) for one in series)))


class Server:
    """Stands in for the HTTP client: each path has its answer, a function or an error."""

    def __init__(self, **answers):
        self.endpoint = Endpoint("http://localhost:9090")
        self.answers = {
            "flags": ok({"query.lookback-delta": "2m"}),
            "buildinfo": ok({"version": "2.42.0"}),
            "config": ok({"yaml": "global:\n  scrape_interval: 1m\n"}),
            "read": stored(A),
            "export": Reply(404, b"404 page not found"),
            "query_range": ok(
                {"resultType": "matrix", "result": [{"metric": {"by": "query"}, "values": [[AXIS.start, "2"]]}]}
            ),
            "query": ok({"resultType": "vector", "result": []}),
            **answers,
        }
        self.asked, self.requests = [], []

    def call(self, method, path, params=None, timeout=None, payload=None):
        """Note what was asked, and answer."""
        name = path.rpartition("/")[2]
        self.asked.append(name)
        if payload is not None:
            self.requests.append(unsnapped(payload.content, 10_000))
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer(params) if callable(answer) else answer

    def close(self):
        """Nothing is open."""


@pytest.fixture
def serve(monkeypatch):
    """Return a function that makes a source and the server behind it."""

    def make(how="auto", **answers):
        server = Server(**answers)
        monkeypatch.setattr(prometheus, "Client", lambda endpoint: server)
        monkeypatch.setattr(prometheus, "STORED_SECONDS", 0)
        return Source(server.endpoint, read=how), server

    return make


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("up", '{__name__="up"}'),
        ('(up{job="a\\n",pod=~"x.*",zone!="",y!~"z"})', '{__name__="up",job="a\\n",pod=~"x.*",zone!="",y!~"z"}'),
        ('{__name__=~"up|down"}', '{__name__=~"up|down"}'),
        *[(query, None) for query in ("up + 1", "up offset 1m", "up @ 5", "sum(up)", "up[5m]", "-up", "up{", "1", "")],
    ],
)
def test_only_a_plain_selector_is_read_as_stored(query, found):
    """Everything that the server would compute is left to it."""
    matchers = plain(query)
    assert (matchers and "{" + ",".join(map(str, matchers)) + "}") == found


def test_a_selector_is_one_call_after_four_questions(serve):
    """The server is asked how many series there are, and about itself, once; it is read from the lookback on."""
    source, server = serve()
    for _ in range(2):
        frame = source.read("up", AXIS, 5.0).frame
    assert server.asked == ["query", "flags", "buildinfo", "config", "read", "read"]
    assert frame.series == (A,)
    np.testing.assert_array_equal(frame.values, [[1.5, 1.5, 1.5]])
    start, end = AXIS.start * 1000 - 120_000, AXIS.end * 1000
    condition = field(3, b"\x08\x00" + field(2, b"__name__") + field(3, b"up"))
    assert server.requests[-1] == field(1, b"\x08" + varint(start) + b"\x10" + varint(end) + condition)


def test_a_sample_of_exactly_the_lookback_counts_until_prometheus_3(serve):
    """Since then the past an instant sees does not include its first moment."""
    late = Axis(AXIS.start + 120, 60, 1)
    assert serve()[0].read("up", late, 5.0).frame.values.tolist() == [[1.5]]
    newer, _ = serve(buildinfo=ok({"version": "3.1.0"}))
    assert newer.read("up", late, 5.0).frame.series == ()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"read": Reply(404, b"404 page not found")}, "answered 404: 404 page not found"),
        ({"read": Reply(400, b"unsupported path requested")}, "unsupported path"),
        ({"read": SourceDown("answered 501")}, "answered 501"),
        ({"config": Reply(404, b"")}, "does not say which labels it adds"),
        ({"flags": SourceDown("refused")}, "refused"),
    ],
)
def test_without_remote_read_the_query_api_answers(serve, answers, said):
    """The reason is told once, and the server is not asked again for a while."""
    source, server = serve(**answers)
    first = source.read("up", AXIS, 5.0)
    assert first.frame.series == (Labels.of(by="query"),)
    assert not first.partial
    [warning] = first.warnings
    assert said in warning
    asked = len(server.asked)
    assert source.read("up", AXIS, 5.0).warnings == ()
    assert server.asked[asked:] == ["query_range"]


def test_labels_that_the_server_adds_are_taken_off(serve):
    """They are not part of the series as queries show them."""
    source, _ = serve(config=ok({"yaml": ADDED}), read=stored(A.but(cluster="eu"), A.but(cluster="us")))
    assert source.read("up", AXIS, 5.0).frame.series == (A.but(cluster="us"), A)


@pytest.mark.parametrize("query", ['up{cluster="eu"}', "up"])
def test_series_with_labels_that_the_server_adds_are_queried(serve, query):
    """Their own could not be told from the added ones; other selectors are read as stored."""
    own = [{"metric": {}, "value": [1, "3"]}] if query == "up" else []
    source, server = serve(config=ok({"yaml": ADDED}), query=ok({"resultType": "vector", "result": own}))
    assert source.read(query, AXIS, 5.0).frame.series == (Labels.of(by="query"),)
    server.answers["query"] = ok({"resultType": "vector", "result": []})
    assert source.read("up{pod!='z'}", AXIS, 5.0).frame.series == (A,)


def test_a_short_range_is_queried(serve, monkeypatch):
    """An answer to a tick holds less than what is stored."""
    source, server = serve()
    monkeypatch.setattr(prometheus, "STORED_SECONDS", 3600)
    source.read("up", AXIS, 5.0)
    assert server.asked == ["query_range"]


def test_a_server_that_hides_its_labels_may_be_trusted(serve):
    """The user says so."""
    source, _ = serve("remote_read", config=Reply(404, b""))
    assert source.read("up", AXIS, 5.0).frame.series == (A,)


def test_too_large_an_answer_is_asked_for_in_pieces(serve):
    """Halved until it fits."""
    source, server = serve()
    small = server.answers["read"]
    server.answers["read"] = lambda _: small if len(server.requests) > 1 else Reply(400, b"exceeded sample limit (5)")
    assert source.read("up", AXIS, 5.0).frame.values.tolist() == [[1.5, 1.5, 1.5]]
    assert server.asked.count("read") == 4  # one refused, three of an instant each
    server.answers["read"] = BodyTooLarge("larger")
    with pytest.raises(BodyTooLarge):
        source.read("up", AXIS, 5.0)


def test_a_server_that_fails_later_is_down(serve):
    """Once it has answered, an error is its own and no reason to read otherwise."""
    source, server = serve()
    source.read("up", AXIS, 5.0)
    server.answers["read"] = SourceDown("gone")
    with pytest.raises(SourceDown, match="gone"):
        source.read("up", AXIS, 5.0)
    server.answers["read"] = Reply(200, b"\x0a\x05nonsense")
    with pytest.raises(BadResponse, match="remote read"):
        source.read("up", AXIS, 5.0)
