"""The YAML reader: exact places, a safe subset, bounded work."""

import math

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from offkey.app import yamlfile
from offkey.app.yamlfile import InvalidFile, Place
from offkey.core.errors import ConfigError

TEXT = """\
# comment
top:
  list:
    - one
    - {inner: 5m, "quoted key": 2}
"""


def refused(text) -> str:
    """Return what is said about a text that must be refused."""
    with pytest.raises(InvalidFile) as caught:
        yamlfile.parse(text, "f.yml")
    return str(caught.value)


def test_every_value_and_key_has_its_line_and_column():
    """Lines and columns count from 1 and point at the first character."""
    document = yamlfile.parse(TEXT, "f.yml")
    assert document.value == {"top": {"list": ["one", {"inner": "5m", "quoted key": 2}]}}
    assert document.values[("top", "list", 0)] == Place(4, 7)
    assert document.keys[("top", "list", 1, "inner")] == Place(5, 8)
    assert document.values[("top", "list", 1, "inner")] == Place(5, 15)


def test_a_route_that_is_not_written_stands_at_its_parent():
    """A missing key is reported where its mapping begins, under its full route."""
    problem = yamlfile.parse(TEXT, "f.yml").problem(("top", "list", 1, "absent"), "missing")
    assert str(problem) == "f.yml:5:7: top.list[1].absent: missing"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-3", -3),
        (".inf", math.inf),
        ("true", True),
        ("~", None),
        ("", None),
        ('"5"', "5"),
        ("9" * 30, 1e30),
        ("1_000", "1_000"),
    ],
)
def test_plain_values_follow_the_core_schema(text, value):
    """Only what YAML 1.2 calls a number, boolean or null is one; all else is text."""
    assert yamlfile.parse(f"key: {text}", "f.yml").value == {"key": value}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "f.yml:3:1: a: written twice; first on line 1"),
        ("a: &x 1", "f.yml:1:4: a: anchors are refused (&x); remove it"),
        ("&x a: 1", "f.yml:1:1: a: anchors are refused (&x); remove it"),
        ("a: *x", "f.yml:1:4: a: aliases are refused (*x); write the value out"),
        ("a: !!python/name:os.system", "f.yml:1:4: a: tags are refused (tag:yaml.org,2002:python/name:os.system)"),
        ("a: 1\n---\nb: 2", "f.yml:2:1: a second document begins; a file holds one"),
        ("? [a]\n: b", "f.yml:1:3: a key must be plain text"),
        ("a: b: c", "f.yml:1:5: not YAML: mapping values are not allowed"),
        ("a: 'x", "f.yml:1:6: not YAML: while scanning a quoted scalar"),
        ("\0", "f.yml:1:1: not YAML: unacceptable character"),
        (b"a: \xff", "f.yml:1:1: not UTF-8 text"),
    ],
)
def test_what_is_refused_says_where(text, said):
    """Everything outside the subset is refused at its place."""
    assert refused(text).startswith(said)


def test_all_refusals_are_told_together():
    """One run shows every duplicate and alias, in the order of the file."""
    assert [line.split(":")[1] for line in refused("a: 1\na: 2\nb: *x\na: 3").splitlines()] == ["2", "3", "4"]


BOMBS = {
    "too large": "x" * (yamlfile.MAX_BYTES + 1),
    "deep flow": "[" * 500_000,
    "deep blocks": "- " * 500_000,
    "long list": "- 1\n" * 262_000,
    "flow list": "[" + "1," * 500_000 + "]",
    "duplicates": "{" + '"a":1,' * 100_000 + "}",
    "aliases": "a: &a [x]\nb: [" + "*a," * 300_000 + "]",
    "many keys": "".join(f"key{count}: v\n" for count in range(80_000)),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_early(bomb):
    """A megabyte made to be expensive is refused after a bounded number of values, with few words."""
    said = refused(bomb)
    assert len(said.splitlines()) <= yamlfile.MAX_PROBLEMS
    assert all(int(line.split(":")[1]) <= yamlfile.MAX_EVENTS for line in said.splitlines())


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t0x1.e", max_size=60))
@example("? ")
@example("a:\n\tb")
def test_any_text_is_read_or_refused(text):
    """Nothing but a document or InvalidFile comes out, whatever goes in; what is read agrees with PyYAML's shape."""
    try:
        value = yamlfile.parse(text, "f.yml").value
    except InvalidFile:
        return
    loaded = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 (builds nothing but text)
    assert shape(value) == shape(loaded)


def shape(value):
    """Return a value with every scalar alike."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else "scalar"


WORDS = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z")), max_size=12),
    st.sampled_from(["no", "1e3", "0o17", "0x1f", "~", "null", ".5", "1:30", "2024-01-01", "<<", "=", "true", " x "]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), st.floats(allow_nan=False), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_is_read_back(value):
    """`parse(dump(value))` is the value: text stays text, numbers stay numbers."""
    assert yamlfile.parse(yamlfile.dump(value), "f.yml").value == value


def test_a_folder_or_a_missing_file_is_a_config_error(tmp_path):
    """What cannot be read says so, without a traceback."""
    with pytest.raises(ConfigError, match="no such file"):
        yamlfile.load(tmp_path / "absent.yml")
    with pytest.raises(ConfigError, match="not a regular file"):
        yamlfile.load(tmp_path)
