"""The measuring instrument itself: scores by hand, and nobody looks ahead."""

import argparse

import numpy as np
import pytest

from offkey.core import plugins
from offkey.core.errors import MissingLibrary
from offkey.core.findings import Forecast
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models.grid import BIN, DAY_SLOTS

from . import bench, protocol
from .__main__ import report, table
from .protocol import GAP, HORIZON, Series


def series(days=12, seed=1, noise=1.0):
    """Return a noisy daily wave on the grid."""
    axis = Axis(0, BIN, days * DAY_SLOTS)
    wave = 50 + 10 * np.sin(2 * np.pi * np.arange(axis.size) / DAY_SLOTS)
    values = wave + noise * np.random.default_rng(seed).normal(size=axis.size)
    return Series("shop", f"series-{seed}", Frame((Labels.of(series="one"),), values[None], axis))


def test_the_interval_score_by_hand():
    """Median off by 2, width 4, one of two samples 1 below: (.5 * 2 + .05 * (4 + 20 * .5)) / 1.5."""
    truth, point = np.array([10.0, 9.0]), np.array([12.0, 11.0])
    score = bench.interval_score(truth, point, np.array([10.0, 10.0]), np.array([14.0, 14.0]))
    assert score == pytest.approx((0.5 * 2 + 0.05 * (4 + 20 * 0.5)) / 1.5)


def test_a_ratio_is_one_for_equals_and_bounded():
    """Two perfect forecasts tie; however bad one is, the ratio ends at 50 and at 1/50."""
    assert bench.ratio(0.0, 0.0, 0.0) == 1.0
    assert bench.ratio(3.0, 3.0, 2.0) == 1.0
    assert bench.ratio(1e9, 1.0, 1.0) == 50.0
    assert bench.ratio(0.0, 1e9, 1.0) == 1 / 50


def test_origins_lie_apart_and_leave_a_day():
    """The last origin is a day before the end; the others 28 h 10 min apart, none without eight days of history."""
    one = series(days=12)
    assert one.origins(3) == [11 * DAY_SLOTS - 2 * GAP, 11 * DAY_SLOTS - GAP, 11 * DAY_SLOTS]
    assert len(one.origins(9)) == 3
    assert series(days=8).origins(3) == []


def test_the_reference_repeats_the_last_day():
    """Its point is yesterday; on a series that repeats exactly its bounds have no width."""
    one = series(noise=0.0)
    reference = one.reference(11 * DAY_SLOTS)
    truth = one.frame.values[:, 11 * DAY_SLOTS :]
    np.testing.assert_allclose([reference.point, reference.lower, reference.upper], [truth] * 3)


def test_the_reference_bounds_hold_nine_in_ten():
    """Over many origins of plain noise its 90 % bounds hold 87 to 93 %."""
    one = series(days=60)
    inside = []
    for origin in one.origins(40):
        reference, truth = one.reference(origin), one.frame.values[0, origin : origin + HORIZON]
        inside.append(((reference.lower[0] <= truth) & (truth <= reference.upper[0])).mean())
    assert 0.87 <= np.mean(inside) <= 0.93


def test_what_is_unknown_counts_as_the_reference():
    """An empty forecast scores 1 and is not known."""
    one = series()
    nothing = np.full((1, HORIZON), np.nan)
    rows = bench.compare(one, 11 * DAY_SLOTS, Forecast(nothing, nothing, nothing), (0.0, 0.0))
    assert [(row.error, row.interval, row.known) for row in rows] == [(1.0, 1.0, 0.0)] * 3


def test_knowing_the_future_scores_next_to_nothing():
    """The truth with bounds on it has the least ratios there are, and covers all."""
    one = series()
    truth = one.frame.values[:, 11 * DAY_SLOTS :]
    rows = bench.compare(one, 11 * DAY_SLOTS, Forecast(truth, truth, truth), (0.0, 0.0))
    assert all(row.error == row.interval == 1 / 50 for row in rows)
    assert all(row.inside == 1.0 for row in rows)


@pytest.mark.parametrize("name", plugins.names(bench.FORECASTERS))
def test_nobody_looks_ahead(name):
    """Values from the origin on change no forecast and no reference."""
    one, other = series(), series()
    origin = one.origins(1)[0]
    other.frame.values[0, origin:] = 1e6
    try:
        model = plugins.model(bench.FORECASTERS, name)
    except MissingLibrary as error:
        pytest.skip(str(error))
    here, there = (bench.run(model, each.frame.columns(0, origin))[0] for each in (one, other))
    np.testing.assert_array_equal(here.point, there.point)
    np.testing.assert_array_equal(here.upper, there.upper)
    np.testing.assert_array_equal(one.reference(origin).upper, other.reference(origin).upper)
    assert one.scale(origin) == other.scale(origin)


def test_samples_become_bins():
    """A minute's samples are averaged over five; a gap is missing; an hour's step stays as it is."""
    seconds = np.array([0, 60, 120, 180, 240, 900, 960, 1020, 1080, 1140])
    frame = protocol.on_grid(seconds, np.array([1.0, 2, 3, 4, 5, 7, 7, 7, 7, 7]))
    np.testing.assert_array_equal(frame.values, [[3.0, np.nan, np.nan, 7.0]])
    assert protocol.on_grid(np.arange(5) * 3600, np.ones(5)).axis.step == 3600


def test_one_row_for_each_fleet_and_one_for_all():
    """Last season repeated ties with the reference, which is the same idea; the table prints what was found."""
    options = argparse.Namespace(half=None, origins=2)
    rows = report("seasonal_naive", [series(), series(seed=2)], options)
    assert [row["fleet"] for row in rows] == ["shop", "all"]
    assert rows[0]["relmase_24h"] == pytest.approx(1.0)
    assert "relwis_4h" in table(rows).splitlines()[0]
