"""One key is set, and every other byte stays."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.app.written.keys import with_key
from offkey.core.errors import ConfigError


@pytest.mark.parametrize(
    ("before", "route", "after"),
    [
        ("a:\n  for: 2m # why\nb: 1\n", ("a", "for"), "a:\n  for: 9m # why\nb: 1\n"),
        ("a:\n  x: 1 # one\n# two\nb: 1\n", ("a", "for"), "a:\n  x: 1 # one\n  for: 9m\n# two\nb: 1\n"),
        ("- x: 1\n- y: 2", (1, "for"), "- x: 1\n- y: 2\n  for: 9m"),
        ("a: {x: 1}\n", ("a", "for"), "a: {for: 9m, x: 1}\n"),
        ("a: {}\n", ("a", "for"), "a: {for: 9m}\n"),
        ("a: 1\r\nb: 2\r\n", ("for",), "a: 1\r\nb: 2\r\nfor: 9m\r\n"),
        ("s:\n  - name: x\n    query: |\n      up\n", ("s", 0, "alert", "for"),
         "s:\n  - name: x\n    alert: {for: 9m}\n    query: |\n      up\n"),
        ("s:\n  alert:\n  b: 1\n", ("s", "alert", "for"), "s:\n  alert: {for: 9m}\n  b: 1\n"),
        ("a:\n  for: {x: 1}\n  # end\n", ("a", "for"), "a:\n  for: 9m\n  # end\n"),
        ("a:\n  for:\n    x: 1\n    y: 2\n\n# end\nb: 1\n", ("a", "for"), "a:\n  for:\n    9m\n\n# end\nb: 1\n"),
    ],
)  # fmt: skip
def test_the_text_changes_in_one_place(before, route, after):
    """Comments, order, quotes and line ends stay."""
    assert with_key(before, route, "9m") == after


@pytest.mark.parametrize("route", [("a", "b"), (0,), ("l", 2), ("l", "x")])
def test_what_has_no_place_is_refused(route):
    """A plain value has no keys, a mapping no positions, a list no end to go beyond."""
    with pytest.raises(ConfigError, match="has no place"):
        with_key("a: 1\nl: [1]\n", (*route, "for"), "9m")


TEXTS = st.text(st.characters(categories=["L", "N", "P"], max_codepoint=0x2FF), min_size=1, max_size=6)
MAPPINGS = st.dictionaries(TEXTS, st.one_of(st.integers(), TEXTS, st.lists(TEXTS, max_size=2)), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(MAPPINGS, min_size=1, max_size=3), st.booleans())
def test_nothing_else_is_said_afterwards(items, flow):
    """Read back, the only difference is the new value, in block and in flow style."""
    text = yaml.safe_dump(items, default_flow_style=flow, allow_unicode=True)
    place = len(items) - 1
    items[place]["for"] = "9m"
    assert yaml.safe_load(with_key(text, (place, "for"), "9m")) == items
