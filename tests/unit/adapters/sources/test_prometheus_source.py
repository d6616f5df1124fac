import json

import numpy as np
import pytest

from offkey.adapters.http import BodyTooLarge, Endpoint, Reply
from offkey.adapters.sources import prometheus
from offkey.adapters.sources.prometheus import Metadata, Source
from offkey.core.errors import BadResponse, QueryRejected, SourceDown
from offkey.core.frame import Axis
from offkey.core.labels import Labels

URL = "http://localhost:9090"
START = 1_709_510_400


def refused(status, text):
    """Return an error answer of the API."""
    return Reply(status, json.dumps({"status": "error", "errorType": "x", "error": text}).encode())


def answer(result, kind="matrix", **top):
    """Return a successful answer of the API."""
    content = {"resultType": kind, "result": result}
    return Reply(200, json.dumps({"status": "success", "data": content, **top}, separators=(",", ":")).encode())


def ramp(asked, pods):
    """Return series whose value is the time; pod `k` exists from hour `k` on."""
    times = range(int(asked["start"]), int(asked["end"]) + 1, int(asked["step"]))
    rows = {pod: [[t, str(t)] for t in times if t >= START + 3600 * pod] for pod in pods}
    return answer([{"metric": {"pod": str(pod)}, "values": row} for pod, row in rows.items() if row])


