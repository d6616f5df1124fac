"""Whole alerts on strangeness: when they fire, how rare they are, and which setting keeps a budget."""

import numpy as np
import pytest

from offkey.models.alarms.firing import firing, pages
from offkey.models.alarms.rarity import Rarity
from offkey.models.alarms.solve import MOST_FIRING, Setting, fires, solve
from offkey.models.alarms.tail import Tail
from offkey.models.tune.budget import MERGE

DAY_OF_MINUTES = 1440


def noisy(days, seed, episodes=0, height=8.0, length=20):
    """Return exponential strangeness with some longer episodes."""
    random = np.random.default_rng(seed)
    values = random.exponential(0.5, days * DAY_OF_MINUTES)
    for first in random.integers(0, values.size - length, episodes):
        values[first : first + length] = height + random.exponential(1.0, length)
    return values


def test_an_alert_on_strangeness_fires_as_prometheus_would():
    """`for` from the first breach, the dead band while it fires, `keep_firing_for` after; NaN is no breach."""
    values = np.array([0, 5, 5, 5, 3.5, 1, 1, 1, 5, np.nan, 5, 5, 5.0])
    assert np.flatnonzero(firing(values, 4.0, 3.0, 2, 2)).tolist() == [3, 4, 5, 6, 12]


def test_firing_again_soon_is_no_new_page():
    """Episodes at most `gap` samples apart count once."""
    on = np.zeros(30, bool)
    on[[2, 5, 6, 20]] = True
    assert pages(on, 3).tolist() == [2, 20]


def test_a_tail_knows_how_many_peaks_are_beyond_a_level():
    """An exponential tail of scale 2: 40 peaks a week above the base, one above base + 2 ln 40."""
    peaks = 3.0 + np.random.default_rng(1).exponential(2.0, 4000)
    tail = Tail.of(peaks, 3.0, 100.0)
    assert tail.rate == 40.0
    assert tail.level(1.0) == pytest.approx(3.0 + 2.0 * np.log(40), rel=0.1)
    assert tail.per_week(np.array(tail.level(1.0))) == pytest.approx(1.0)
    assert tail.level(50.0) == 3.0
    assert tail.probability(np.array(3.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.4])
def test_a_tail_looks_the_same_from_a_higher_base(shape):
    """What is above 5 of a tail from 3 follows a tail from 5."""
    tail = Tail(3.0, 2.0, shape, 40.0)
    beyond, levels = tail.above(5.0, 7.0), np.array([5.0, 6.0, 8.0])
    np.testing.assert_allclose(beyond.per_week(levels), 7.0 * tail.per_week(levels) / tail.per_week(np.array(5.0)))


def test_a_tail_that_has_ended_stays_ended():
    """Above its end a bounded tail holds next to nothing."""
    beyond = Tail(3.0, 1.0, -0.5, 10.0).above(6.0, 1.0)
    assert beyond.level(0.1) == pytest.approx(6.0)
    assert beyond.per_week(np.array(6.1)) == 0.0


def test_rarity_by_hand():
    """Counted 5, 2, 2 and 0 times in two weeks; beyond the last level an exponential tail of scale 1."""
    rarity = Rarity.of(np.array([1.0, 2.0, 3.0, 4.0]), np.array([5, 2, 2, 0]), 2.0, Tail(0.0, 1.0, 0.0, 9.0))
    expected = np.array([17 / 6, 17 / 6, 8 / 6, 2 / 6, np.exp(-1) / 3])
    np.testing.assert_allclose(rarity.per_week(np.array([0.5, 1.0, 2.0, 4.0, 5.0])), expected)
    assert [rarity.level(pages) for pages in (9.0, 8 / 6, 2 / 6)] == pytest.approx([1.0, 2.0, 4.0])
    assert rarity.level(1 / 9) == pytest.approx(4.0 + np.log(3))
    between = rarity.level(0.7)
    assert rarity.per_week(np.array(between)) == pytest.approx(0.7)


