import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from offkey.models.levels import level, pages_per_week

STEP = 300
WEEK = 2_016  # samples


def quiet(weeks=2, series=1):
    """Return values around 10 that never leave 9 to 11."""
    return 10 + np.sin(np.arange(series * weeks * WEEK).reshape(series, -1) / 3)


def spiky(heights, length=3):
    """Return a quiet past with one spike of each height, two hours apart."""
    values = quiet()
    for place, height in enumerate(heights):
        values[0, 100 + 24 * place : 100 + 24 * place + length] = height
    return values


def test_the_level_is_the_earliest_within_the_budget():
    """Of ten spikes in two weeks, a budget of two a week lets the four highest through."""
    found = level(spiky(range(20, 30)), STEP, 2.0, above=True)
    assert (found.value, found.pages_per_week) == (25.0, 2.0)
    assert found.typical == pytest.approx(10.0, abs=0.05)


def test_below_is_above_turned_over():
    """The same past upside down has the same level with the other sign."""
    values = spiky(range(20, 30))
    assert level(-values, STEP, 2.0, above=False).value == -level(values, STEP, 2.0, above=True).value


def test_a_breach_shorter_than_for_never_fires():
    """Three samples last ten minutes; `for` of fifteen sees only what is usual."""
    assert pages_per_week(spiky([50.0] * 6), STEP, 20.0, above=True, hold=600) == 3.0
    assert pages_per_week(spiky([50.0] * 6), STEP, 20.0, above=True, hold=900) == 0.0


def test_series_that_go_off_together_are_one_page():
    """Two series with the same spike cost what one does."""
    values = spiky([50.0])
    assert pages_per_week(np.vstack([values, values]), STEP, 20.0, above=True) == 0.5


def test_a_budget_of_less_than_one_page_goes_beyond_the_past():
    """The tail is continued: rarer pages ask for a higher level than was ever seen."""
    values = spiky(np.linspace(20, 30, 30))
    often, rare = (level(values, STEP, budget, above=True).value for budget in (0.6, 0.01))
    assert 29 < often < rare


def test_where_nothing_moves_there_is_no_level():
    """A constant past has no threshold beyond what is usual, and no samples have none at all."""
    assert level(np.ones((1, WEEK)), STEP, 2.0, above=True) is None
    assert level(np.full((1, WEEK), np.nan), STEP, 2.0, above=True) is None


@given(
    arrays(float, (2, 60), elements=st.sampled_from([1.0, 2.0, 3.0, 4.0, float("nan")])),
    st.sampled_from([1.5, 2.0, 3.5]),
    st.booleans(),
    st.integers(0, 3),
)
def test_pages_agree_with_walking_through_the_past(values, threshold, above, hold):
    """Counting by arrays is counting by hand."""
    wanted = naive.pages(values, STEP, threshold, above, hold * STEP)
    found = pages_per_week(values, STEP, threshold, above=above, hold=hold * STEP)
    assert found == pytest.approx(wanted * WEEK / 60)


@given(arrays(float, (2, 200), elements=st.floats(-5, 5)), st.sampled_from([1.0, 40.0, 200.0]))
def test_the_level_keeps_its_promise(values, budget):
    """What it says it costs is what it costs, and that is within the budget."""
    found = level(values, STEP, budget, above=True)
    if found is not None:
        cost = pages_per_week(values, STEP, found.value, above=True)
        assert cost == pytest.approx(found.pages_per_week)
        assert cost <= budget
