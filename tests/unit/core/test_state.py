"""Learned state."""

import numpy as np
import pytest

from offkey.core.labels import Labels
from offkey.core.state import State

A, B, C = (Labels.of(name=name) for name in "abc")


def test_aligning_keeps_rows_with_their_series():
    """New series start blank: NaN, zero, False; shared arrays stay."""
    state = State(
        (A, B),
        {"level": np.array([1.0, 2.0]), "count": np.array([3, 4]), "open": np.array([True, True])},
        {"knots": np.array([9.0])},
    )
    aligned = state.align((C, A))
    np.testing.assert_array_equal(aligned["level"], [np.nan, 1.0])
    np.testing.assert_array_equal(aligned["count"], [0, 3])
    np.testing.assert_array_equal(aligned["open"], [False, True])
    assert aligned["knots"] is state["knots"]


def test_aligning_to_the_same_series_is_free():
    """No copy is made; of equal series the objects that came last are kept."""
    state, fresh = State((A, B), {"level": np.zeros(2)}), tuple([A, B])
    assert state.align(state.series) is state
    assert state.align(fresh).rows is state.rows
    assert state.align(fresh).series is fresh


def test_rows_must_follow_the_series():
    """A wrong first dimension is refused by name."""
    with pytest.raises(ValueError, match='"level" has shape'):
        State((A, B), {"level": np.zeros(3)})