class Server:
    """Stands in for the HTTP client: answers are made by a function of method, path and parameters."""

    def __init__(self, respond):
        self.endpoint, self.session = Endpoint(URL), object()
        self.respond, self.asked = respond, []

    def call(self, method, path, params=None, timeout=None, payload=None):
        """Return what the function says."""
        self.asked.append((method, path, dict(params or {})))
        return self.respond(method, path, dict(params or {}))

    def close(self):
        """Nothing is open."""

    def widths(self):
        """Return how many instants each call asked for."""
        return [(int(p["end"]) - int(p["start"])) // int(p["step"]) + 1 for _, _, p in self.asked]


@pytest.fixture
def serve(monkeypatch):
    """Return a function that makes a source and the server behind it."""

    def make(respond, **options):
        server = Server(respond)
        monkeypatch.setattr(prometheus, "Client", lambda endpoint: server)
        return Source(Endpoint(URL), read="query_range", **options), server

    return make


def test_a_tick_is_one_call(serve):
    """Few instants are asked for at once, with the time the server has."""
    source, server = serve(lambda method, path, asked: ramp(asked, [0]))
    source.read("up", Axis(START, 60, 10), 5.0)
    [(method, path, asked)] = server.asked
    assert (method, path) == ("POST", "/api/v1/query_range")
    assert 0 < float(asked.pop("timeout")) <= 5.0
    end = str(START + 540)
    assert asked == {"query": "up", "start": str(START), "end": end, "step": "60", "nocache": "1"}


@pytest.mark.parametrize(("series", "widest"), [(1, 11_000), (1000, 500), (600_000, 1)])
def test_a_history_is_read_in_pieces_that_stay_small(serve, monkeypatch, series, widest):
    """Never more points than a server allows, nor more samples than fit: the first piece tells how many series."""
    monkeypatch.setattr(prometheus, "matrix", lambda body, axis, *rest: (opened(), piece(axis)))
    opened = lambda: prometheus.Envelope({}, (), (), False)  # noqa: E731 (a value made anew)

    def piece(axis):
        dropped = frozenset(k.to_bytes(8, "big") for k in range(series))
        return prometheus.Piece((), np.empty((0, axis.size)), dropped, 0, 0, 0, frozenset())

    source, server = serve(lambda method, path, asked: Reply(200, b""))
    size = 64 + 2 * widest + 5
    source.read("up", Axis(START, 60, size), 5.0)
    assert server.widths()[:4] == [64, widest, widest, min(5, widest)]
    assert sum(server.widths()) == size


def test_pieces_become_one_frame_with_all_series(serve):
    """A series that begins or ends in the middle is united by its labels."""
    source, server = serve(lambda method, path, asked: ramp(asked, [2, 0, 1]))
    axis = Axis(START, 60, 200)
    frame = source.read("up", axis, 5.0).frame
    assert len(server.asked) == 2
    assert frame.series == tuple(Labels.of(pod=str(pod)) for pod in (0, 1, 2))
    for pod, row in enumerate(frame.values):
        np.testing.assert_array_equal(row, np.where(axis.times >= START + 3600 * pod, axis.times, np.nan))


REFUSALS = [
    (422, "query processing would load too many samples into memory in query execution"),
    (400, "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution"),
    (422, "the query time range exceeds the limit (query length: 336h0m0s, limit: 32h0m0s)"),
    (422, "cannot select more than -search.maxSamplesPerQuery=1000000000 samples"),
    (422, "the query hit the max number of chunks limit (limit: 2000000 chunks)"),
]


@pytest.mark.parametrize(("status", "text"), REFUSALS)
def test_a_server_with_a_tighter_limit_is_asked_for_less(serve, status, text):
    """A piece that is too large is halved until it fits, and so are those after it."""

    def respond(method, path, asked):
        width = (int(asked["end"]) - int(asked["start"])) // 60 + 1
        return refused(status, text) if width > 10 else ramp(asked, [0])

    source, server = serve(respond)
    axis = Axis(START, 60, 50)
    np.testing.assert_array_equal(source.read("up", axis, 5.0).frame.values, [axis.times.astype(float)])
    assert server.widths() == [50, 25, 12, 6, 6, 6, 6, 6, 6, 6, 6, 2]


def test_a_body_beyond_the_cap_is_asked_for_in_parts(serve):
    """Our own limit is met in the same way."""

    def respond(method, path, asked):
        if asked["start"] != asked["end"]:
            msg = "large"
            raise BodyTooLarge(msg)
        return ramp(asked, [0])

    source, _ = serve(respond)
    assert not np.isnan(source.read("up", Axis(START, 60, 4), 5.0).frame.values).any()


def test_a_query_too_large_for_one_instant_is_refused(serve):
    """Halving ends."""
    source, server = serve(lambda method, path, asked: refused(*REFUSALS[0]))
    with pytest.raises(QueryRejected, match="too many samples"):
        source.read("up", Axis(START, 60, 8), 5.0)
    assert server.widths() == [8, 4, 2, 1]


@pytest.mark.parametrize(("status", "text"), [(400, "parse error: bad"), (422, "many-to-many matching not allowed")])
def test_a_refusal_is_not_repeated(serve, status, text):
    """What is wrong with a query stays wrong; the server's words are kept."""
    source, server = serve(lambda method, path, asked: refused(status, text))
    with pytest.raises(QueryRejected, match=f"query 'up' was refused: {text}"):
        source.read("up", Axis(START, 60, 8), 5.0)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "check basic_auth"), (403, "tenant"), (404, "is the path in url right"), (418, "418")]
)
def test_a_server_that_will_not_talk_to_us_is_down(serve, status, hint):
    """Nothing is known about any series; the message says where to look."""
    source, _ = serve(lambda method, path, asked: Reply(status, b"no"))
    with pytest.raises(SourceDown, match=hint):
        source.read("up", Axis(START, 60, 8), 5.0)


def test_a_server_without_post_is_asked_by_get(serve):
    """A read-only proxy is found out once."""
    source, server = serve(lambda method, path, asked: Reply(405, b"") if method == "POST" else ramp(asked, [0]))
    for _ in range(2):
        assert source.read("up", Axis(START, 60, 3), 5.0).frame.series
    assert [method for method, _, _ in server.asked] == ["POST", "GET", "GET"]


def test_a_failed_piece_spoils_the_whole_answer(serve):
    """Half a history would be learned as a change."""
    source, _ = serve(lambda m, p, asked: ramp(asked, [0]) if asked["start"] == str(START) else Reply(200, b"<html>"))
    with pytest.raises(BadResponse, match="HTML"):
        source.read("up", Axis(START, 60, 500), 5.0)


