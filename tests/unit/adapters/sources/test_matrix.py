import json

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.adapters.decode.roster import beyond
from offkey.adapters.sources._matrix import matrix, opened, reason, vector
from offkey.core.errors import BadResponse
from offkey.core.frame import Axis
from offkey.core.labels import Labels, rank

AXIS = Axis(1_700_000_000, 60, 4)
T0, T1, T2, T3 = AXIS.times.tolist()
A, B = Labels.of(job="a"), Labels.of(job="b")


def body(*result, **top):
    """Return an answer as Prometheus writes it."""
    answer = {"status": "success", **top, "data": {"resultType": "matrix", "result": list(result)}}
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()


def one(values, labels=A):
    """Return one entry of a matrix."""
    return {"metric": dict(labels), "values": values}


def read(*result, most=100, **top):
    """Return the piece that an answer becomes."""
    return matrix(body(*result, **top), AXIS, most, "here")[1]


def test_numbers_are_read_as_they_are_written():
    """Infinities are kept, NaN is missing, every digit counts."""
    piece = read(one([[T0, "0.30000000000000004"], [T1, "+Inf"], [T2, "-Inf"], [T3, "NaN"]]), one([[T2, "1e-320"]], B))
    assert piece.series == (A, B)
    np.testing.assert_array_equal(
        piece.values, [[0.1 + 0.2, np.inf, -np.inf, np.nan], [np.nan, np.nan, 1e-320, np.nan]]
    )
    assert (piece.moved, piece.lost, piece.repeated) == (0, 0, 0)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.floats(), min_size=AXIS.size, max_size=AXIS.size))
def test_any_float_survives(values):
    """What a server writes with all digits comes back bit for bit."""
    names = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}
    pairs = [[t, names.get(repr(v), repr(v))] for t, v in zip(AXIS.times.tolist(), values, strict=True)]
    np.testing.assert_array_equal(read(one(pairs)).values[0], values)


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=4))
def test_any_label_survives(metric):
    """Quotes, brackets, line breaks and what looks like samples are only text."""
    assert read(one([[T0, "1"]], metric)).series == (Labels.of(metric),)


def test_labels_that_look_like_samples_are_only_text():
    """The place of the samples is not found inside a string."""
    labels = Labels.of(job='"values":[[1,"2"]]', other='x"]]')
    piece = read(one([[T0, "7"]], labels), one([[T1, "8"]], B))
    assert piece.series == (labels, B)
    assert (piece.values[0, 0], piece.values[1, 1]) == (7, 8)


def test_spaced_json_is_the_same_answer():
    """A proxy may have written it anew."""
    text = orjson.dumps(orjson.loads(body(one([[T0, "1"], [T3, "4"]]))), option=orjson.OPT_INDENT_2)
    np.testing.assert_array_equal(matrix(text, AXIS, 9, "here")[1].values, [[1, np.nan, np.nan, 4]])


def test_samples_between_instants_belong_to_the_next_one():
    """As if they had been evaluated there: nothing is known before it happened."""
    piece = read(one([[T0 - 59.5, "1"], [T0 + 0.001, "2"], [T2, "3"]]))
    np.testing.assert_array_equal(piece.values, [[1, 2, 3, np.nan]])
    assert (piece.moved, piece.lost) == (2, 0)


def test_late_samples_do_not_replace_newer_ones():
    """Of several for one instant the newest counts, wherever it stands in the answer."""
    piece = read(one([[T1, "10"], [T1 - 5, "9"], [T0, "1"]]))
    np.testing.assert_array_equal(piece.values, [[1, 10, np.nan, np.nan]])
    assert (piece.moved, piece.lost) == (1, 1)


def test_samples_outside_the_range_are_left_out():
    """They are counted, not squeezed in."""
    piece = read(one([[T0 - 60, "0"], [T0, "1"], [T3 + 0.5, "5"]]))
    np.testing.assert_array_equal(piece.values, [[1, np.nan, np.nan, np.nan]])
    assert piece.lost == 2


def test_of_repeated_samples_and_series_the_last_counts():
    """A label set that comes twice is one series."""
    piece = read(one([[T0, "1"], [T0, "2"], [T1, "5"]]), one([[T0, "3"]]))
    assert piece.series == (A,)
    np.testing.assert_array_equal(piece.values, [[3, 5, np.nan, np.nan]])
    assert (piece.lost, piece.repeated) == (2, 1)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(-90, 330), st.integers(-3, 3)), max_size=30))
