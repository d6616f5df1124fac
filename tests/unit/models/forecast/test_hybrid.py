"""How much network and trees are believed."""

import numpy as np
import pytest

from offkey.models import recurrent
from offkey.models.forecast import hybrid
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS
from offkey.models.lessons import expected, past_of

WEEK = np.sin(2 * np.pi * np.arange(WEEK_SLOTS) / DAY_SLOTS)[None]
SLOT = np.array([WEEK_SLOTS - 1])
SLOTS, AHEAD = np.array([[3, 90]]), np.array([4, 91])


@pytest.fixture
def model(monkeypatch):
    """Return a hybrid whose network says 1 unit and whose trees say 3, whatever they are asked."""
    monkeypatch.setattr(recurrent, "find_spec", lambda name: name)
    said = np.array([1.0, 3.0])[None, :, None]
    monkeypatch.setattr(hybrid, "_both", lambda shared, past, slots, ahead: said * np.ones((len(slots), 1, len(ahead))))
    return hybrid.Model()


def rows(off):
    """Return a series that repeats its day exactly: it never was off its usual day."""
    return {"weeks": np.stack([WEEK, WEEK], axis=1), "slot": SLOT, "off": np.array([off])}


@pytest.mark.parametrize(("before", "after"), [([np.nan, np.nan], [1.0, 3.0]), ([2.0, 2.0], [1.7, 2.3])])
def test_errors_are_those_of_yesterday_and_fade(model, before, after):
    """The first day counts in full, each later one three parts in ten."""
    np.testing.assert_allclose(model._renew(rows(before), {})["off"], [after], rtol=0, atol=0.05)


@pytest.mark.parametrize(("off", "away"), [([1.0, 3.0], 1.5), ([np.nan, np.nan], 2.0), ([0.0, 5.0], 1.0)])
def test_the_weight_is_one_over_the_error(model, off, away):
    """Errors of 1 and 3 give weights of 3/4 and 1/4; where nothing is known both count alike."""
    past = past_of(WEEK, SLOT)
    point = model._say(rows(off), {}, SLOTS, AHEAD).point
    np.testing.assert_allclose((point - expected(past, SLOTS)) / past.unit, np.full((1, 2), away), rtol=0, atol=1e-3)
