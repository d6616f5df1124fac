"""The Prometheus source against a real Prometheus."""

import contextlib
import struct
import time

import numpy as np
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_api_client import PrometheusConnect
from realprometheus import running, wait_until

from offkey.adapters.decode.messages import field, varint, write_labels
from offkey.adapters.decode.snappy import snapped
from offkey.adapters.http import Endpoint
from offkey.adapters.sources import _split, prometheus
from offkey.adapters.sources.prometheus import Source
from offkey.core.errors import QueryRejected
from offkey.core.frame import Axis
from offkey.core.labels import NAME, Labels, quote

pytestmark = pytest.mark.e2e

TIMEOUT = 30.0
STEP = 15
START = int(time.time()) // 7200 * 7200 - 7200  # inside one two-hour block
AXIS = Axis(START, STEP, 400)
GAP = slice(100, 160)  # a quarter of an hour without samples
PODS = 5
ODD = ["NaN", "+Inf", "-Inf", "1.7976931348623157e+308", "5e-324", "-0", "9007199254740993", "1000000000.0000001"]
LOOKS = "\"\\\n\0{}[]=~!,|.*+?^$()#' `%\t\r\x1b\u2028\u202e\u00e9\U0001f3bb<>&"
METRICS = ["inf", "nan", "by", "and", "on", "sum", "offset", "start", "bool", "without", "Inf", "atan2", "a:b"]


def level(pod):
    """Return what pod `k` measured, on all instants."""
    return 1e9 + np.random.default_rng(pod).normal(size=AXIS.size)


def hostile():
    """Return label sets no one would choose; every one is a series of its own."""
    rng = np.random.default_rng(7)
    texts = ["".join(rng.choice(list(LOOKS), rng.integers(1, 12))) for _ in range(40)]
    texts += ["x" * 5_000, "\\n", '\\"', '",x="', '"} or {__name__=~".+', "{{ $labels.x }}", "$1", "%s", "\u0130"]
    return [Labels.of({NAME: "hostile", "text": text}) for text in dict.fromkeys(texts)] + [
        Labels.of({NAME: name, "text": "plain"}) for name in METRICS
    ]


def history():
    """Return the server's past as OpenMetrics text."""
    lines = ["# TYPE level gauge"]
    for pod in range(PODS):
        there = np.delete(np.arange(AXIS.size), GAP)
        lines += [f'level{{pod="{pod}"}} {float(level(pod)[k])!r} {AXIS.times[k]}' for k in there]
    lines += [f"odd {text} {AXIS.times[20 * k]}" for k, text in enumerate(ODD)]
    lines += ["# TYPE work counter"]
    lines += [f"work_total {(k % 150) * 30} {AXIS.times[k]}" for k in range(AXIS.size)]
    for labels in hostile():
        lines += [f"{labels[NAME]}{labels.without(NAME).selector()} 1 {START}"]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def url(program, tmp_path_factory):
    """Return a server that allows 20,000 samples for a query."""
    with running(program, tmp_path_factory.mktemp("prometheus"), history(), "--query.max-samples=20000") as url:
        yield url


@pytest.fixture
def source(url):
    """Return a source of that server."""
    made = Source(Endpoint(url))
    yield made
    made.close()


