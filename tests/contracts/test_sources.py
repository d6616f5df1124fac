"""What every file in the folder of sources promises.

A kind `X` comes with tests/contracts/sources/X.py: its `serve(frame, query, tmp_path)` is a context that gives a
source which answers `query` with `frame`, and refuses the text "sum(".
"""

import runpy
from pathlib import Path

import numpy as np
import pytest

from offkey.core.errors import QueryRejected, SourceDown
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.plugins import names

HARNESSES = Path(__file__).parent / "sources"
QUERY = 'sum by (pod) (rate(requests_total{job="a b"}[5m]))'
START = 1_709_510_400
AXIS = Axis(START, 60, 200)
TIMEOUT = 20.0


@pytest.fixture(params=names("offkey.adapters.sources"))
def serve(request, tmp_path):
    """Return a function (frame, query) that gives a source of each kind."""
    path = HARNESSES / f"{request.param}.py"
    assert path.exists(), (
        f"a source needs a server to be tested against: write {path} with serve(frame, query, tmp_path)"
    )
    open_harness = runpy.run_path(str(path))["serve"]
    return lambda frame, query=QUERY: open_harness(frame, query, tmp_path)


def samples(series=3, seed=5):
    """Return a frame with gaps shorter and longer than five minutes, infinities and hostile labels."""
    rng = np.random.default_rng(seed)
    values = rng.normal(1e9, 3.0, (series, AXIS.size))
    values[rng.random(values.shape) < 0.2] = np.nan
    values[0, 50:120] = np.nan
    values[1, 10:12] = np.inf, -np.inf
    labels = (Labels.of(pod="b"), Labels.of(__name__="inf", pod='"\\\n\u2028🎻'), Labels())
    return Frame(labels[:series], values, AXIS)


def rows(frame):
    """Return the samples of each series, whatever their order."""
    return dict(zip(frame.series, frame.values, strict=True))


def held(row):
    """Return a row of one-minute samples as an instant query sees it: each lasts until the next, at most 5 minutes."""
    seen = [row[max(0, k - 4) : k + 1] for k in range(len(row))]
    return np.array([past[~np.isnan(past)][-1] if (~np.isnan(past)).any() else np.nan for past in seen])


def test_an_answer_is_on_exactly_the_asked_instants(serve):
    """Neither start, step nor size are adapted, also where nothing is recorded."""
    with serve(samples()) as source:
        for axis in (AXIS, Axis(START + 7, 45, 11), Axis(START - 3600, 600, 30), Axis(START + 86_400, 60, 3)):
            frame = source.read(QUERY, axis, TIMEOUT).frame
            assert frame.axis == axis


def test_samples_arrive_bit_for_bit_and_missing_ones_are_nan(serve):
    """Gaps, infinities, labels and large numbers with a small spread come through."""
    kept = samples()
    with serve(kept) as source:
        found = rows(source.read(QUERY, AXIS, TIMEOUT).frame)
    assert set(found) == set(kept.series)
    for labels, row in rows(kept).items():
        np.testing.assert_array_equal(found[labels], held(row))
    assert np.isinf(found[kept.series[1]]).any()
    assert np.isnan(found[kept.series[0]]).any()


def test_each_series_comes_once(serve):
    """No label set is repeated."""
    with serve(samples()) as source:
        series = source.read(QUERY, AXIS, TIMEOUT).frame.series
    assert len(set(series)) == len(series) == 3


@pytest.mark.parametrize("width", [1, 7, 64, 199])
def test_reading_in_pieces_is_reading_at_once(serve, width):
    """Any cut of the axis gives the same samples."""
    with serve(samples()) as source:
        whole = rows(source.read(QUERY, AXIS, TIMEOUT).frame)
        pieces = {labels: np.full(AXIS.size, np.nan) for labels in whole}
        for first in range(0, AXIS.size, width):
            part = source.read(QUERY, AXIS.cut(first, min(first + width, AXIS.size)), TIMEOUT).frame
            for labels, row in rows(part).items():
                pieces[labels][first : first + width] = row
    for labels, row in whole.items():
        np.testing.assert_array_equal(pieces[labels], row)


def test_the_order_of_series_in_the_server_does_not_matter(serve):
    """Two servers that list the same series in another order give equal frames."""
    kept = samples()
    with serve(kept) as source:
        first = source.read(QUERY, AXIS, TIMEOUT).frame
    with serve(kept.rows(np.array([2, 0, 1]))) as source:
        second = source.read(QUERY, AXIS, TIMEOUT).frame
    assert first.series == second.series
    np.testing.assert_array_equal(first.values, second.values)


def test_no_series_is_an_answer(serve):
    """A query that matches nothing gives a frame without series, and no error."""
    with serve(Frame((), np.empty((0, AXIS.size)), AXIS)) as source:
        answer = source.read(QUERY, AXIS, TIMEOUT)
    assert answer.frame.series == ()
    assert answer.frame.values.shape == (0, AXIS.size)
    assert (answer.partial, answer.warnings, answer.dropped) == (False, (), 0)


def test_no_instants_is_an_answer(serve):
    """An empty axis gives an empty frame."""
    with serve(samples()) as source:
        assert source.read(QUERY, AXIS.cut(5, 5), TIMEOUT).frame.values.shape[1] == 0


def test_a_refused_query_says_which_one(serve):
    """The error is of its own type, so that other queries are not given up, and names the query."""
    with serve(samples()) as source:
        with pytest.raises(QueryRejected, match=r"sum\("):
            source.read("sum(", AXIS, TIMEOUT)
        assert source.read(QUERY, AXIS, TIMEOUT).frame.series


def test_no_time_is_no_answer(serve):
    """A call whose deadline has passed says so instead of answering late."""
    with serve(samples()) as source, pytest.raises(SourceDown, match="no time is left"):
        source.read(QUERY, AXIS, 0.0)


def test_a_source_may_be_closed_twice(serve):
    """Closing is final and harmless."""
    with serve(samples()) as source:
        source.read(QUERY, AXIS, TIMEOUT)
        source.close()
        source.close()