def test_placing_agrees_with_doing_it_sample_by_sample(samples):
    """Any order, any number for one instant, also outside the range."""
    expected = {}
    for labels, late, value in samples:
        column = -(-late // 60)
        if 0 <= column < AXIS.size and late >= expected.get((labels, column), (late, 0))[0]:
            expected[labels, column] = (late, value)
    piece = read(*(one([[T0 + late, str(value)]], labels) for labels, late, value in samples))
    found = {
        (labels, column): value
        for labels, row in zip(piece.series, piece.values, strict=True)
        for column, value in enumerate(row)
        if not np.isnan(value)
    }
    assert found == {cell: value for cell, (_, value) in expected.items()}
    assert piece.lost == len(samples) - len(expected)


def test_native_histograms_are_left_out_by_name():
    """A series of them is no series of numbers."""
    entry = {"metric": {"__name__": "latency"}, "histograms": [[T0, {"count": "1", "sum": "2", "buckets": []}]]}
    piece = read(entry, one([[T0, "1"]]))
    assert piece.series == (A,)
    assert piece.histograms == {"latency"}


def test_which_series_stay_depends_on_their_labels_alone():
    """Neither their order nor the series beyond the cap change the choice."""
    entries = [one([[T0, "1"]], {"pod": str(k)}) for k in range(50)]
    kept = set(read(*entries, most=10).series)
    assert len(kept) == 10
    assert set(read(*entries[::-1], most=10).series) == kept
    gone = next(entry for entry in entries if Labels.of(entry["metric"]) not in kept)
    assert set(read(*(entry for entry in entries if entry is not gone), most=10).series) == kept
    assert read(*entries, most=10).dropped == beyond([Labels.of(entry["metric"]) for entry in entries], 10)


def test_ranks_never_change():
    """A rank is part of what people see across restarts and releases."""
    assert rank(Labels.of(__name__="up", job="a")).hex() == "fddf8293be825a4a"


@pytest.mark.parametrize(
    ("text", "is_partial"),
    [
        ("PromQL info: metric might not be a counter, name does not end in _total/_sum/_count", False),
        ('PromQL warning: bucket label "le" is missing or has a malformed value', False),
        ("proxy store: PromQL info: ingested both", False),
        ("No StoreAPIs matched for this query", True),
        ("receive series from Addr: 10.0.0.1:10901: rpc error: code = Unavailable", True),
        ("Query result may contain partial data.", True),
        ("error sending request to remote read", True),
    ],
)
def test_remarks_on_a_query_are_not_missing_data(text, is_partial):
    """Only what storage says means that samples are missing."""
    answer = opened(body(warnings=[text]), "here")
    assert (answer.partial, answer.warnings) == (is_partial, (text,))


def test_infos_and_the_flag_of_victoriametrics_are_read():
    """Newer servers put remarks beside warnings; a cluster says `isPartial`."""
    answer = opened(body(infos=["PromQL info: x"], isPartial=True), "here")
    assert (answer.partial, answer.warnings) == (True, ("PromQL info: x",))


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b"1",
    b'"x"',
    b"NaN",
    b"{",
    b"{}",
    b"\xff\xfe",
    b"<html><body>login</body></html>",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"1" * 10_000,
    b'{"status":"error","error":"x"}',
    b'{"status":"success"}',
    b'{"status":"success","data":null}',
    b'{"status":"success","data":[]}',
    b'{"status":"success","data":{}}',
    b'{"status":"success","data":{"resultType":"matrix"}}',
    b'{"status":"success","data":{"resultType":"matrix","result":null}}',
    b'{"status":"success","data":{"resultType":"matrix","result":{}}} trailing',
    b'{"status":"success","data":{"resultType":"matrix","result":[1]}}',
    b'{"status":"success","data":{"resultType":"matrix","result":[null]}}',
    b'{"status":"success","data":{"resultType":"matrix","result":[{}]}}',
    b'{"status":"success","data":{"resultType":"vector","result":[]}}',
    b'{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}',
    b'{"status":"success","data":{"resultType":"string","result":[1,"2"]}}',
    b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"\\ud800"},"values":[[1,"2"]]}]}}',
    *(
        b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":%s,"values":[[1,"2"]]}]}}' % metric
        for metric in (b"null", b"[]", b'"a"', b'{"a":1}', b'{"a":null}', b'{"a":["b"]}')
    ),
    *(
        b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":%s}]}}' % values
        for values in (
            b"7",
            b"true",
            b'"x"',
            b"null",
            b"{}",
            b"[1]",
            b"[[1]]",
            b"[[1,2]]",
            b'[["1","2"]]',
            b'[[1,"2",3]]',
            b'[[1,"2"],[3]]',
            b'[[1,"2"],3]',
            b'[[1,"2"]',
            b'[[1,""]]',
            b'[[,"1"]]',
            b'[[1,"1e999"]]',
            b'[[1e999,"1"]]',
            b'[[NaN,"x"]]',
            b'[[1,"1_0"]]',
            b'[[1,"0x10"]]',
            b'[[1,"Nan"]]',
            b'[[1,"--1"]]',
            b'[[1,"1"][2,"2"]]',
            b"[[1,null]]",
            b'[[[[1,"2"]]]]',
        )
    ),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_matrix_is_refused(text):
    """Whatever a server sends: one kind of error, on one short line."""
    with pytest.raises(BadResponse, match="here") as caught:
        matrix(text, AXIS, 10, "here")
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


