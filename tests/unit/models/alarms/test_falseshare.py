"""At most a share of the pages is chance, over many series and without labels."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from offkey.models.alarms.falseshare import rejected, sifted

WEEK = 7 * 1440
BOUND = 4.0


def by_hand(strangeness, level):
    """The step-up rule as it is told: the largest k whose k-th smallest p-value is within level k / m."""
    p = {place: 10.0**-value for place, value in enumerate(strangeness) if not np.isnan(value)}
    ranked = sorted(p, key=p.get)
    last = max((k for k, place in enumerate(ranked, 1) if p[place] <= level * k / len(ranked)), default=0)
    limit = level * last / len(ranked) if last else -1.0
    return [place in p and p[place] <= limit for place in range(len(strangeness))]


@settings(max_examples=100, deadline=None)
@given(
    hnp.arrays(float, st.integers(0, 12), elements=st.sampled_from([0.0, 0.3, 0.9, 1.15, 2.0, 3.6, 7.0, np.nan])),
    st.sampled_from([0.05, 0.1, 0.31]),
)
def test_the_chosen_series_are_those_of_the_step_up_rule(strangeness, level):
    """Sorted or not, with unknown ones or without; none is chosen of none."""
    assert rejected(strangeness, level).tolist() == by_hand(strangeness, level)


def week(seed, incidents, series=200):
    """Return a week of calibrated rarities, and the minutes in which five series really are off."""
    random = np.random.default_rng(seed)
    strangeness = -np.log10(random.random((series, WEEK)))
    real = np.zeros(WEEK, bool)
    for first in np.linspace(100, WEEK - 100, incidents).astype(int):
        strangeness[:5, first : first + 10] = 9.0
        real[first : first + 10] = True
    return strangeness, real


def pages(score, real):
    """Return how many pages begin in and outside of what is real."""
    off = (score > 1.0).any(axis=0)
    begins = off & ~np.concatenate([[False], off[:-1]])
    return int((begins & real).sum()), int((begins & ~real).sum())


def test_few_pages_are_chance_and_no_incident_is_lost():
    """Two hundred series give hundreds of chance pages in three weeks at a bound of four decades.

    A share of a tenth leaves a tenth of the pages at most, and every incident is told of.
    """
    found, chance, before, recent = 0, 0, 0, 0.0
    for seed in range(3):
        strangeness, real = week(seed, incidents=6)
        score = strangeness / BOUND
        before += pages(score, real)[1]
        score, recent = sifted(score, strangeness, np.zeros(200, bool), 0.2, recent, 0.1, 60)
        hits, misses = pages(score, real)
        found, chance = found + hits, chance + misses
    assert before > 300
    assert found == 18
    assert chance <= 0.1 * (found + chance)


def test_a_quiet_fleet_pages_for_chance_hardly_ever():
    """With nothing real there is hardly ever a page: a tenth of a page a week is allowed."""
    chance, recent = 0, 0.0
    for seed in range(10, 15):
        strangeness, real = week(seed, incidents=0, series=100)
        score, recent = sifted(strangeness / BOUND, strangeness, np.zeros(100, bool), 0.2, recent, 0.1, 60)
        chance += pages(score, real)[1]
    assert chance <= 2  # half a page is expected


def test_what_is_open_stays_and_others_join():
    """An open anomaly is never held back; while it is open another series needs less than one that is alone."""
    strangeness = np.array([[4.4, 4.4], [2.5, 2.5], [0.1, 0.1]])
    score = np.array([[1.1, 1.1], [1.05, 1.05], [0.1, 0.1]])
    alone, recent = sifted(score, strangeness, np.zeros(3, bool), 0.2, 0.0, 0.1, 60)
    assert alone.tolist() == [[1.0, 1.0], [1.0, 1.0], [0.1, 0.1]]
    assert recent == 0.0
    joined, recent = sifted(score, strangeness, np.array([True, False, False]), 0.2, 0.0, 0.1, 60)
    assert joined.tolist() == score.tolist()
    assert recent == 0.0


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(float, (3, 6), elements=st.floats(0, 12)), st.floats(0.01, 0.5), st.floats(0, 50))
def test_only_what_would_open_something_is_held(strangeness, share, recent):
    """Scores at or below the bound stay, those above stay or stand at it; a larger share never holds more back."""
    score = strangeness / BOUND
    found, _ = sifted(score, strangeness, np.zeros(3, bool), 0.2, recent, share, 60)
    np.testing.assert_array_equal(found[score <= 1.0], score[score <= 1.0])
    assert ((found == score) | (found == 1.0)).all()
    more, _ = sifted(score[:, :1], strangeness[:, :1], np.zeros(3, bool), 0.2, recent, min(0.9, 1.5 * share), 60)
    assert (more >= found[:, :1]).all()
