"""A backtest is the live judgement of the past with the whole alert on top."""

import dataclasses

import numpy as np

from offkey.core.signals import Alert
from offkey.engine import learning
from offkey.engine.backtest import backtest, firing_of
from offkey.engine.learning import replay
from offkey.engine.quality import Examined


class Moving:
    """A tuner whose bound depends on whether there is a past."""

    def tune(self, strangeness, step, budget_per_week):
        """Return 5 for an unknown past, 6 for a known one."""
        return np.where(np.isnan(strangeness).all(axis=1), 5.0, 6.0)


def test_the_whole_alert_is_replayed():
    """`for`, the dead band and `keep_firing_for` all count; an unknown sample ends a breach."""
    score = np.array([[0, 2, 2, 2, 0.9, 0.5, 0, 0, 2, np.nan, 2, 2]], float)
    alert = Alert(hold=120, keep_firing=120, dead_band=0.2)
    assert firing_of(score, 60, alert)[0].astype(int).tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0]


def test_a_backtest_judges_as_the_replay_that_learned(planned, framed):
    """Scores are those of the engine's own replay, and the cost counts what fired."""
    values = [5.0] * 40
    values[30:36] = [50.0] * 6
    plan = planned(bound=2.0, alert=Alert(hold=120, keep_firing=0))
    past = Examined(framed(values), (), np.full((1, 40), np.nan))
    found = backtest(plan, past)
    _, seen = replay(plan, past, found.bound)
    np.testing.assert_array_equal(found.seen.score, seen.score)
    (episode,) = found.cost.episodes
    assert episode.fired == 32 * 60
    assert (found.cost.pages, found.cost.seconds) == (1, (episode.ended or 39 * 60) - episode.fired)


def test_the_past_is_replayed_once_where_the_bounds_hold(planned, framed, monkeypatch):
    """A second replay is made only for bounds that moved, and no forecaster learns on the way."""
    calls = []
    monkeypatch.setattr(learning, "replay", lambda plan, *rest: calls.append(plan) or replay(plan, *rest))
    plan, past = planned(bound=2.0), Examined(framed([5.0] * 40), (), np.full((1, 40), np.nan))
    bound, seen = learning.tried(plan, past)
    assert len(calls) == 1
    assert not isinstance(calls[0].forecaster, type(plan.forecaster))
    np.testing.assert_array_equal(seen.band.upper, replay(plan, past, bound)[1].band.upper)
    learning.tried(dataclasses.replace(plan, tuner=Moving()), past)
    assert len(calls) == 3


def test_a_factor_moves_every_bound(planned, framed):
    """Bounds of learned and of unknown series are multiplied, and what was learned is kept under another name."""
    past = Examined(framed([5.0] * 40), (), np.full((1, 40), np.nan))
    plan = planned(bound=2.0, alert=Alert(bound=1.5))
    assert backtest(plan, past).bound.tolist() == plan.untuned(1).tolist() == [3.0]
    assert plan.key != planned(bound=2.0).key
