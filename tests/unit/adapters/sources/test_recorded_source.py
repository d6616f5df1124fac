import os

import numpy as np
import pytest

from offkey.adapters.sources.recorded import Source, record
from offkey.core.errors import BadResponse, QueryRejected, SourceDown
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels

START = 1_709_510_400
UP = Frame((Labels.of(job="a"),), np.array([[1.0, np.nan, np.inf, -np.inf]]), Axis(START, 60, 4))


def test_the_file_is_one_line_for_each_query(tmp_path):
    """People may read and write it."""
    path = tmp_path / "a.jsonl"
    record(path, "up", UP)
    record(path, "b", UP.rows(np.array([], np.int64)))
    assert path.read_text() == (
        '{"query":"up","start":1709510400,"step":60,"series":'
        '[{"labels":{"job":"a"},"values":[1.0,null,"+Inf","-Inf"]}]}\n'
        '{"query":"b","start":1709510400,"step":60,"series":[]}\n'
    )


def test_recording_again_replaces_that_query_alone(tmp_path):
    """Other answers of the file stay."""
    path = tmp_path / "a.jsonl"
    record(path, "up", UP)
    record(path, "other", UP)
    record(path, "up", UP.with_values(np.full(UP.values.shape, 7.0)))
    source = Source(path)
    assert source.read("up", UP.axis.cut(0, 1), 1.0).frame.values[0, 0] == 7
    assert source.read("other", UP.axis.cut(0, 1), 1.0).frame.values[0, 0] == 1


def test_a_sample_stands_for_five_minutes(tmp_path):
    """As in Prometheus: an instant sees the newest earlier sample that is younger than that."""
    record(tmp_path / "a.jsonl", "up", UP.columns(0, 1))
    found = Source(tmp_path).read("up", Axis(START - 1, 1, 303), 1.0).frame.values[0]
    assert np.isnan(found[0])
    assert (found[1:301] == 1).all()
    assert np.isnan(found[301:]).all()


def test_what_is_recorded_meanwhile_is_seen(tmp_path):
    """A changed, added or removed file counts at the next answer."""
    source = Source(tmp_path)
    record(tmp_path / "a.jsonl", "up", UP)
    assert source.read("up", UP.axis, 1.0).frame.series == UP.series
    record(tmp_path / "b.jsonl", "other", UP)
    assert source.read("other", UP.axis, 1.0).frame.series == UP.series
    os.unlink(tmp_path / "a.jsonl")
    with pytest.raises(QueryRejected):
        source.read("up", UP.axis, 1.0)


def test_an_unknown_query_names_the_nearest_and_the_known(tmp_path):
    """Nobody has to open the file."""
    record(tmp_path / "a.jsonl", "sum(up)", UP)
    record(tmp_path / "a.jsonl", "http_requests", UP)
    with pytest.raises(QueryRejected, match=r"did you mean 'sum\(up\)'\? \(have: http_requests, sum\(up\)\)"):
        Source(tmp_path).read("sum(upp)", UP.axis, 1.0)


def test_a_missing_file_is_a_source_that_is_down(tmp_path):
    """The path is in the message."""
    with pytest.raises(SourceDown, match=r"absent\.jsonl: cannot read recorded answers: No such file"):
        Source(tmp_path / "absent.jsonl").read("up", UP.axis, 1.0)


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"7",
        b"{}",
        b'{"query":"up"}',
        b'{"query":"up","start":0,"step":0,"series":[]}',
        b'{"query":"up","start":0,"step":60,"series":[{"labels":{},"values":["x"]}]}',
        b'{"query":"up","start":0,"step":60,"series":[{"labels":{},"values":7}]}',
        b'{"query":"up","start":0,"step":60,"series":[{"labels":[],"values":[1]}]}',
        b'{"query":"up","start":0,"step":60,"series":[{"labels":{},"values":[1]},{"labels":{},"values":[1]}]}',
    ],
)
def test_a_file_of_something_else_is_an_error_and_left_alone(tmp_path, line):
    """Neither half an answer nor an overwritten file."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line)
    with pytest.raises(BadResponse, match=r"a\.jsonl"):
        Source(path).read("up", UP.axis, 1.0)


def test_recording_into_a_file_of_something_else_leaves_it_alone(tmp_path):
    """What cannot be read is not replaced."""
    path = tmp_path / "a.jsonl"
    path.write_text("precious")
    with pytest.raises(BadResponse, match=r"a\.jsonl:1"):
        record(path, "up", UP)
    assert path.read_text() == "precious"
