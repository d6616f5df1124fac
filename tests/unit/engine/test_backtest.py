"""A backtest is the live judgement of the past with the whole alert on top."""

import numpy as np

from offkey.core.signals import Alert
from offkey.engine.backtest import backtest, firing_of
from offkey.engine.learning import replay
from offkey.engine.quality import Examined


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
