"""A cycle over all signals."""

from dataclasses import replace

import numpy as np
import pytest
from paper import A, B, Rig, Script, Steady

from offkey.core.errors import QueryRejected, StateError
from offkey.core.frame import Axis
from offkey.core.labels import Labels
from offkey.core.shards import Shard
from offkey.core.state import State


def level(value):
    """Return a constant answer."""
    return lambda times: np.full(times.shape, value)


def jump(at, before, after):
    """Return an answer that changes its level."""
    return lambda times: np.where(times >= at, after, before)


def test_a_signal_is_learned_from_its_history_and_judged_at_once(planned):
    """The first cycle reads the history, then only what is new; the score is there after one cycle."""
    rig = Rig([planned()], Script({"load": {A: level(5.0)}}))
    found = rig.tick().verdicts[0]
    assert found.score[0] == 0.0
    assert [axis for _, axis, _ in rig.source.asked] == [Axis(996_480, 60, 59), Axis(1_000_020, 60, 1)]
    rig.tick()
    assert rig.source.asked[-1][1].size == 1


def test_each_tick_reads_only_what_is_new(planned):
    """After a pause, everything since the last learned instant."""
    rig = Rig([planned()], Script({"load": {A: level(5.0)}}))
    rig.tick()
    rig.tick(600)
    assert rig.source.asked[-1][1].size == 10


def test_what_was_judged_is_published_before_it_is_learned(planned, monkeypatch):
    """Nobody waits for the models; the cycle ends when they have learned too."""
    rig = Rig([planned()], Script({"load": {A: level(5.0)}}))
    rig.tick()
    heard = []
    monkeypatch.setattr(Steady, "update", lambda _self, state, _frame: heard.append("learned") or state)
    monkeypatch.setattr(type(rig.wall), "publish", lambda _self, _snapshot: heard.append("published"))
    rig.tick()
    assert heard == ["published", "learned", "learned"]


def test_an_anomaly_is_withheld_from_learning_until_it_is_the_new_normal(planned):
    """It stays open for as long as `adopt_after`, then the new level is learned and the anomaly closes."""
    rig = Rig([planned()], Script({"load": {A: jump(1_000_200, 5.0, 50.0)}}))
    scores = [rig.tick().verdicts[0].score[0] for _ in range(16)]
    first = next(k for k, score in enumerate(scores) if score > 1)
    assert scores[:first] == [0.0] * first
    assert scores[first : first + 11] == [4.5] * 11
    assert scores[first + 11 :] == [0.0] * len(scores[first + 11 :])


def test_an_open_anomaly_says_since_when(planned):
    """`since` is the instant of the first sample outside."""
    rig = Rig([planned()], Script({"load": {A: jump(1_000_200, 5.0, 50.0)}}))
    for _ in range(6):
        found = rig.tick().verdicts[0]
    assert found.anomalous[0]
    assert found.since[0] == 1_000_200


def test_a_source_that_is_down_is_no_anomaly(planned):
    """Its verdicts disappear after two missed steps, the fault is named, and it is back within one cycle."""
    rig = Rig([planned(), planned(name="other")], Script({"load": {A: level(5.0)}}))
    rig.tick()
    rig.source.down = True
    asked = len(rig.source.asked)
    snapshots = [rig.tick() for _ in range(4)]
    assert [len(snapshot.verdicts) for snapshot in snapshots] == [2, 0, 0, 0]
    assert snapshots[0].source_up == {"default": False}
    assert {fault.kind for fault in snapshots[0].faults} == {"source_down"}
    assert len(rig.source.asked) <= asked + 4 * 2, "one query for each signal at most"
    rig.source.down = False
    back = rig.tick()
    assert back.source_up == {"default": True}
    assert [found.score[0] for found in back.verdicts] == [0.0, 0.0]


def test_a_refused_query_leaves_the_others_alone(planned):
    """The source counts as up."""

    class Picky(Script):
        def read(self, query, axis, timeout):
            if query == "bad":
                msg = "parse error"
                raise QueryRejected(msg)
            return super().read(query, axis, timeout)

    rig = Rig([planned(name="bad", query="bad"), planned()], Picky({"load": {A: level(5.0)}}))
    snapshot = rig.tick()
    assert [found.signal.name for found in snapshot.verdicts] == ["load"]
    assert snapshot.source_up == {"default": True}
    assert rig.journal.counts["source_failures:default", "rejected"] == 1


def test_partial_answers_are_judged_and_teach_nothing(planned):
    """The level stays what it was before."""
    rig = Rig([planned()], Script({"load": {A: jump(1_000_200, 5.0, 9.0)}}))
    rig.tick()
    rig.source.partial = True
    scores = [rig.tick().verdicts[0].score[0] for _ in range(6)]
    assert scores[-2:] == [0.4, 0.4]


def test_series_come_and_go(planned):
    """A new one is unknown first; an absent one is unknown but remembered, until its time is over."""
    answers = {A: level(5.0)}
    rig = Rig([planned(keep_absent=300)], Script({"load": answers}))
    rig.tick()
    answers[B] = level(7.0)
    found = rig.tick().verdicts[0]
    assert found.series == (A, B)
    assert np.isnan(found.score[1])
    assert rig.tick().verdicts[0].score[1] == 0.0
    del answers[A]
    assert [len(rig.tick().verdicts[0].series) for _ in range(8)] == [2] * 5 + [1] * 3


