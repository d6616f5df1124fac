import numpy as np
import orjson
import pytest

from offkey.adapters.decode.roster import Roster
from offkey.core.labels import Labels


def told(*names):
    """Return an answer's body with the labels of some pods, and where each begins and ends."""
    texts = [orjson.dumps({"pod": name}) for name in names]
    ends = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64) - 1
    return b",".join(texts), ends - [len(text) for text in texts], ends


def pods(*names):
    """Return the label sets of some pods."""
    return tuple(Labels.of(pod=name) for name in names)


@pytest.fixture
def read():
    """Return a reader of labels that notes what it read."""

    def reader(text):
        reader.texts.append(text)
        return Labels.of(orjson.loads(text))

    reader.texts = []
    return reader


def test_the_same_answer_gives_the_same_tuple(read):
    """Nothing is read, compared or sorted again while nobody comes or goes."""
    roster = Roster(read, 10)
    first = roster.roll(*told("b", "a"))
    assert first.series == pods("a", "b")
    assert first.rows.tolist() == [1, 0]
    assert roster.roll(*told("b", "a")) is first
    assert len(read.texts) == 2


@pytest.mark.parametrize("names", ["ba", "abc", "a", "", "xy", "acb", "bbaa"])
def test_a_changed_answer_is_read_by_its_labels(read, names):
    """Another order, new and gone series, repeated ones: rows follow the labels; only new ones are read."""
    roster = Roster(read, 10)
    roster.roll(*told("a", "b"))
    found = roster.roll(*told(*names))
    assert found.series == pods(*sorted(set(names)))
    assert [found.series[row]["pod"] for row in found.rows] == list(names)
    assert len(read.texts) == len({"a", "b", *names})


def test_beyond_the_cap_rows_are_none(read):
    """Which series stay depends on their labels alone."""
    found = Roster(read, 2).roll(*told("a", "b", "c"))
    assert len(found.series) == 2
    assert len(found.dropped) == 1
    again = Roster(read, 2).roll(*told("c", "b", "a"))
    assert again.series == found.series
    assert sorted(found.rows.tolist()) == [-1, 0, 1]
    assert again.rows.tolist() == found.rows.tolist()[::-1]


def test_labels_that_only_share_their_bytes_are_not_the_same(read):
    """Where one label set ends and the next begins matters, not only the text of all."""

    def rows(*cuts):
        ends = np.array(cuts, np.int64)
        return roster.roll(b"aabb", np.concatenate([[0], ends[:-1]]), ends)

    roster = Roster(lambda text: Labels.of(pod=text.decode()), 10)
    assert rows(2, 4).series == pods("aa", "bb")
    assert rows(1, 4).series == pods("a", "abb")
