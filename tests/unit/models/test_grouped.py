"""Detectors that judge a series beside others."""

import numpy as np
import pytest
from strategies import MONDAY

from offkey.core.durations import DAY
from offkey.core.errors import ConfigError
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models.detect.ensemble import Model as Ensemble
from offkey.models.detect.joint import OFTEN, SCALES
from offkey.models.detect.joint import Model as Joint
from offkey.models.detect.mad import Model as Mad
from offkey.models.detect.quantile import Model as Quantile


def machines(days=6, metrics=6, step=300, seed=1):
    """Return two machines whose metrics follow one load each, with noise of their own."""
    axis = Axis(MONDAY, step, int(days * DAY / step))
    chance = np.random.default_rng(seed)
    who = [Labels.of(__name__=f"m{k}", instance=name) for name in ("a", "b") for k in range(metrics)]
    load = np.repeat(chance.normal(size=(2, axis.size)), metrics, axis=0)
    gain = np.linspace(1.0, 3.0, 2 * metrics)[:, None]
    return Frame(tuple(who), 50.0 + gain * load + 0.2 * chance.normal(size=load.shape), axis)


def test_metrics_that_no_longer_go_together_make_their_machine_strange():
    """One metric stops following the load, each of its values as usual as ever: its machine is off, not the other."""
    frame = machines()
    past, new = frame.columns(0, 5 * 288), frame.columns(5 * 288, 6 * 288)
    broken = new.values.copy()
    broken[2, 60:120] = np.random.default_rng(9).permutation(broken[2, 60:120])
    model = Joint()
    state = model.fit(past)
    strangeness = model.score(state, new.with_values(broken))
    quiet = model.score(state, new)
    np.testing.assert_array_equal(strangeness[:6], np.repeat(strangeness[:1], 6, axis=0))
    np.testing.assert_array_equal(strangeness[6:], quiet[6:])
    assert strangeness[0, 62:120].mean() > quiet[0].mean() + 1.5


def parts(model, state, frame):
    """Return the shortest running means of excess, broken relations and distance, of the first series (3, T)."""
    found = model.live_through(state, frame, lambda _, features: np.moveaxis(features, 2, 0))
    return found[::SCALES, 0]


def test_a_state_never_seen_is_far_although_no_relation_breaks():
    """Two metrics go around a circle; its middle is usual for each of them and for both, but they never were there."""
    axis = Axis(MONDAY, 300, 4 * 288)
    turn = 2 * np.pi * np.arange(axis.size) / 37
    values = 5.0 + np.stack([np.cos(turn), np.sin(turn)]) + 0.02 * np.random.default_rng(3).normal(size=(2, axis.size))
    frame = Frame(tuple(Labels.of(__name__=name, instance="a") for name in ("x", "y")), values, axis)
    model = Joint()
    state, new = model.fit(frame.columns(0, 3 * 288)), frame.columns(3 * 288, 4 * 288)
    middle = new.values.copy()
    middle[:, 100:112] = 5.0
    _, broken, distance = parts(model, state, new.with_values(middle))
    assert broken[100:112].max() < 1.1 * broken[:100].max() + 1e-9
    assert distance[100:112].max() > 5.0 * distance[:100].max()


def test_what_is_often_odd_says_less():
    """Metrics whose mean excess was `OFTEN` count half as much as those that never had one."""
    frame = machines(days=5, metrics=3).rows(np.arange(3))
    past, new = frame.columns(0, 4 * 288 + 100), frame.columns(4 * 288 + 100, 5 * 288)
    model, found = Joint(), []
    for usual in (0.0, OFTEN):
        state = model.fit(past)
        state.rows["usual"][:], state.rows["running"][:] = usual, 0.0
        found.append(parts(model, state, new)[0])
    assert found[0].max() > 0
    np.testing.assert_allclose(found[1], found[0] / 2)


def test_a_machine_that_never_moves_is_not_strange():
    """Constant metrics have no relations to break."""
    frame = machines(days=3, metrics=3)
    still = frame.with_values(np.full_like(frame.values, 7.0))
    model = Joint()
    strangeness = model.score(model.fit(still.columns(0, 2 * 288)), still.columns(2 * 288, 3 * 288))
    assert not (strangeness > 0).any()


def test_a_group_is_learned_in_any_order_and_any_pieces():
    """Shuffled series and hourly pieces end in the same strangeness."""
    frame = machines(days=4, metrics=3)
    past, new = frame.columns(0, 3 * 288), frame.columns(3 * 288, 4 * 288)
    model = Joint()
    expected = model.score(model.fit(past), new)
    order = np.array([4, 0, 2, 5, 1, 3])
    shuffled = model.fit(past.rows(order).columns(0, 500))
    shuffled = model.update(shuffled, past.rows(order).columns(500, 3 * 288))
    np.testing.assert_allclose(model.score(shuffled, new), expected, rtol=1e-6, atol=1e-6)
    live = []
    for t in range(12):
        live.append(model.score(shuffled, new.columns(t, t + 1))[:, 0])
        shuffled = model.update(shuffled, new.columns(t, t + 1))
    np.testing.assert_allclose(np.transpose(live), expected[:, :12], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("members", [(), ("ensemble",), ("mad", "mad")])
def test_an_ensemble_needs_members_other_than_itself_each_once(members):
    """Anything else is said at once."""
    with pytest.raises(ConfigError, match="members: found"):
        Ensemble(members=members)


def test_how_an_ensemble_combines():
    """A probability whatever they share: e times the geometric mean, n times the smallest, the largest; all or none."""
    said = np.array([[[4.0, 6.0], [2.0, np.nan], [0.0, 0.1]]])
    e, two = np.log10(np.e), np.log10(2.0)
    for how, expected in (
        ("mean", [5.0 - e, np.nan, 0.0]),
        ("highest", [6.0 - two, np.nan, 0.0]),
        ("lowest", [4.0, np.nan, 0.0]),
    ):
        found = Ensemble(members=("mad", "seasonal"), how=how).combined(said)[0]
        np.testing.assert_allclose(found, expected)


def test_an_ensemble_says_what_its_members_say_together():
    """Each member learns as it would alone, in the series' own order."""
    frame = machines(days=4, metrics=1)
    past, new = frame.columns(0, 3 * 288), frame.columns(3 * 288, 4 * 288)
    members = (Mad(), Quantile())
    alone = np.stack([model.score(model.fit(past), new) for model in members], axis=2)
    ensemble = Ensemble(members=("mad", "quantile"))
    state = ensemble.update(ensemble.fit(past.columns(0, 500)), past.columns(500, 3 * 288))
    shuffled = new.rows(np.array([1, 0]))
    np.testing.assert_allclose(ensemble.score(state, shuffled), ensemble.combined(alone)[::-1], rtol=1e-9)
    np.testing.assert_array_equal(ensemble.ready(state), [1.0, 1.0])
