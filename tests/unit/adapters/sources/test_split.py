"""A selector of many series is read in parts that share them without gap or overlap."""

import threading
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.adapters.sources import _split
from offkey.adapters.sources._split import Splits, cut, joined
from offkey.core.errors import QueryRejected, SourceDown
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels, Matcher
from offkey.core.ports import Answer

SELECTOR = (Matcher("__name__", "=", "up"),)
AXIS = Axis(0, 60, 2)
VALUES = st.dictionaries(st.text(max_size=4), st.integers(1, 9), min_size=1, max_size=12)


def matching(parts, labels):
    """Return which parts a label set belongs to."""
    return [k for k, part in enumerate(parts) if all(one.matches(labels) for one in part)]


@given(VALUES, st.text(max_size=4))
def test_every_value_known_or_new_is_in_exactly_one_part(counts, stranger):
    """Whatever characters it is made of, and where the label is missing."""
    parts = cut(SELECTOR, "pod", counts)
    for value in (*counts, stranger, ""):
        assert len(matching(parts, {"__name__": "up", "pod": value})) == 1


@given(st.dictionaries(st.text("ab.|", min_size=1, max_size=3), st.integers(1, 9), min_size=1, max_size=12))
def test_no_part_is_larger_than_it_may_be(counts):
    """Unless a single value is; and no two neighbours would fit into one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_split, "MOST_SERIES", 10)
        parts = cut(SELECTOR, "pod", counts)
    sizes = Counter()
    for value, size in counts.items():
        [part] = matching(parts, {"__name__": "up", "pod": value})
        sizes[part] += size
    assert max(sizes.values()) <= 10
    assert len(parts) <= 1 + 2 * sum(counts.values()) // 10


class Server:
    """Counts the series of one selector."""

    def __init__(self, *series):
        self.series, self.asked = series, []

    def count(self, selector, name, at, timeout):
        """Return the counts by a label."""
        self.asked.append(name)
        found = Counter(Labels.of({name: labels.get(name, "")} if name else {}) for labels in self.series)
        return {labels: float(size) for labels, size in found.items()}

    def names(self, selector, at, timeout):
        """Return all label names."""
        return sorted({name for labels in self.series for name in labels})


def fleet(size):
    """Return series with a label that tells them apart, and one that does not."""
    return [Labels.of(__name__="up", zone="a", pod=str(k)) for k in range(size)]


def test_a_small_selector_is_read_whole_and_counted_once():
    """One cheap question in ten minutes."""
    server = Server(*fleet(3))
    splits = Splits(server.count, server.names)
    assert [splits.parts(SELECTOR, 60, 1.0) for _ in range(2)] == [(SELECTOR,)] * 2
    assert server.asked == [""]


def test_a_large_selector_is_cut_by_the_label_that_cuts_well(monkeypatch):
    """Likely labels are asked about first, and the first that cuts well is taken."""
    monkeypatch.setattr(_split, "MOST_SERIES", 4)
    server = Server(*fleet(10))
    parts = Splits(server.count, server.names).parts(SELECTOR, 60, 1.0)
    assert server.asked == ["", "pod"]
    assert [len([one for one in server.series if k in matching(parts, one)]) for k in range(len(parts))] == [4, 4, 2]


@pytest.mark.parametrize("error", [SourceDown("away"), QueryRejected("count is forbidden")])
def test_a_selector_that_cannot_be_counted_is_read_whole(error):
    """What is wrong is named when the samples are asked for."""

    def fail(*given):
        raise error

    assert Splits(fail, fail).parts(SELECTOR, 60, 1.0) == (SELECTOR,)


def test_parts_are_read_together_and_are_one_answer():
    """In the labels' order, with the cap, the remarks and the doubts of all."""
    together = threading.Barrier(2, timeout=20)
    series = fleet(4)

    def read(part):
        together.wait()
        mine = tuple(series[k] for k in (part, part + 2))
        frame = Frame(mine, np.array([[part, 0.0], [part + 2, 0.0]]), AXIS)
        return Answer(frame, partial=part == 1, warnings=(f"part {part}", "both"), dropped=part)

    answer = joined((0, 1), 3, read)
    assert len(answer.frame.series) == 3
    assert [labels["pod"] for labels in answer.frame.series] == [str(int(value)) for value in answer.frame.values[:, 0]]
    assert (answer.partial, answer.warnings, answer.dropped) == (True, ("part 0", "both", "part 1"), 2)
    whole = joined((0, 1), 9, read)
    assert whole.frame.series == tuple(series)
    assert joined((0, 1), 9, read).frame.series == whole.frame.series


def test_one_part_without_an_answer_is_none_at_all():
    """Nothing of the others is used."""

    def read(part):
        if part == 1:
            msg = "away"
            raise SourceDown(msg)
        return Answer(Frame((), np.empty((0, 2)), AXIS))

    with pytest.raises(SourceDown, match="away"):
        joined((0, 1), 9, read)