def test_the_cap_keeps_the_same_series_in_any_order(planned):
    """And counts what it left out."""
    forward = Rig([planned(max_series=1)], Script({"load": {A: level(1.0), B: level(2.0)}}))
    backward = Rig([planned(max_series=1)], Script({"load": {B: level(2.0), A: level(1.0)}}))
    first, second = forward.tick().verdicts[0], backward.tick().verdicts[0]
    assert first.series == second.series
    assert first.dropped == 1
    assert forward.journal.counts["series_dropped", "max_series"] == 2


def test_parts_watch_all_series_between_them(planned):
    """Each process judges its own, with its share of the budget, and learns under a name of its own."""
    answers = {Labels.of(pod=str(k)): level(float(k)) for k in range(12)}
    plans = [replace(planned(), shard=Shard(index, 3)) for index in range(3)]
    found = [Rig([plan], Script({"load": answers})).tick().verdicts[0].series for plan in plans]
    assert sorted(labels for part in found for labels in part) == sorted(answers)
    assert len({plan.key for plan in (planned(), *plans)}) == 4
    assert plans[0].budget == planned().budget / 3


def test_what_was_learned_survives_a_restart(planned):
    """The history is not read again."""
    plans = [planned()]
    rig = Rig(plans, Script({"load": {A: level(5.0)}}))
    rig.tick()
    rig.restarted(plans)
    rig.source.asked.clear()
    assert rig.tick().verdicts[0].score[0] == 0.0
    assert [axis.size for _, axis, _ in rig.source.asked] == [1]


def test_state_with_other_arrays_is_learned_anew(planned):
    """What another release kept is not gone on from: the history is read again, and the journal is told why."""
    plan = planned()
    rig = Rig([plan], Script({"load": {A: level(5.0)}}))
    rig.tick()
    rig.restarted([plan])
    kept = rig.shelf.kept[plan.key]
    old = State((A,), {"level": np.zeros((1, 7), np.float32)})
    rig.shelf.kept[plan.key] = replace(kept, states={**kept.states, "forecaster": old})
    rig.source.asked.clear()
    assert rig.tick().verdicts[0].score[0] == 0.0
    assert [axis.size for _, axis, _ in rig.source.asked] == [59, 1]
    assert [level for level, message, _ in rig.journal.words if message == "state of another release not used"]


def test_another_query_is_learned_anew(planned):
    """State never serves a signal it was not learned for."""
    assert planned().key != planned(query="other").key
    assert planned().key == planned(description="other words").key


def test_a_store_that_fails_is_told_and_harms_nothing(planned):
    """The cycle goes on."""
    rig = Rig([planned()], Script({"load": {A: level(5.0)}}), save_every=0.0)

    def refuse(key, learned):
        msg = f"{key}: disk full at {learned.until}"
        raise StateError(msg)

    rig.shelf.save = refuse
    assert rig.tick().verdicts[0].score[0] == 0.0
    assert rig.journal.counts["state_write_failures", "StateError"] == 1


def test_a_signal_without_series_is_no_news_and_says_so(planned):
    """Not fine, not an error."""
    found = Rig([planned()], Script({"load": {}})).tick().verdicts[0]
    assert found.series == ()
    assert [fault.kind for fault in found.faults] == ["no_data"]


@pytest.mark.parametrize("jumped", [-400 * 86_400, 400 * 86_400])
def test_a_clock_that_jumps_far_starts_over_from_the_history(planned, jumped):
    """No burst of catching up, no standstill."""
    rig = Rig([planned()], Script({"load": {A: level(5.0)}}))
    rig.tick()
    found = rig.tick(jumped).verdicts[0]
    assert found.score[0] == 0.0
    assert [axis.size for _, axis, _ in rig.source.asked[-2:]] == [59, 1]


def test_a_clock_that_was_set_back_freezes_no_score(planned):
    """What was judged in what is the future now is not shown until that time has come again."""
    rig = Rig([planned()], Script({"load": {A: level(5.0)}}))
    rig.tick()
    assert rig.tick(-100).verdicts
    assert not rig.tick(-3600).verdicts
    assert rig.tick(3760).verdicts


def test_bounds_are_found_anew_every_day(planned):
    """The history is read again, one signal a cycle; levels and open anomalies stay."""
    rig = Rig([planned(), planned(name="other")], Script({"load": {A: level(5.0)}}))
    rig.tick()
    rig.source.asked.clear()
    rig.tick(86_400)
    rig.tick()
    rig.tick()
    assert [axis.size for _, axis, _ in rig.source.asked if axis.size == 59] == [59, 59]


def test_bounds_that_cannot_be_found_anew_stay(planned):
    """A source that goes down in between costs nothing but the reading."""
    rig = Rig([planned()], Script({"load": {A: level(5.0)}}))
    rig.tick()
    found = rig.tick(86_400 - 60).verdicts[0]
    rig.source.down = True
    assert rig.tick().verdicts == (found,)


def test_a_value_measured_on_a_gap_is_a_fault_and_no_anomaly(planned):
    """A rate that sags because scrapes are missing is unknown, named as a gap, and teaches nothing."""

    def missing(times):
        return (times >= 1_000_200) & (times < 1_000_400)

    answers = {
        "load": {A: lambda times: np.where(missing(times), 1.0, 50.0)},
        "scrapes": {A: lambda times: np.where(missing(times), 2.0, 20.0)},
    }
    rig = Rig([planned(scrapes="scrapes")], Script(answers))
    found = [rig.tick().verdicts[0] for _ in range(9)]
    scores = [verdict.score[0] for verdict in found]
    assert [np.isnan(score) for score in scores] == [False] * 3 + [True] * 4 + [False] * 2
    assert np.nansum(scores) == 0.0
    assert [fault.kind for fault in found[4].faults] == ["gap"]
