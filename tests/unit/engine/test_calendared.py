"""What calendars change in learning, judging and counting."""

import numpy as np
import pytest

from offkey.core.calendars import Calendar
from offkey.engine.advance import passages
from offkey.engine.backtest import backtest
from offkey.engine.judge import open_close
from offkey.engine.learning import alerts_per_week, learn
from offkey.engine.quality import Examined
from offkey.engine.rules.evidence import evidence


def examined(frame):
    """Return a frame as quality would."""
    return Examined(frame, (), np.full(frame.values.shape, np.nan))


def during(first, last, **does):
    """Return a calendar over minutes first <= k < last."""
    return (Calendar("c", ((first * 60, last * 60),), **does),)


def went(plan, memory, frame):
    """Return score and openness of each column, and the memory after them."""
    seen = list(passages(plan, memory, examined(frame), 1, learn=True))
    score = np.hstack([passage.judged.score for _, passage in seen])
    return score[0].tolist(), np.hstack([passage.opened for _, passage in seen])[0].tolist(), seen[-1][0]


def test_excluded_samples_are_judged_and_teach_nothing(planned, framed):
    """The level stays; the anomaly opens as it would without a calendar."""
    plan = planned(bound=1.0, calendars=during(4, 6, exclude=True))
    memory = learn(plan, examined(framed([1.0] * 4)))
    score, opened, memory = went(plan, memory, framed([1.5, 9.0], start=240))
    assert (score, opened) == ([0.5, 8.0], [False, True])
    assert memory.detector["level"][0] == 1.0


def test_excluded_history_teaches_nothing(planned, framed):
    """A past without its excluded part leaves the level of the rest."""
    past = examined(framed([1.0, 1.0, 7.0, 7.0, 1.0, 1.0, 7.0, 7.0]))
    away = (*during(2, 4, exclude=True), *during(6, 8, exclude=True))
    assert learn(planned(calendars=away), past).detector["level"][0] == 1.0
    assert learn(planned(), past).detector["level"][0] != 1.0


def test_muting_closes_what_is_open_and_what_is_still_wrong_opens_after_it(planned, framed):
    """Scores stay at 1 at most; what would be an anomaly is not learned; unknown stays unknown."""
    plan = planned(bound=1.0, calendars=during(5, 8, mute=True))
    memory = learn(plan, examined(framed([1.0] * 4)))
    score, opened, memory = went(plan, memory, framed([9.0, 9.0, np.nan, 9.0, 9.0], start=240))
    np.testing.assert_array_equal(score, [8.0, 1.0, np.nan, 1.0, 8.0])
    assert opened == [True, False, False, False, True]
    assert memory.detector["level"][0] == 1.0


def test_usual_samples_inside_a_mute_are_learned(planned, framed):
    """A mute alone does not stop learning."""
    plan = planned(calendars=during(4, 6, mute=True))
    memory = learn(plan, examined(framed([1.0] * 4)))
    assert went(plan, memory, framed([2.0, 2.0], start=240))[2].detector["level"][0] > 1.0


def test_what_is_set_apart_costs_no_alert_and_no_time():
    """An hour of two, with one alert in each: one alert in one hour is 168 a week; nothing counted is not known."""
    opened = np.zeros((1, 12), bool)
    opened[0, [1, 8]] = True
    apart = np.zeros((1, 12), bool)
    assert alerts_per_week(opened, 600, apart) == 168.0
    apart[0, 6:] = True
    assert alerts_per_week(opened, 600, apart) == 168.0
    opened[0, 8] = False
    assert alerts_per_week(opened, 600, apart) == 168.0
    assert np.isnan(alerts_per_week(opened, 600, ~np.zeros((1, 12), bool)))


@pytest.mark.parametrize("does", ["exclude", "mute"])
def test_backtests_and_evidence_count_no_pages_inside(planned, framed, does):
    """A breach that would fire for an hour fires not at all where a calendar sets it apart."""
    past = examined(framed([1.0] * 180 + [9.0] * 60))
    calendars = during(180, 240, **{does: True})
    assert backtest(planned(bound=1.0), past).cost.pages == 1
    found = backtest(planned(bound=1.0, calendars=calendars), past)
    assert (found.cost.pages, found.cost.weeks) == (0, 3600 / 604_800)
    assert evidence(planned(bound=1.0, calendars=calendars), past).expected_alerts_per_week == 0.0


def test_what_is_learned_is_named_by_what_is_excluded(planned):
    """A mute may come and go; an exclusion asks for learning anew."""
    assert planned(calendars=during(0, 9, mute=True)).key == planned().key
    assert planned(calendars=during(0, 9, exclude=True)).key != planned().key
    assert planned(calendars=during(0, 9, exclude=True)).key != planned(calendars=during(0, 8, exclude=True)).key


def test_a_mute_ends_with_its_last_instant():
    """Within the dead band nothing opens by itself after it."""
    score, quiet = np.array([[2.0, 1.0, 0.9]]), np.array([[False, True, False]])
    np.testing.assert_array_equal(open_close(score, np.zeros(1, bool), 0.2, quiet), [[True, False, False]])
