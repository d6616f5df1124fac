"""The choice among detectors, and its reasons."""

import numpy as np
import pytest
from strategies import wave

from offkey.core.errors import ConfigError
from offkey.core.frame import Axis, Frame
from offkey.core.ports import Choosing
from offkey.models.detect.auto import BIN, OWN, VALUE, WHOLE, Model
from offkey.models.detect.seasonal import Model as Seasonal

PAIR = Model(candidates=("seasonal", "quantile"))


def past(values, costs):
    """Return what is kept of one series, with the costs of the two candidates."""
    kept = np.zeros((len(values), OWN + 4))
    kept[:, VALUE], kept[:, WHOLE], kept[:, BIN] = values, 1.0, np.arange(len(values)) * 3 % 2016
    kept[:, OWN + 2 :] = np.log(costs)
    return kept


@pytest.mark.parametrize(("second", "choice"), [(0.4, 1), (0.6, 0), (1.5, 0)])
def test_the_first_candidate_stays_unless_another_is_evidently_cheaper(second, choice):
    """Four tenths of its costs are evidence, six tenths are not."""
    found = PAIR.train(past(np.arange(100.0), np.tile([1.0, second], (100, 1))))
    assert found["choice"] == choice
    np.testing.assert_allclose(np.exp(found["costs"]), [1.0, second])


def test_one_incident_decides_nothing():
    """A candidate that was a million times dearer once and cheaper ever else is taken."""
    costs = np.tile([1.0, 0.4], (100, 1))
    costs[40, 1] = 1e6
    assert PAIR.train(past(np.arange(100.0), costs))["choice"] == 1


def test_idleness_is_not_compared():
    """Of a series that is zero nine times in ten, only the tenth sample counts."""
    busy = np.arange(100) % 10 == 0
    costs = np.where(busy[:, None], [1.0, 0.4], [1.0, 3.0])
    found = PAIR.train(past(np.where(busy, 1.0 + np.arange(100), 0.0), costs))
    assert found["choice"] == 1
    np.testing.assert_allclose(found["profile"][1:], [0.9, 1.0, 900.0, 10.0])


def test_a_choice_says_why():
    """What was compared, on how much, and what the series is like; nothing before there was a training."""
    frame = wave(series=1, days=3, noise=0.5)
    found = PAIR.reasons(PAIR.fit(frame))[0]
    assert isinstance(PAIR, Choosing)
    assert found.startswith(("seasonal; costs of 99.9 % bands over ", "quantile; costs of 99 % bands over "))
    assert "seasonal 1.00" in found
    assert "whole numbers 0%, a sample in 5 min" in found
    share = float(found.partition("season explains ")[2].partition("%")[0])
    assert share > 80.0
    assert PAIR.reasons(PAIR.fit(frame.columns(0, 100))) == ("",)


def test_series_are_judged_by_what_was_chosen_for_them():
    """Each row takes the strangeness of its own candidate."""
    features = np.zeros((2, 1, OWN + 4))
    features[:, 0, OWN : OWN + 2] = [3.0, 7.0]
    np.testing.assert_array_equal(PAIR.judge({"choice": np.array([1, 0])}, features), [[7.0], [3.0]])


def test_what_the_chosen_candidate_says_is_not_calibrated_again():
    """A series judged by one detector is as strange as that detector alone finds it."""
    frame = wave(series=2, days=4, noise=0.5)
    learned, new = frame.columns(0, 3 * 288), frame.columns(3 * 288, 4 * 288)
    strange = new.with_values(new.values + np.where(np.arange(288) % 50 == 7, 5.0, 0.0))
    alone, chosen = Seasonal(), Model(candidates=("seasonal",))
    expected = alone.score(alone.fit(learned), strange)
    assert expected.max() > 3.0
    np.testing.assert_allclose(chosen.score(chosen.fit(learned), strange), expected, rtol=1e-6)


@pytest.mark.parametrize("candidates", [(), ("auto",), ("mad", "mad")])
def test_candidates_are_others_each_once(candidates):
    """Anything else is said at once."""
    with pytest.raises(ConfigError, match="candidates: found"):
        Model(candidates=candidates)


def test_nobody_has_no_reasons():
    """No series, no words."""
    assert PAIR.reasons(PAIR.fit(Frame((), np.empty((0, 5)), Axis(0, 300, 5)))) == ()
