"""The budget tuner beyond what every tuner promises."""

import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from offkey.core.durations import WEEK
from offkey.models.tune.budget import Model, episodes


@given(
    hnp.arrays(np.float64, (3, 40), elements=st.floats(0, 10) | st.just(np.nan)),
    hnp.arrays(np.float64, 3, elements=st.floats(0, 10)),
    st.sampled_from([15, 60, 300, 900, 3600]),
)
def test_episodes_are_counted_as_by_hand(strangeness, bound, step):
    """Crossings at most fifteen minutes apart are one, in each series on its own."""
    expected = [naive.episodes(row, limit, step) for row, limit in zip(strangeness, bound, strict=True)]
    np.testing.assert_array_equal(episodes(strangeness, bound, step), expected)


def test_episodes_of_a_small_case():
    """Three samples, a pause of exactly fifteen minutes, one of twenty: two episodes."""
    row = np.zeros(40)
    row[[3, 4, 5, 8, 12]] = 5.0
    np.testing.assert_array_equal(episodes(row[None, :], np.array([4.0]), 300), [2])


def two_weeks(series=10):
    """Return quiet strangeness, all below the default."""
    return np.full((series, 2 * WEEK // 300), 1.0)


def test_a_quiet_past_gets_the_default():
    """Nothing ever above it: nothing to raise it for."""
    np.testing.assert_array_equal(Model(default=4.5).tune(two_weeks(), 300, 1.0), 4.5)


def test_the_fleet_bound_lets_the_strongest_through():
    """Two alerts a week over two weeks: of six separate peaks the four strongest are above the bound."""
    strangeness = two_weeks()
    for k, height in enumerate((5.0, 6.0, 7.0, 8.0, 9.0, 10.0)):
        strangeness[k, 100 * k + 50] = height
    bound = Model().tune(strangeness, 300, 2.0)
    assert 6.0 <= bound[0] < 7.0
    assert episodes(strangeness, bound, 300).sum() == 4


def test_a_restless_series_is_guarded():
    """Twenty peaks a week in one series raise its own bound to what eight of them pass, not the others'."""
    strangeness = two_weeks()
    strangeness[0, 10::100] = np.linspace(5, 11, len(strangeness[0, 10::100]))
    bound = Model().tune(strangeness, 300, 1000.0)
    assert bound[1] == Model().default
    assert bound[0] > Model().default
    assert episodes(strangeness, bound, 300)[0] <= 16


def test_no_past_raises_a_bound_beyond_the_ceiling():
    """A series that was strange all the time is still not silenced for good."""
    strangeness = np.full((2, 2 * WEEK // 300), 100.0)
    strangeness[:, ::5] = 0.0
    assert (Model(ceiling=9.0).tune(strangeness, 300, 1.0) <= 9.0).all()


def test_a_short_past_is_extended_along_its_tail():
    """From half a day with forty episodes the level of one a week is extrapolated above all that was seen."""
    rng = np.random.default_rng(1)
    strangeness = np.zeros((200, 144))
    strangeness[:, 72] = 4 + rng.exponential(0.5, 200)
    bound = Model().tune(strangeness, 300, 1.0)
    assert bound.max() > strangeness.max()
    assert bound.max() < Model().ceiling
