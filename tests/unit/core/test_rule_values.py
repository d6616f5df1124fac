import math
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rulecases import evidence

from offkey.core.labels import Labels
from offkey.core.rules import ReviewedBound, file_stem


@pytest.mark.parametrize("edges", [(1.0, 2.0, 3.0), (3.0, 1.0, 2.0), (math.nan, 0.0, 1.0), (0.5, 0.0, math.inf)])
def test_a_bound_lies_inside_its_own_finite_envelope(edges):
    """A constant outside its envelope, or an edge that is no number, is refused."""
    with pytest.raises(ValueError, match="lowest <= constant <= highest"):
        ReviewedBound(*edges)


@pytest.mark.parametrize("typical", [0.9, 0.5, math.nan, math.inf])
def test_what_is_typical_lies_between_the_bounds(typical):
    """A typical value on or beyond a bound would alert for ever."""
    with pytest.raises(ValueError, match="between the bounds"):
        evidence(typical=typical, upper=(0.5, 0.4, 0.6))


def test_label_names_are_all_names_of_all_series():
    """Names of any series count once; the metric name is no label here."""
    found = evidence(Labels.of(b="1", __name__="x"), Labels.of(a="1", b="2"))
    assert found.label_names == ("a", "b")


@given(st.text(st.characters(codec="utf-8")))
def test_any_name_makes_one_safe_file_name(name):
    """A stem is one path component, never hidden, never empty, of bounded length, and the same every time."""
    stem = file_stem(name)
    assert PurePath("folder", stem).parts == ("folder", stem)
    assert stem
    assert not stem.startswith(".")
    assert len(stem) <= 90
    assert stem == file_stem(name)
    assert stem.isascii()


@given(st.lists(st.text(st.characters(codec="utf-8")), unique=True, max_size=8))
def test_two_names_never_share_a_file(names):
    """Names that look alike once cleaned are told apart by a hash."""
    stems = {file_stem(name) for name in [*names, "a/b", "a-b", "A-B", "../a-b"]}
    assert len(stems) == len({*names, "a/b", "a-b", "A-B", "../a-b"})


def test_an_ordinary_name_is_its_own_file_name():
    """Nothing is added to a name that is safe already."""
    assert file_stem("payment-success") == "payment-success"