@pytest.mark.parametrize("query", ["rate(a[5m] @ end())", "a @ start ()", "max_over_time(a[1h:1m] @end())"])
def test_a_query_whose_values_depend_on_the_cut_is_refused(serve, query):
    """The end of the range would be another one in each piece."""
    source, server = serve(lambda method, path, asked: ramp(asked, [0]))
    with pytest.raises(QueryRejected, match="depend on how a range is cut"):
        source.read(query, Axis(START, 60, 3), 5.0)
    assert server.asked == []


@pytest.mark.parametrize("query", ['a{x="@ end()"}', "a{x='\\'@ end()'}", "a{x=`@ end()`}", "a @ 1709510400", "end"])
def test_text_that_only_looks_like_it_is_no_reason_to_refuse(serve, query):
    """Label values and fixed instants are fine."""
    source, _ = serve(lambda method, path, asked: ramp(asked, [0]))
    assert source.read(query, Axis(START, 60, 3), 5.0).frame.series


def test_the_cap_holds_over_all_pieces(serve):
    """Series are chosen by their labels, whichever pieces they are in, and the others counted once."""
    axis = Axis(START, 60, 300)
    source, _ = serve(lambda method, path, asked: ramp(asked, range(5)), max_series=2)
    reversed_source, _ = serve(lambda method, path, asked: ramp(asked, range(5)[::-1]), max_series=2)
    answers = [one.read("up", axis, 5.0) for one in (source, reversed_source)]
    assert answers[0].dropped == 3
    assert answers[0].frame.series == answers[1].frame.series
    assert len(answers[0].frame.series) == 2


def test_partial_answers_and_remarks_are_passed_on_once(serve):
    """One piece that is partial makes the answer partial; what was mended is told in one line."""

    def respond(method, path, asked):
        first = asked["start"] == str(START)
        values = [[int(asked["start"]), "1"], [int(asked["start"]), "2"]]
        histogram = {"metric": {"__name__": "latency"}, "histograms": [[START, {}]]}
        told = ["PromQL info: x"] if first else ["PromQL info: x", "No StoreAPIs matched for this query"]
        return answer([{"metric": {}, "values": values}, histogram], warnings=told)

    source, _ = serve(respond)
    found = source.read("up", Axis(START, 60, 100), 5.0)
    assert found.partial
    assert found.warnings == (
        "PromQL info: x",
        "No StoreAPIs matched for this query",
        "2 samples were outside the range or second for one instant; the newest was kept",
        "native histograms cannot be scored: latency; query a quantile or rate of them",
    )


def test_what_was_mended_is_told(serve):
    """Samples beside the grid and label sets that come twice are counted over all pieces."""

    def respond(method, path, asked):
        entry = {"metric": {}, "values": [[int(asked["start"]) + 1, "1"]]}
        return answer([entry, {**entry, "values": [[int(asked["end"]), "1"]]}])

    source, _ = serve(respond)
    assert source.read("up", Axis(START, 60, 100), 5.0).warnings == (
        "2 samples lay between the instants asked for; each was taken for the next instant",
        "1 label sets came more than once; the last sample of each instant was kept",
    )


def test_an_instant_query_gives_numbers(serve):
    """One number for each series at a whole second."""
    source, server = serve(
        lambda method, path, asked: answer([{"metric": {"a": "b"}, "value": [START, "4"]}], "vector")
    )
    assert source.instant("x", START, 5.0) == {Labels.of(a="b"): 4.0}
    assert source.series_count("x", START, 5.0) == 4
    assert [asked["query"] for _, _, asked in server.asked] == ["x", "count(x)"]


def test_metadata_is_what_a_metric_says_about_itself(serve):
    """Of targets that differ the first; what has no form of metadata is left out."""
    content = {
        "up": [{"type": "gauge", "help": "1 if up", "unit": ""}, {"type": "unknown", "help": "", "unit": ""}],
        "odd": [],
        "odder": [7],
    }
    text = json.dumps({"status": "success", "data": content}).encode()
    source, server = serve(lambda method, path, asked: Reply(200, text))
    assert source.metadata(5.0) == {"up": Metadata("gauge", "", "1 if up")}
    assert server.asked == [("GET", "/api/v1/metadata", {})]