def test_a_past_is_read_as_it_was_with_its_gap(source):
    """Every sample bit for bit, nothing where there was nothing, the same every time."""
    frame = source.read("level", AXIS, TIMEOUT).frame
    assert frame.series == tuple(Labels.of({NAME: "level", "pod": str(pod)}) for pod in range(PODS))
    there = np.delete(np.arange(AXIS.size), GAP)
    for pod, row in enumerate(frame.values):
        np.testing.assert_array_equal(row[there], level(pod)[there])
    assert np.isnan(frame.values[:, GAP.start + 300 // STEP : GAP.stop]).all()  # after five minutes of lookback
    np.testing.assert_array_equal(source.read("level", AXIS, TIMEOUT).frame.values, frame.values)


def test_odd_numbers_come_through(source):
    """NaN is missing, infinities are kept, the largest, smallest and most exact numbers are themselves."""
    frame = source.read("odd", Axis(START, 20 * STEP, len(ODD)), TIMEOUT).frame
    np.testing.assert_array_equal(frame.values, [[float(text) for text in ODD]])


def test_limits_of_the_server_are_kept(source):
    """30,000 instants of 5 series pass a limit of 11,000 points and 20,000 samples, and are the same samples."""
    fine = source.read("level", Axis(START, 1, AXIS.size * STEP * 5), TIMEOUT).frame
    coarse = source.read("level", AXIS, TIMEOUT).frame
    np.testing.assert_array_equal(fine.values[:, : AXIS.size * STEP : STEP], coarse.values)


@pytest.mark.parametrize(
    ("query", "said"),
    [("sum(level", "unclosed left paren"), ("level + on() group_left level", "many-to-many|duplicate")],
)
def test_a_bad_query_concerns_no_other(source, query, said):
    """The server's own words; the next query is answered."""
    with pytest.raises(QueryRejected, match=said):
        source.read(query, AXIS, TIMEOUT)
    assert source.read("level", AXIS, TIMEOUT).frame.series


def test_a_metric_that_is_not_there_is_no_error(source):
    """Zero series are an answer."""
    assert source.read("nobody_has_this", AXIS, TIMEOUT).frame.series == ()
    assert source.instant("nobody_has_this", START, TIMEOUT) == {}
    assert source.series_count("nobody_has_this", START, TIMEOUT) == 0


def test_a_counter_reset_is_no_fall(source):
    """A rate stays what it was while its counter starts again twice."""
    rate = source.read("rate(work_total[2m])", AXIS.cut(10, AXIS.size), TIMEOUT).frame.values
    np.testing.assert_allclose(rate, 2.0, rtol=0.2)


def test_hostile_labels_and_names_find_their_series(source):
    """A selector written from a label set finds that series and no other; all labels come back as they were."""
    for labels in hostile():
        assert source.instant(labels.selector(), START, TIMEOUT) == {labels: 1.0}
    found = source.read('{text!=""}', Axis(START, STEP, 1), TIMEOUT).frame.series
    assert set(found) == set(hostile())


@settings(max_examples=100, deadline=None)  # the machine may be busy
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_survives_the_way_there_and_back(url, text):
    """What we quote is what the server understands, and what it answers is what we read."""
    label = quote(text.replace("$", "$$"))
    source = Source(Endpoint(url))
    found = source.instant(f'label_replace(vector(1), "text", {label}, "", "")', START, TIMEOUT)
    source.close()
    assert found == {Labels.of(text=text): 1.0}


def test_which_series_stay_beyond_the_cap_is_certain(url):
    """The order in which a server names them does not matter."""
    answers = [
        Source(Endpoint(url), max_series=2).read(query, AXIS, TIMEOUT) for query in ("level", "level or sum(nothing)")
    ]
    assert [answer.dropped for answer in answers] == [PODS - 2] * 2
    assert answers[0].frame.series == answers[1].frame.series


def test_metrics_describe_themselves(source):
    """Types and help of what is scraped."""
    wait_until(lambda: "go_goroutines" in source.metadata(TIMEOUT))
    said = source.metadata(TIMEOUT)
    assert said["go_goroutines"].type == "gauge"
    assert said["prometheus_http_requests_total"].type == "counter"
    assert "goroutines" in said["go_goroutines"].help


def test_other_libraries_may_use_the_session(url, source):
    """The user's client library works through it."""
    assert "level" in PrometheusConnect(url, session=source.session).all_metrics()


AXES = [
    AXIS,
    Axis(START, 60, 100),
    Axis(START + 7, 1, 400),
    Axis(START + 3_000, 30, 1),
    Axis(START + GAP.start * STEP, 20, 30),
    Axis(START + AXIS.size * STEP - 60, 15, 40),
]


@pytest.mark.parametrize("axis", AXES, ids=range(len(AXES)))
@pytest.mark.parametrize("query", ["level", "odd", '{text!=""}', '{__name__=~"level|work.*",pod!~"[3-9]"}'])
def test_what_is_stored_gives_the_numbers_of_queries(monkeypatch, url, query, axis):
    """Remote read, as samples or as chunks, and range queries agree in every series and every number."""
    monkeypatch.setattr(prometheus, "STORED_SECONDS", 0)
    with (
        contextlib.closing(Source(Endpoint(url))) as stored,
        contextlib.closing(Source(Endpoint(url), read="query_range")) as queried,
    ):
        found, expected = (source.read(query, axis, TIMEOUT) for source in (stored, queried))
    assert found.warnings == ()
    assert found.frame.series == expected.frame.series
    np.testing.assert_array_equal(found.frame.values, expected.frame.values)


@pytest.mark.parametrize("read", ["auto", "query_range"])
def test_a_selector_read_in_parts_is_the_selector(monkeypatch, url, read):
    """Whatever its labels are made of, as stored and by range queries; each part is small."""
    monkeypatch.setattr(prometheus, "STORED_SECONDS", 0)
    axis = Axis(START, STEP, 20)
    with contextlib.closing(Source(Endpoint(url), read=read)) as whole:
        expected = whole.read("hostile", axis, TIMEOUT).frame
    monkeypatch.setattr(_split, "MOST_SERIES", 10)
    monkeypatch.setattr(prometheus, "MOST_SERIES", 10)
    asked = []
    with contextlib.closing(Source(Endpoint(url), read=read)) as source:
        call = source._client.call
        monkeypatch.setattr(
            source._client, "call", lambda *given, **more: asked.append(given[1]) or call(*given, **more)
        )
        for _ in range(2):
            found = source.read("hostile", axis, TIMEOUT).frame
    assert found.series == expected.series
    np.testing.assert_array_equal(found.values, expected.values)
    assert asked.count("/api/v1/labels") == 1
    assert asked.count("/api/v1/read" if read == "auto" else "/api/v1/query_range") >= len(expected.series) // 10


def test_a_series_that_goes_away_ends_the_same_way(monkeypatch, program, tmp_path):
    """The mark behind a series that vanished is obeyed, and what comes after it counts again."""
    monkeypatch.setattr(prometheus, "STORED_SECONDS", 0)
    now = int(time.time()) - 40
    ended = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
    rows = {"a": [1.0, ended, np.nan, 2.0], "b": [ended, 3.0, 4.0, ended], "c": [ended] * 4}
    message = b"".join(
        field(
            1,
            write_labels([("__name__", "gone"), ("pod", pod)])
            + b"".join(
                field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint((now + 10 * k) * 1000))
                for k, value in enumerate(row)
            ),
        )
        for pod, row in rows.items()
    )
    with running(program, tmp_path, "", "--web.enable-remote-write-receiver") as url:
        head = {"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
        requests.post(f"{url}/api/v1/write", snapped(message), headers=head, timeout=5).raise_for_status()
        with contextlib.closing(Source(Endpoint(url))) as stored:
            found = stored.read("gone", Axis(now, 5, 8), TIMEOUT).frame
        with contextlib.closing(Source(Endpoint(url), read="query_range")) as queried:
            expected = queried.read("gone", Axis(now, 5, 8), TIMEOUT).frame
    assert found.series == expected.series
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.values[1], [np.nan, np.nan, 3, 3, 4, 4, np.nan, np.nan])
