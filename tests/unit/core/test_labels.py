"""Labels and selectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.labels import Labels, Matcher, quote

MAPPINGS = st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True), st.text(max_size=8), max_size=5)


@given(MAPPINGS)
def test_equal_sets_are_equal_however_they_were_built(mapping):
    """Order of building does not matter, and empty values are no labels."""
    backwards = dict(reversed(mapping.items()))
    assert Labels.of(mapping) == Labels.of(backwards)
    assert hash(Labels.of(mapping)) == hash(Labels.of(backwards))
    assert dict(Labels.of(mapping)) == {name: value for name, value in mapping.items() if value}


def test_labels_read_like_a_mapping():
    """A missing name raises KeyError, `get` has a default."""
    labels = Labels.of(job="api", region="eu")
    assert labels["job"] == "api"
    assert labels.get("zone", "none") == "none"
    with pytest.raises(KeyError):
        labels["zone"]


def test_changing_labels_makes_new_ones():
    """`but` sets and removes, `without` removes; the original stays."""
    labels = Labels.of(job="api", region="eu")
    assert labels.but(region="", zone="a") == Labels.of(job="api", zone="a")
    assert labels.without("job") == Labels.of(region="eu")
    assert labels == Labels.of(region="eu", job="api")


def test_text_is_what_promql_reads():
    """Backslash, quote and newline are escaped, nothing else is."""
    assert quote('a"b\\c\nd é') == '"a\\"b\\\\c\\nd é"'
    assert str(Labels.of(__name__="up", job='a"b')) == 'up{job="a\\"b"}'
    assert Labels.of(__name__="up", job="a").selector() == '{__name__="up",job="a"}'
    assert str(Matcher("code", "=~", "5..")) == 'code=~"5.."'


def test_series_share_the_labels_they_have_in_common():
    """Equal labels are one object in memory, whatever strings they came from."""
    first, second = (Labels.of({"job": "".join(["no", "de"]), "pod": pod}) for pod in "ab")
    assert first.pairs[0] is second.pairs[0]
