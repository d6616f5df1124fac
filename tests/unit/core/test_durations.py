"""Durations as Prometheus writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.durations import format_duration, parse_duration


@pytest.mark.parametrize(("text", "seconds"), [("0s", 0), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("2w", 1_209_600)])
def test_reads_what_prometheus_writes(text, seconds):
    """Units go from large to small."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "5x", "30m1h", "1.5h", "-5m", "500ms"])
def test_refuses_other_text(text):
    """The message shows what was found and what is allowed."""
    with pytest.raises(ValueError, match=r"is not a duration in whole seconds; write for example 30s"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_formatting_is_undone_by_parsing(seconds):
    """Nothing is lost."""
    assert parse_duration(format_duration(seconds)) == seconds
