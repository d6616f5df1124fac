"""The weights of the default detector are found from what labelled samples have in common."""

import numpy as np
from scipy.special import expit

from .train import POWER_TIMES, bends_of, fit, importance, pieces, regression, table, written


def test_weights_are_found_again():
    """Labels drawn from known odds give back the ratios of the weights, and none below 0 for what speaks against."""
    rng = np.random.default_rng(1)
    rows = rng.exponential(1.0, (200_000, 3))
    labels = rng.random(len(rows)) < expit(rows @ [2.0, 1.0, -0.5] - 5.0)
    weights = fit(rows, labels, np.ones(len(rows)))
    np.testing.assert_allclose(weights, [1.0, 0.5 / POWER_TIMES, 0.0], atol=0.01)


def test_bent_odds_are_found_again():
    """Labels whose odds rise only between one and two give back that slope, and none below or beyond."""
    rng = np.random.default_rng(2)
    rows = rng.uniform(0.0, 4.0, (400_000, 1))
    labels = rng.random(len(rows)) < expit(2.0 * np.clip(rows[:, 0] - 1.0, 0.0, 1.0) - 2.0)
    bent, owner = pieces(rows, np.array([[1.0, 2.0]])), np.zeros(len(rows), int)
    at_rest, slopes = regression(bent, labels, np.ones(len(rows)), 1e-6, owner)
    np.testing.assert_allclose([*at_rest, *slopes], [-2.0, 0.0, 2.0, 0.0], atol=0.05)


def test_each_series_has_odds_of_its_own():
    """What a sign adds is found among the samples of each series, however many incidents each of them has."""
    rng = np.random.default_rng(4)
    owner = np.arange(400_000) % 2
    rows = rng.uniform(0.0, 1.0, (len(owner), 1)) + owner[:, None]
    labels = rng.random(len(rows)) < expit(1.5 * rows[:, 0] - np.where(owner == 0, 1.0, 4.0))
    at_rest, slopes = regression(rows, labels, np.ones(len(rows)), 1e-6, owner)
    np.testing.assert_allclose([*at_rest, *slopes], [-1.0, -4.0, 1.5], atol=0.06)


def test_pieces_add_up():
    """What lies between the bends of a sign is all of it, and a sign may bend where few of its samples are larger."""
    pool = np.random.default_rng(3).exponential(1.0, (10_000, 2))
    bends = bends_of(pool)
    np.testing.assert_allclose(pieces(pool, bends).reshape(len(pool), 2, -1).sum(axis=2), pool)
    np.testing.assert_allclose((pool > bends[:, 0]).mean(axis=0), 0.1, atol=1e-3)


def test_the_first_samples_of_an_incident_count_most():
    """Weights fade from its first sample on, and those after it count for little; quiet ones count once."""
    labels = np.zeros(40, bool)
    labels[10:20] = True
    weights = importance(labels)
    assert (np.diff(weights[10:20]) < 0).all()
    assert weights[10] > 1.0 > weights[20]
    assert weights[0] == weights[-1] == 1.0


def test_weights_are_printed_as_python():
    """What is printed is Python, with sizes of samples as far apart as strangeness expects."""
    names = {}
    exec(written(np.arange(1.0, 10.0), np.linspace(0.0, 50.0, 101)), names)  # noqa: S102 - what the script prints
    assert len(names["OF_SIGNS"]) == 6 and len(names["OF_MEMORY"]) == 3
    exec(table("BENDS", np.array([[0.5, 1.0], [1.5, 2.0]])), names)  # noqa: S102 - what the script prints
    assert names["BENDS"] == ((0.5, 1.0), (1.5, 2.0))
    assert names["ORDINARY"][1] - names["ORDINARY"][0] == np.float64(2.2)
