"""The past is judged as it would have been judged then."""

import numpy as np
import pytest
from paper import A, B, Journal, Rig, Script

from offkey.engine.backfill import Backfill
from offkey.engine.reading import read

START = 1_000_020


def wave(times):
    """Return an answer with a step in it."""
    return np.where(times >= START + 900, 60.0, 5.0) + np.sin(times / 97.0)


def late(times):
    """Return an answer that begins later."""
    return np.where(times >= START + 600, 7.0, np.nan)


def filled(plan, script, start=START):
    """Return a back-fill that reads a script."""
    return Backfill(
        plan,
        start,
        lambda plan, axis, memory: read(plan.signal, script, axis, 30.0, Journal(), memory.ledger if memory else None),
    )


def test_it_says_what_the_live_program_said(planned):
    """Score, band, forecast and state of an anomaly of every instant, in any cut, also where a series appears."""
    answers = {"load": {A: wave, B: late}}
    rig = Rig([planned()], Script(answers))
    live = [rig.tick().verdicts[0] for _ in range(40)]
    assert live[0].time == START
    run = filled(planned(), Script(answers))
    found = [*run.until(START + 599), *run.until(START + 600), *run.until(START + 39 * 60)]
    assert [one.time for one in found] == [one.time for one in live]
    assert any(one.anomalous.any() for one in live)
    for mine, theirs in zip(found, live, strict=True):
        known = [mine.series.index(labels) for labels in theirs.series]
        for values in ("score", "anomalous", "since"):
            np.testing.assert_array_equal(getattr(mine, values)[known], getattr(theirs, values))
        np.testing.assert_array_equal(mine.band.upper[known], theirs.band.upper)
        np.testing.assert_array_equal(mine.forecast.point[known], theirs.forecast.point)


def test_nothing_after_an_instant_changes_what_is_said_of_it(planned):
    """Another future leaves the past as it is."""
    changed = {A: lambda times: np.where(times > START + 300, 1e6, wave(times))}
    first, second = (
        [one.score[0] for one in filled(planned(), Script({"load": answer})).until(START + 300)]
        for answer in ({A: wave}, changed)
    )
    assert first == second
    assert len(first) == 6


def test_bounds_are_found_anew_every_day(planned):
    """The history before each day is read again, and no instant is said twice."""
    script = Script({"load": {A: lambda times: np.full(times.shape, 5.0)}})
    times = [one.time for one in filled(planned(step=3600), script, 86_400 * 10).until(86_400 * 12 + 1)]
    assert times == list(range(86_400 * 10, 86_400 * 12 + 1, 3600))
    assert [axis.end for _, axis, _ in script.asked if axis.step == 60] == [86_400 * day - 60 for day in (10, 11, 12)]


@pytest.mark.parametrize("end", [START - 1, START - 3600])
def test_an_end_before_the_start_says_nothing(planned, end):
    """No verdict, no error."""
    assert list(filled(planned(), Script({"load": {A: wave}})).until(end)) == []
