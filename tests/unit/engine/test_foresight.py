"""What a detector prepares after a tick is what the next one says."""

from dataclasses import replace

import numpy as np
import pytest
from paper import SIGNAL, Fixed, Flat, Rig, Script

from offkey.core.durations import DAY
from offkey.core.foresight import Foresight
from offkey.core.labels import Labels
from offkey.engine.plan import Plan
from offkey.models.detect import seasonal

A, B = Labels.of(name="a"), Labels.of(name="b")


def restless(times):
    """Return a day's wave that jitters, with a jump now and then."""
    return 50 + 10 * np.sin(times / 7000) + np.sin(times * 1.7) + 25 * (times // 60 % 7 == 0)


def rig():
    """Return an engine with the default detector and two series."""
    signal = replace(SIGNAL, history=2 * DAY, history_step=300)
    plan = Plan(signal, seasonal.Model(season="daily"), Flat(), Fixed(3.0))
    return Rig([plan], Script({"load": {A: restless, B: lambda times: -restless(times)}}))


@pytest.fixture
def swept(monkeypatch):
    """Return the single columns that the detector is asked about when they are there."""
    seen, sweep = [], seasonal.Model.sweep

    def noted(self, state, frame, bound):
        if frame.axis.size == 1:
            seen.append(frame)
        return sweep(self, state, frame, bound)

    monkeypatch.setattr(seasonal.Model, "sweep", noted)
    return seen


def test_only_the_first_tick_waits_for_the_bands(swept):
    """All later ones find them prepared; one that comes late, or with other series, does not."""
    made = rig()
    made.tick()
    swept.clear()
    for _ in range(3):
        made.tick()
    assert not swept
    made.tick(120)
    assert len(swept) == 2
    del made.source.answers["load"][B]
    made.tick()
    assert len(swept) == 2
    made.source.answers["load"][Labels.of(name="c")] = restless
    made.tick()
    assert len(swept) == 3


def test_ticks_say_the_same_without(monkeypatch):
    """Bit for bit: scores, bands, what is open, and who is ready."""
    ahead, behind = rig(), rig()
    for _ in range(8):
        one = ahead.tick().verdicts[0]
        with monkeypatch.context() as patched:
            patched.setattr(Foresight, "is_for", lambda *_given: False)
            other = behind.tick().verdicts[0]
        for name in ("score", "anomalous", "since", "ready", "coverage"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        for side in ("expected", "lower", "upper"):
            np.testing.assert_array_equal(getattr(one.band, side), getattr(other.band, side))


def test_a_preview_is_what_the_next_tick_says(swept):
    """From the same preparation, for whoever came."""
    made = rig()
    made.tick()
    swept.clear()
    key, at = made.engine._plans[0].key, int(made.now) // 60 * 60 + 60
    series = made.engine.known(key)
    values = np.array([restless(np.float64(at)), np.nan])
    said = made.engine.preview(key, series, values, at)
    found = made.tick().verdicts[0]
    assert found.time == at
    np.testing.assert_array_equal(said.score, [found.score[0], np.nan])
    assert not swept
