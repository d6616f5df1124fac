"""Decades of rarity beside a past."""

import numpy as np
import pytest

from offkey.models.tails import decades, tail_of, values_at


def test_rarity_of_the_bulk_is_read_off_the_quantiles():
    """Of 0..1000, half lie below 500, four fifths below 800, 95 % below 950."""
    knots = tail_of(np.arange(1001.0))[None]
    found = decades(knots, np.array([[0.0, 500.0, 800.0, 950.0]]))[0]
    np.testing.assert_allclose(found, [0.0, np.log10(2), np.log10(5), np.log10(20)], atol=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_decade_of_an_exponential_past_is_a_decade(scale):
    """Ten times rarer is one more, whatever the unit: within a tenth up to one sample in ten thousand."""
    past = np.random.default_rng(1).exponential(scale, 200_000)
    knots = tail_of(past)[None]
    exact = np.array([2.0, 3.0, 4.0])
    np.testing.assert_allclose(decades(knots, exact[None] * np.log(10) * scale)[0], exact, atol=0.12)


def test_a_few_incidents_in_the_past_do_not_hide_the_next():
    """One sample in two hundred, a thousand times too large, no more than doubles the bound at four decades."""
    past = np.random.default_rng(2).exponential(1.0, 2_000)
    eventful = np.concatenate([past, np.full(10, 1_000.0)])
    clean, soiled = (values_at(tail_of(values)[None], np.array([4.0]))[0] for values in (past, eventful))
    assert clean <= soiled < 2 * clean


@pytest.mark.parametrize("bound", [0.1, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0])
def test_value_and_rarity_are_each_others_inverse(bound):
    """The value at so many decades is that rare."""
    knots = tail_of(np.random.default_rng(3).gamma(2.0, size=3_000))[None]
    value = values_at(knots, np.array([bound]))
    np.testing.assert_allclose(decades(knots, value[None])[0], bound, rtol=1e-9)


def test_a_past_that_never_varied_minds_a_change():
    """The same again is 0 decades, anything larger is rare, and nothing is known of nobody."""
    knots = np.vstack([tail_of(np.full(50, 3.0)), np.full(6, np.nan)])
    found = decades(knots, np.array([[3.0, 2.0, 3.5, np.nan], [3.0, 3.0, 3.0, 3.0]]))
    np.testing.assert_array_equal(found[0, :2], 0.0)
    assert found[0, 2] > 4
    assert np.isnan(found[0, 3])
    assert np.isnan(found[1]).all()
