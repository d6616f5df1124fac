"""Scoring, withholding and learning, column by column."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from paper import SIGNAL, Fixed, Flat, Steady

from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.signals import Alert
from offkey.engine.advance import align, passages
from offkey.engine.learning import alerts_per_week, learn, replay
from offkey.engine.plan import Plan
from offkey.engine.quality import Examined

A, B, C = (Labels.of(name=name) for name in "abc")


def examined(frame):
    """Return a frame as quality would."""
    return Examined(frame, (), np.full(frame.values.shape, np.nan))


def scores(plan, memory, frame, block, learning=True):
    """Return all scores and the memory after them."""
    seen = list(passages(plan, memory, examined(frame), block, learning))
    return np.hstack([passage.judged.score for _, passage in seen]), seen[-1][0]


@given(arrays(float, (2, 12), elements=st.one_of(st.just(np.nan), st.floats(-50, 50))))
def test_going_in_pieces_is_going_at_once(values):
    """Two calls of six columns equal one call of twelve."""
    plan = Plan(SIGNAL, Steady(), Flat(), Fixed())
    frame = Frame((A, B), values, Axis(600, 60, 12))
    past = Frame((A, B), np.zeros((2, 4)), Axis(360, 60, 4))
    whole, end = scores(plan, learn(plan, examined(past)), frame, 1)
    first, memory = scores(plan, learn(plan, examined(past)), frame.columns(0, 6), 1)
    second, last = scores(plan, memory, frame.columns(6, 12), 1)
    np.testing.assert_array_equal(whole, np.hstack([first, second]))
    for name in end.ledger.rows:
        np.testing.assert_array_equal(end.ledger[name], last.ledger[name])
    np.testing.assert_array_equal(end.detector["level"], last.detector["level"])


def test_judging_without_learning_leaves_the_level(planned, framed):
    """Partial data are scored, and the next score is measured from the old level."""
    plan = planned()
    memory = learn(plan, examined(framed([1.0, 1.0])))
    found, memory = scores(plan, memory, framed([4.0, 4.0], start=120), 1, learning=False)
    np.testing.assert_allclose(found, [[0.3, 0.3]])
    assert memory.detector["level"][0] == 1.0


def test_the_share_inside_the_band_forgets_within_days(planned, framed):
    """Coverage starts with what was seen and follows the samples slowly; unknown ones change nothing."""
    plan = planned()
    memory = learn(plan, examined(framed([1.0, 1.0, 1.0, 1.0])))
    assert memory.ledger["coverage"][0] == 1.0
    _, memory = scores(plan, memory, framed([np.nan, 99.0], start=240), 1)
    assert memory.ledger["coverage"][0] == pytest.approx(np.exp(-60 / 86_400))


def test_new_series_get_the_untuned_bound_and_old_ones_keep_theirs(planned, framed):
    """Aligning to the same series is free."""
    plan = planned(bound=7.0)
    memory = learn(plan, examined(framed([1.0, 1.0], [2.0, 2.0])))
    memory = memory.note(bound=np.array([3.0, 4.0]))
    assert align(plan, memory, memory.series) is memory
    np.testing.assert_array_equal(align(plan, memory, (C, B)).ledger["bound"], [7.0, 4.0])


def test_the_replay_never_sees_the_fitted_half(planned, framed):
    """A jump at the middle is judged by the first half alone."""
    plan = planned(bound=2.0)
    _, seen = replay(plan, examined(framed([1.0] * 10 + [9.0] * 10)), np.array([2.0]))
    np.testing.assert_array_equal(seen.score, [[4.0] * 10])
    np.testing.assert_array_equal(seen.band.upper, [[3.0] * 10])
    assert seen.frame.axis == Axis(600, 60, 10)


def test_a_past_without_samples_teaches_nothing_and_breaks_nothing(planned):
    """No series, or no columns."""
    plan = planned()
    for frame in (Frame((), np.empty((0, 5)), Axis(0, 60, 5)), Frame((A,), np.empty((1, 0)), Axis(0, 60, 0))):
        memory = learn(plan, examined(frame))
        assert memory.series == frame.series
        assert memory.until == frame.axis.end


def test_alerts_a_week_count_what_people_are_told():
    """Two spells in half a week are four a week; series that are off together, and short breaks, are one spell."""
    opened = np.zeros((3, 504), bool)  # half a week, every ten minutes
    nothing = np.zeros_like(opened)
    opened[0, 100:110] = True
    opened[1, 105:112] = True
    opened[2, 113] = True
    opened[1, 300:302] = True
    assert alerts_per_week(opened, 600, nothing) == 6.0
    opened[2, 112] = True
    assert alerts_per_week(opened, 600, nothing) == 4.0
    assert np.isnan(alerts_per_week(np.zeros((1, 0), bool), 60, np.zeros((1, 0), bool)))


def test_one_strange_series_of_many_is_held_at_the_bound():
    """With a false share asked for, a series of fifty that is a little beyond its bound opens nothing.

    A common incident does, as does a series that joins it, and the page is remembered.
    """
    values = np.full((50, 8), 5.0)
    values[0, 4] = 10.0  # strangeness 5, bound 4
    values[:30, 6] = 11.0
    values[1, 7] = 10.0
    frame = Frame(tuple(Labels.of(pod=f"{k:02}") for k in range(50)), values, Axis(0, 60, 8))

    def opened(share):
        signal = replace(SIGNAL, alert=Alert(dead_band=0.0, false_share=share))
        memory, seen = replay(Plan(signal, Steady(), Flat(), Fixed(4.0)), examined(frame), np.full(50, 4.0))
        return seen.opened.sum(axis=0).tolist(), memory.ledger.shared.get("recent")

    assert opened(None) == ([1, 0, 30, 1], None)
    found, recent = opened(0.1)
    assert found == [0, 0, 30, 1]
    assert recent == pytest.approx(1.0, abs=0.001)
