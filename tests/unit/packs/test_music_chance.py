"""The draws are what they are called, and depend on nothing but seed, name and instant."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.frame import Axis
from offkey.core.labels import Labels
from offkey.packs.music.chance import GRID, Chance

ROWS = tuple(Labels.of(row=str(k)) for k in range(40))
LONG = Axis(GRID, GRID, 5_000)


def filled(axis, value, rows=ROWS):
    """Return a constant, one row for each series."""
    return np.full((len(rows), axis.size), float(value))


@pytest.mark.parametrize("mean", [0.0, 0.3, 4.0, 29.9, 30.1, 2_500.0, 4e6])
def test_poisson_has_its_mean_and_its_variance(mean):
    """Counts scatter as counted events do, below and above the change of method."""
    counts = Chance(1, LONG).poisson("x", ROWS, filled(LONG, mean))
    assert (counts == np.floor(counts)).all()
    assert (counts >= 0).all()
    assert counts.mean() == pytest.approx(mean, rel=4 / np.sqrt(counts.size * max(mean, 1e-9)), abs=1e-9)
    assert counts.var() == pytest.approx(mean, rel=0.02, abs=1e-9)


def test_poisson_has_its_skewness_above_the_change_of_method():
    """The third moment of a mean of 40 is that of Poisson, 1/sqrt(40)."""
    counts = Chance(2, LONG).poisson("x", ROWS, filled(LONG, 40.0))
    assert ((counts - 40.0) ** 3).mean() / counts.std() ** 3 == pytest.approx(40**-0.5, abs=0.02)


@pytest.mark.parametrize("total", [3.0, 200.0, 1e6])
def test_a_split_loses_nothing_and_keeps_the_shares(total):
    """Kinds add up to the total, and each has its share on average."""
    shares = np.array([0.7, 0.25, 0.05])
    counts = Chance(3, LONG).split("x", ROWS, filled(LONG, total), shares[:, None, None] * np.ones((1, 40, 1)))
    assert (counts.sum(axis=0) == total).all()
    assert (counts >= 0).all()
    assert counts.mean(axis=(1, 2)) / total == pytest.approx(shares, rel=0.02)
    assert counts[0].var() == pytest.approx(total * 0.7 * 0.3, rel=0.03)


def test_a_wave_has_its_spread_and_its_memory():
    """Slow noise has the asked deviation, and the asked correlation after 5 minutes."""
    noise = Chance(4, LONG).wave("x", ROWS, 0.9, 0.5)
    assert noise.std() == pytest.approx(0.5, rel=0.03)
    assert (noise[:, 1:] * noise[:, :-1]).mean() / noise.var() == pytest.approx(0.9, abs=0.01)


def test_a_wave_passes_through_the_same_nodes_at_every_step():
    """In the middle of a 5-minute column, 20-second columns hold the same noise."""
    coarse = Chance(5, Axis(GRID, GRID, 50)).wave("x", ROWS, 0.95, 1.0)
    fine = Chance(5, Axis(0, 20, 50 * 15)).wave("x", ROWS, 0.95, 1.0)
    np.testing.assert_allclose(coarse, fine[:, 8::15], atol=1e-9)


@given(first=st.integers(0, 300), size=st.integers(1, 40))
def test_any_stretch_can_be_drawn_alone(first, size):
    """A part of an axis holds exactly the columns of the whole."""
    whole, part = Chance(6, LONG.cut(0, 400)), Chance(6, LONG.cut(first, first + size))
    rows, columns = ROWS[:3], slice(first, first + size)
    means = np.random.default_rng(0).uniform(0, 60, (3, 400))
    np.testing.assert_array_equal(
        part.poisson("x", rows, means[:, columns]), whole.poisson("x", rows, means)[:, columns]
    )
    np.testing.assert_allclose(part.wave("x", rows, 0.9, 1.0), whole.wave("x", rows, 0.9, 1.0)[:, columns], atol=1e-10)


def test_series_names_and_seeds_are_strangers_to_each_other():
    """Rows, draw names and seeds give unrelated numbers, whatever the order of rows."""
    means = filled(LONG, 100.0)
    counts = Chance(7, LONG).poisson("x", ROWS, means)
    assert abs(np.corrcoef(counts)[np.triu_indices(40, 1)]).max() < 0.08
    for other in (Chance(7, LONG).poisson("y", ROWS, means), Chance(8, LONG).poisson("x", ROWS, means)):
        assert abs(np.corrcoef(counts.ravel(), other.ravel())[0, 1]) < 0.01
    np.testing.assert_array_equal(Chance(7, LONG).poisson("x", ROWS[::-1], means), counts[::-1])