def test_no_part_of_an_answer_is_ever_used():
    """Cut anywhere, it is refused whole."""
    whole = body(one([[T0, "1"], [T1, "2"]]), one([[T0, "3"]], B), warnings=["w"])
    matrix(whole, AXIS, 10, "here")
    for size in range(len(whole)):
        with pytest.raises(BadResponse):
            matrix(whole[:size], AXIS, 10, "here")


@settings(deadline=None)  # the machine may be busy
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3), st.integers(0, 4))
def test_a_damaged_answer_is_a_whole_one_or_an_error(place, damage, removed):
    """Bytes changed anywhere never raise anything else."""
    whole = body(one([[T0, "1"], [T1, "+Inf"]]), one([[T0, "3"]], B), warnings=["w"])
    at = place % len(whole)
    try:
        matrix(whole[:at] + damage + whole[at + removed :], AXIS, 10, "here")
    except BadResponse as error:
        assert str(error).isprintable()


def test_an_instant_answer_is_a_number_for_each_series():
    """Samples are taken by their labels; histograms are left out."""
    entries = [{"metric": dict(A), "value": [T0, "1.5"]}, {"metric": dict(B), "histogram": [T0, {}]}]
    text = orjson.dumps({"status": "success", "data": {"resultType": "vector", "result": entries}})
    assert vector(text, "here") == {A: 1.5}


@pytest.mark.parametrize("value", [b"[1]", b"null", b'[1,"x"]', b"{}", b"[1,null]"])
def test_what_is_no_vector_is_refused(value):
    """A malformed sample spoils the whole answer."""
    text = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":%s}]}}' % value
    with pytest.raises(BadResponse, match="instant vector"):
        vector(text, "here")


def test_an_error_speaks_in_the_servers_words():
    """The `error` of the API, or the start of whatever a proxy sent instead."""
    assert reason(b'{"status":"error","errorType":"bad_data","error":"1:1: parse\\nerror"}') == "1:1: parse error"
    assert reason(b"<html>Bad  gateway</html>") == "<html>Bad gateway</html>"
    assert reason(b'{"error":7}') == '{"error":7}'


VALUES = st.one_of(
    st.floats().map(repr), st.sampled_from(["NaN", "+Inf", "-Inf", "0", "-0", "1e21", "123456789012345678901"])
)
ENTRIES = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("ab"), st.text(min_size=1, max_size=4), max_size=2),
        st.lists(st.tuples(st.integers(-130_000, 330_000), VALUES), min_size=1, max_size=6),
    ),
    max_size=6,
)


@settings(deadline=None)  # the machine may be busy
@given(ENTRIES, st.integers(1, 6))
def test_the_scanner_agrees_with_the_parser(entries, most):
    """What is written without spaces is read by one pass over the bytes, to what a JSON parser makes of it."""
    names = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}
    told = [
        one([[T0 + late / 1000, names.get(text, text)] for late, text in samples], labels)
        for labels, samples in entries
    ]
    text = body(*told, warnings=["w"])
    found = matrix(text, AXIS, most, "here")
    parsed = matrix(orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2), AXIS, most, "here")
    assert found[0].warnings == parsed[0].warnings == ("w",)
    assert found[1].series == parsed[1].series
    np.testing.assert_array_equal(found[1].values, parsed[1].values)
    facts = [(p.dropped, p.moved, p.lost, p.repeated, p.histograms) for _, p in (found, parsed)]
    assert facts[0] == facts[1]
