"""Forecasts are compared with what came, at their instants and no other."""

import numpy as np
import pytest

from offkey.core.durations import DAY, HOUR
from offkey.core.findings import Forecast
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.engine.outlook import Outlook
from offkey.engine.trackrecord import MEMORY, TrackRecord
from offkey.models.grid import BIN

A, B = Labels.of(name="a"), Labels.of(name="b")


def follow(record, time, seen, point, half=1.0, series=(A,)):
    """Let one column pass: what was seen, and the same forecast for every horizon."""
    values = np.array(seen, float)[:, None]
    now = Frame(series, values, Axis(time, 60, 1))
    told = np.repeat(np.array(point, float)[:, None], len(record.horizons), axis=1)
    forecast = Forecast(told, told - half, told + half)
    record.follow(now, Outlook(series, time // BIN, forecast, now.axis, values))


def test_nothing_is_known_before_an_instant_came():
    """Until the first horizon has passed both figures are NaN."""
    record = TrackRecord((HOUR,))
    assert np.isnan(record.coverage).all()
    follow(record, 0, [5], [5])
    follow(record, HOUR - BIN, [5], [5])
    assert np.isnan([record.coverage, record.error]).all()


def test_a_value_inside_its_bounds_counts_and_one_outside_does_not():
    """One of one inside is 1; the next, outside, moves the share by one step."""
    record = TrackRecord((HOUR,))
    follow(record, 0, [0], [10])
    follow(record, BIN, [0], [10])
    follow(record, HOUR, [10.5], [0])
    assert record.coverage[0] == 1.0
    follow(record, HOUR + BIN, [12], [0])
    assert record.coverage[0] == pytest.approx(1 - 1 / MEMORY)


def test_the_error_is_that_of_repeating_the_last_day_times_the_ratio():
    """Off by 2 where yesterday is off by 8 is 0.25; for two series it is the median."""
    record = TrackRecord((HOUR,))
    follow(record, 0, [2, 10], [0, 0], series=(A, B))
    follow(record, DAY - HOUR, [0, 0], [8, 4], series=(A, B))
    follow(record, DAY, [10, 12], [0, 0], series=(A, B))
    np.testing.assert_allclose(record.error, [(2 / 8 + 8 / 2) / 2])


def test_series_that_come_and_go_keep_their_own():
    """A series that joins later is compared with nothing said before it was there."""
    record = TrackRecord((HOUR,))
    follow(record, 0, [1], [1])
    follow(record, HOUR, [7, 1], [7, 1], series=(B, A))
    assert record.coverage[0] == 1.0
    assert np.isnan(record.kept["inside"][0, 0])


def test_what_is_past_is_let_go():
    """Nothing older than the longest horizon or a day is kept."""
    record = TrackRecord((HOUR,))
    for time in range(0, 2 * DAY, 6 * BIN):
        follow(record, time, [1], [1])
    assert len(record.waiting) == DAY // (6 * BIN) + 1
