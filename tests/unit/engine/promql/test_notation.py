"""Test series as promtool writes them."""

import pytest

from offkey.core.errors import RuleError
from offkey.engine.promql.notation import track


def test_every_word_of_promtool_is_read():
    """Steps, repeats, blanks, ends and odd numbers."""
    found = track("1 _ 2+3x2 _x2 stale -1x1 1e3 Inf", 30)
    assert found.times.tolist() == [0, 60_000, 90_000, 120_000, 210_000, 240_000, 270_000, 300_000, 330_000]
    assert found.values.tolist() == [1, 2, 5, 8, 0, -1, -1, 1000, float("inf")]
    assert found.stale.tolist() == [False] * 4 + [True] + [False] * 4


def test_a_foreign_word_is_named():
    """The message shows what is allowed."""
    with pytest.raises(RuleError, match="'x5' is no value"):
        track("1 x5", 60)
