"""Evidence for rules."""

import numpy as np
import pytest

from offkey.core.rules import ReviewedBound
from offkey.engine.quality import Examined
from offkey.engine.rules.evidence import evidence


def examined(frame):
    """Return a frame as quality would."""
    return Examined(frame, (), np.full(frame.values.shape, np.nan))


def test_evidence_tells_the_window_and_the_widest_band(planned, framed):
    """Series are sorted; bounds are those of the replayed half: last level 4 or 6, two units to each side."""
    found = evidence(planned(bound=2.0), examined(framed([5.0, 5.0, np.nan, 4.0, 6.0, 4.0])), ("name",))
    assert (found.start, found.end, found.step) == (0, 300, 60)
    assert (found.samples, found.present) == (5, pytest.approx(5 / 6))
    assert found.typical == 5.0
    assert found.upper == ReviewedBound(constant=7.0, lowest=7.0, highest=8.0)
    assert found.lower == ReviewedBound(constant=3.0, lowest=2.0, highest=3.0)
    assert found.traffic_labels == ("name",)
    assert "2 alerts a week" in found.why


def test_only_watched_sides_have_a_bound(planned, framed):
    """A signal that is wrong above has no lower bound."""
    found = evidence(planned(direction="above"), examined(framed([5.0] * 6)))
    assert found.lower is None
    assert found.upper is not None


def test_bounds_stay_in_the_valid_range(planned, framed):
    """A share cannot be told to exceed 1: there is no bound above a value that is usually 1."""
    found = evidence(planned(bound=0.5, valid=(0.0, 1.0)), examined(framed([1.0] * 6)))
    assert found.upper is None
    assert found.lower == ReviewedBound(constant=0.5, lowest=0.25, highest=0.5)


def test_a_past_without_samples_gives_no_evidence(planned, framed):
    """No rule can rest on it."""
    assert evidence(planned(), examined(framed([np.nan] * 6))) is None
    assert evidence(planned(), examined(framed([np.nan, np.nan, np.nan, 1.0]))) is None