@pytest.mark.parametrize("per_week", [0.5, 1.0, 2.0, 5.0])
def test_a_budget_is_as_likely_exceeded_as_not(per_week):
    """Of 600 short pasts with exponential peaks, the true rate at the level found is above the budget in half."""
    random, rates = np.random.default_rng(7), []
    for _ in range(600):
        peaks = np.unique(random.exponential(1.0, random.poisson(40)))
        rarity = Rarity.of(peaks, np.arange(peaks.size)[::-1], 1.0, Tail.of(peaks, 0.0, 1.0))
        rates.append(40 * np.exp(-rarity.level(per_week)))
    assert np.mean(np.array(rates) > per_week) == pytest.approx(0.5, abs=0.06)


def test_a_single_peak_still_gives_a_tail():
    """Nothing is divided by nothing."""
    assert Tail.of(np.array([4.0]), 3.0, 1.0).level(0.5) > 3.0


@pytest.mark.parametrize("budget", [1.0, 5.0])
def test_a_solution_keeps_its_budget_and_finds_what_lasts(budget):
    """On four weeks with eight real episodes the replayed pages stay near the budget, and no alert fires for ever."""
    values = noisy(28, 3, episodes=8)
    found = solve(values, 60, budget, holds=(0, 300), dead_bands=(0.0, 0.2), keeps=(0, 300))
    assert found.counted_per_week <= budget + 0.25
    assert fires(values, 60, found.setting).mean() <= MOST_FIRING
    if budget > 2:
        starts = pages(fires(values, 60, found.setting), MERGE // 60)
        assert sum(values[first : first + 5].max() > 8 for first in starts) >= 7


def test_with_the_bound_given_only_the_rest_is_searched():
    """A bound that costs too much without `for` gets one; one that can never keep the budget gives nothing."""
    values = noisy(14, 4, episodes=3)
    found = solve(values, 60, 3.0, holds=(0, 300), dead_bands=(0.0,), keeps=(0,), bounds=np.array([3.0]))
    assert found.setting == Setting(3.0, 300, 0.0, 0)
    assert solve(values, 60, 0.01, holds=(0,), dead_bands=(0.0,), keeps=(0,), bounds=np.array([1.0])) is None


def test_what_makes_no_difference_stays_as_it_is():
    """On clean episodes every `for` of the grid tells of the same ones, so that the shortest and the usual are kept."""
    values = np.zeros(14 * DAY_OF_MINUTES)
    for day in range(1, 13):
        values[day * DAY_OF_MINUTES : day * DAY_OF_MINUTES + 20] = 5.0 + day / 10
    found = solve(values, 60, 7.0)
    assert (found.setting.hold, found.setting.dead_band, found.setting.keep) == (0, 0.2, 300)
    assert (found.counted_per_week, found.delay) == (5.5, 300.0)


def test_short_episodes_are_not_given_up_for_long_ones():
    """Two strong minutes a day weigh as much as two weaker hours: no `for` that silences them is chosen."""
    random = np.random.default_rng(5)
    values = random.exponential(0.2, 14 * DAY_OF_MINUTES)
    for first in range(500, values.size, 2 * DAY_OF_MINUTES):
        values[first : first + 2] = 9.0
        values[first + DAY_OF_MINUTES : first + DAY_OF_MINUTES + 120] = (
            7.0 if first + DAY_OF_MINUTES < values.size else 0
        )
    found = solve(values, 60, 14.0)
    alert = fires(values, 60, found.setting)
    assert all(alert[first : first + 2].any() for first in range(500, values.size, 2 * DAY_OF_MINUTES))


def test_a_past_that_holds_nothing_gives_no_setting():
    """Unknown or perfectly quiet."""
    assert solve(np.full(100, np.nan), 60, 1.0) is None
    assert solve(np.zeros(100), 60, 1.0) is None
