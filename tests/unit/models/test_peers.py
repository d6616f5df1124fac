"""A series beside its siblings."""

import numpy as np
from strategies import wave

from offkey.core.frame import Frame
from offkey.core.labels import Labels
from offkey.models.detect.peers import Model, unlike


def test_the_distance_is_from_the_median_in_spreads_of_at_least_one():
    """Median 2.5 and median distance 1.5 of six; a crowd closer together than one scale counts as one."""
    found = unlike(np.array([[0.0, 7.0], [1.0, 7.1], [2.0, 7.1], [3.0, 7.1], [4.0, 7.1], [22.5, 12.1]]))
    np.testing.assert_allclose(found[:, 0], np.array([2.5, 1.5, 0.5, 0.5, 1.5, 20.0]) / (1.4826 * 1.5))
    np.testing.assert_allclose(found[:, 1], [0.1, 0.0, 0.0, 0.0, 0.0, 5.0], atol=1e-9)


def test_without_five_siblings_at_the_instant_nothing_is_said():
    """Six samples make a crowd, five do not; who has none has no distance."""
    residuals = np.zeros((7, 2))
    residuals[6, 0] = residuals[5:, 1] = np.nan
    np.testing.assert_array_equal(np.isnan(unlike(residuals)[:, 0]), np.arange(7) == 6)
    assert np.isnan(unlike(residuals)[:, 1]).all()


def split(frame, days):
    """Return the first days, and the rest."""
    size = days * 288
    return frame.columns(0, size), frame.columns(size, frame.axis.size)


def test_what_all_do_together_is_no_reason_and_what_one_does_is():
    """Eight series rise together and stay quiet; one of them rises alone and is stranger than one sample in 10,000."""
    past, new = split(wave(series=8, days=5, swing=0), 4)
    together = new.values.copy()
    together[:, 100:110] += 15.0
    alone = together.copy()
    alone[3, 200:203] += 15.0
    model = Model()
    strangeness = model.score(model.fit(past), new.with_values(alone))
    assert strangeness[:, 100:110].max() < 4.0
    assert strangeness[3, 200:203].min() > 4.0
    assert np.delete(strangeness, 3, axis=0)[:, 200:203].max() < 4.0


def test_members_may_come_and_go():
    """With two siblings gone and a cold one there, the rest is judged on, and the cold one is unknown."""
    past, new = split(wave(series=9, days=5, swing=0), 4)
    model = Model()
    state = model.fit(past.rows(np.arange(8)))
    new.values[2, 50] += 20.0
    strangeness = model.score(state, new.rows(np.arange(2, 9)))
    assert np.isnan(strangeness[6]).all()
    assert strangeness[0].argmax() == 50
    assert np.isfinite(strangeness[:6]).all()


def test_siblings_share_the_values_of_labels():
    """Two services of six pods, one of which moves as a whole: nobody in it is unlike its siblings."""
    frame = wave(series=12, days=5, swing=0)
    who = tuple(Labels.of(service="ab"[k // 6], pod=str(k)) for k in range(12))
    past, new = split(Frame(who, frame.values, frame.axis), 4)
    new.values[:6, 100] += 30.0
    model = Model(by=("service",))
    assert model.score(model.fit(past), new)[:, 100].max() < 4.0
