"""When detectors that train on their past do so, and on what."""

import numpy as np
from strategies import MONDAY, names, wave

from offkey.core.durations import DAY, HOUR, WEEK
from offkey.core.frame import Axis, Frame
from offkey.models import lags
from offkey.models.detect.dbscan import Model as Dbscan
from offkey.models.detect.quantile import Model as Quantile
from offkey.models.refitted import KEPT, TRAININGS


def testtrainings_are_early_and_then_weekly():
    """After 1½, 2, 4 and 7 days, and once in each week from there on, every series at its own hour."""
    seen = np.arange(0, 6 * WEEK, HOUR)
    for stagger in (0, 3 * DAY):
        done = np.diff(Dbscan().trainings(seen, np.int64(stagger)))
        assert tuple(seen[1:][done > 0][:4]) == TRAININGS
        late = seen[1:][done > 0][4:]
        np.testing.assert_array_equal(np.diff(late), WEEK)
        assert late[0] == 2 * WEEK - stagger
        assert done.max() == 1


def test_one_sample_in_five_minutes_is_kept_and_the_oldest_go():
    """A minute's samples are thinned; only a week remains."""
    state = Dbscan().fit(wave(series=1, days=2, step=60))
    assert abs(state.rows["written"][0] - DAY // 300) <= 1
    state = Dbscan().fit(wave(series=1, days=9, step=300))
    assert state.rows["written"][0] > KEPT
    assert not np.isnan(state.rows["kept"]).any()


def test_the_season_is_the_median_of_the_same_time_of_day():
    """The bin and its neighbours on the last seven days, today left out, by sorting them by hand."""
    axis = Axis(MONDAY, 300, 9 * 288)
    values = np.random.default_rng(1).normal(size=(1, axis.size))
    rows = {name: np.zeros((1, *shape), kind) for name, (shape, kind) in lags.ROWS.items()}
    features, known = lags.look(rows, Frame(names(1), values, axis))
    season = features[0, :, lags.layout.SEASON]
    assert not known[0, : 288 - 1].any()
    assert known[0, 288:].all()
    # what is stored is the deviation from the level, which moves slowly: compare within that
    for t in (8 * 288 + 7, 8 * 288 + 100):
        near = [values[0, t - 288 * day + beside] for day in range(1, 8) for beside in (-1, 0, 1)]
        level = features[0, t, lags.layout.CENTRE] - season[t]
        assert abs(season[t] + level - np.median(near)) < 0.6


def test_hours_have_their_own_quantiles_on_each_side():
    """Noise three times as large above as below, and four times larger in the second half of the day."""
    axis = Axis(MONDAY, 300, 6 * 288)
    noise = np.random.default_rng(2).exponential(1.0, (1, axis.size)) * np.where(np.arange(axis.size) % 2, 3.0, -1.0)
    loud = np.where(axis.times % DAY >= DAY // 2, 4.0, 1.0)
    past = Frame(names(1), 100.0 + noise * loud, axis)
    model = Quantile()
    state = model.fit(past)
    band = model.band(state, past.future(288).with_values(np.full((1, 288), 100.0)), np.array([4.0]))
    above, below = (band.upper - band.expected)[0], (band.expected - band.lower)[0]
    assert 1.5 < np.median(above / below) < 6
    assert 2 < np.median(above[170:260]) / np.median(above[24:120]) < 10
