"""What every file in offkey/models/tune promises; a new file is tested without an edit here."""

import dataclasses

import numpy as np
import pytest

from offkey.core import plugins
from offkey.core.durations import WEEK

PACKAGE = "offkey.models.tune"
STEP = 300


@pytest.fixture(params=plugins.names(PACKAGE))
def tuner(request):
    """Each tuner with its default options."""
    return plugins.model(PACKAGE, request.param)


def rarity(series=20, weeks=2.0, seed=1) -> np.ndarray:
    """Return strangeness of quiet series: decades of rarity of independent samples."""
    share = np.random.default_rng(seed).random((series, int(weeks * WEEK / STEP)))
    return -np.log10(1 - share)


def alerts_per_week(strangeness, bound) -> float:
    """Return how often people would have been told: series off within 15 minutes of each other are told together."""
    above = np.flatnonzero((strangeness > bound[:, None]).any(axis=0))
    count = len(above) and 1 + int((np.diff(above) * STEP > 900).sum())
    return count / (strangeness.shape[1] * STEP / WEEK)


def test_a_model_is_a_frozen_value(tuner):
    """Two models with the same options are equal, hash alike and cannot be changed."""
    assert (type(tuner)(), hash(type(tuner)())) == (tuner, hash(tuner))
    with pytest.raises(dataclasses.FrozenInstanceError):
        tuner.budget = 7


def test_each_series_gets_a_finite_bound_above_zero(tuner):
    """One positive number for each series, missing samples or not."""
    strangeness = rarity()
    strangeness[3, ::2] = np.nan
    bound = tuner.tune(strangeness, STEP, 2.0)
    assert bound.shape == (20,)
    assert np.isfinite(bound).all()
    assert (bound > 0).all()


@pytest.mark.parametrize("budget", [1.0, 5.0, 50.0])
def test_the_past_would_have_stayed_within_the_budget(tuner, budget):
    """Two quiet weeks replayed at the bound cost no more alerts a week than were allowed."""
    strangeness = rarity(series=40)
    assert alerts_per_week(strangeness, tuner.tune(strangeness, STEP, budget)) <= budget


def test_a_larger_budget_never_raises_a_bound(tuner):
    """Who allows more alerts gets bounds as low or lower."""
    strangeness = rarity()
    bounds = [tuner.tune(strangeness, STEP, budget) for budget in (0.1, 1, 10, 100, 1000)]
    assert (np.diff(bounds, axis=0) <= 1e-9).all()


def test_the_order_of_series_changes_nothing(tuner):
    """Shuffled rows give the same bounds, shuffled."""
    strangeness = rarity() * np.linspace(0.5, 2, 20)[:, None]
    order = np.random.default_rng(2).permutation(20)
    expected = tuner.tune(strangeness, STEP, 2.0)[order]
    np.testing.assert_allclose(tuner.tune(strangeness[order], STEP, 2.0), expected, rtol=1e-12)


def test_a_noisy_series_cannot_spend_what_the_others_need(tuner):
    """One series that is strange all the time moves its own bound more than those of its neighbours."""
    strangeness = rarity()
    calm = tuner.tune(strangeness, STEP, 20.0)
    strangeness[0, ::12] += 6
    noisy = tuner.tune(strangeness, STEP, 20.0)
    assert noisy[0] - calm[0] > 2
    assert noisy[1:].max() <= noisy[0]


def test_an_incident_in_the_past_does_not_hide_its_like(tuner):
    """After an hour at any strangeness in the history, the same strangeness would still alert."""
    for height in (15.0, 50.0, 1e6):
        strangeness = rarity()
        strangeness[5, 1000:1012] = height
        assert (tuner.tune(strangeness, STEP, 2.0) < 15.0).all()


def test_what_is_unknown_gets_the_bound_of_a_quiet_series(tuner):
    """A series without a past is bounded like one whose past was dull; without any past there is still a bound."""
    strangeness = rarity()
    strangeness[0], strangeness[1] = np.nan, 0.0
    bound = tuner.tune(strangeness, STEP, 2.0)
    assert bound[0] == bound[1]
    nothing = tuner.tune(np.full((3, 100), np.nan), STEP, 2.0)
    assert np.isfinite(nothing).all()
    np.testing.assert_array_equal(tuner.tune(np.empty((3, 0)), STEP, 2.0), nothing)
    assert tuner.tune(np.empty((0, 50)), STEP, 2.0).shape == (0,)


def test_a_short_past_is_no_licence_to_alert(tuner):
    """Bounds tuned on twelve hours keep the following two weeks within ten times the budget."""
    later = rarity(series=40, seed=2)
    bound = tuner.tune(rarity(series=40, weeks=1 / 14), STEP, 2.0)
    assert alerts_per_week(later, bound) <= 20.0


def test_the_arguments_are_left_alone_and_the_answer_repeats(tuner):
    """Nothing random, nothing remembered, nothing written to."""
    strangeness = rarity()
    kept = strangeness.copy()
    first = tuner.tune(strangeness, STEP, 2.0)
    np.testing.assert_array_equal(strangeness, kept)
    np.testing.assert_array_equal(tuner.tune(strangeness, STEP, 2.0), first)
