"""Series that no longer report as they used to."""

import numpy as np
import pytest

from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.frame import Axis
from offkey.core.labels import Labels
from offkey.core.state import State
from offkey.engine.memory import blank_ledger
from offkey.engine.reporting import Reports, follow, strayed, vanished

STEP = 5 * MINUTE
START = 1_760_000_000 // STEP * STEP
DAYS_2 = 2 * DAY // STEP


def after(present, counts=None, ledger=None, until=START) -> State:
    """Return the ledger after columns that follow `until`."""
    present = np.asarray(present, bool)
    who = tuple(Labels.of(pod=str(k)) for k in range(len(present)))
    ledger = (ledger or blank_ledger(who)).align(who)
    axis = Axis(until + STEP, STEP, present.shape[1])
    rows = follow(ledger, Reports(present, counts if counts is None else np.asarray(counts, float)), axis)
    return State(who, {**ledger.rows, **rows}, ledger.shared)


def missed(present) -> list[float]:
    """Return for how many steps each series is missed after all columns."""
    present = np.asarray(present, bool)
    found = vanished(after(present), START + STEP * present.shape[1], STEP)
    return (found / STEP).tolist()


def lives(series: int, columns: int = DAYS_2) -> np.ndarray:
    """Return series that give a sample in every column."""
    return np.ones((series, columns), bool)


def test_a_silent_series_is_missed_while_its_siblings_report():
    """After three steps, with the time since its last sample; the siblings are not."""
    present = lives(3)
    present[1, -2:] = False
    assert np.isnan(missed(present)).all()
    present[1, -4:] = False
    assert missed(present) == pytest.approx([np.nan, 4, np.nan], nan_ok=True)


def test_a_series_that_is_back_is_not_missed():
    """One sample ends it."""
    present = lives(3)
    present[1, -20:-1] = False
    assert np.isnan(missed(present)).all()


@pytest.mark.parametrize("gone", [3, 4])
def test_most_series_at_once_are_a_fault_of_the_source(gone):
    """Where more than half fall silent together, none of them is missed, and none later."""
    present = lives(4)
    present[:gone, -20:] = False
    assert np.isnan(missed(present)).all()


def test_a_single_series_has_nobody_to_be_compared_with():
    """Without siblings silence says nothing about the series."""
    present = lives(1)
    present[0, -20:] = False
    assert np.isnan(missed(present)).all()


def test_a_young_series_is_not_missed():
    """Who lived for less than a day was not regular."""
    present = lives(3)
    present[1] = False
    present[1, -100:-20] = True
    assert np.isnan(missed(present)).all()


def test_a_series_that_often_pauses_is_given_time():
    """Three times its longest usual pause, of which an outage of the source is none."""
    present = lives(3)
    for k in range(12):  # an hour twice a day
        present[1, 12 + k :: 144] = False
    present[1, -30:] = False
    assert np.isnan(missed(present)).all()
    calm = lives(3)
    calm[:, 300:400] = False
    calm[1, -30:] = False
    assert missed(calm)[1] == 30


def test_a_series_that_another_replaced_is_not_missed():
    """A deployment: as many came up as went."""
    present = lives(5)
    present[3, -20:] = False
    present[4, :-19] = False
    assert np.isnan(missed(present)).all()
    present[2, -10:] = False
    assert missed(present) == pytest.approx([np.nan, np.nan, 10, np.nan, np.nan], nan_ok=True)


def test_it_does_not_matter_how_columns_are_cut():
    """Column by column is the same as all at once."""
    rng = np.random.default_rng(1)
    present, counts = rng.random((4, 400)) < 0.9, rng.integers(10, 30, (4, 400)).astype(float)
    whole = after(present, counts)
    ledger = None
    for k in range(present.shape[1]):
        ledger = after(present[:, k : k + 1], counts[:, k : k + 1], ledger, START + k * STEP)
    for name, array in whole.rows.items():
        np.testing.assert_array_equal(array, ledger[name])


def paced(now: float, steps: int, who=(1,)) -> list[float]:
    """Return the sample rate after two days of 20 samples a range and `steps` of `now` for some series."""
    counts = np.full((3, DAYS_2 + steps), 20.0)
    counts[who, DAYS_2:] = now
    return strayed(after(counts > 0, counts)).tolist()


@pytest.mark.parametrize("now", [10, 40])
def test_a_series_with_another_rate_is_told_of_after_a_quarter_of_an_hour(now):
    """With the new rate in usual ones, in both directions."""
    assert np.isnan(paced(now, 2)).all()
    assert paced(now, 4) == pytest.approx([np.nan, now / 20, np.nan], nan_ok=True)


def test_another_rate_that_stays_is_the_usual_one():
    """After six hours nobody is told any more."""
    assert np.isnan(paced(10, 6 * HOUR // STEP + 1)).all()


def test_small_differences_are_no_other_rate():
    """A lost sample in ten, or one in two a range, is nothing."""
    assert np.isnan(paced(18, 100)).all()
    counts = np.full((2, DAYS_2), 2.0)
    counts[0, -50:] = 1.0
    assert np.isnan(strayed(after(counts > 0, counts))).all()


def test_another_rate_of_most_series_is_how_they_are_scraped():
    """A new scrape interval concerns all; alone, a series cannot be told from its source."""
    assert np.isnan(paced(10, 10, who=(0, 1))).all()
    counts = np.full((1, DAYS_2), 20.0)
    counts[0, -10:] = 10.0
    assert np.isnan(strayed(after(counts > 0, counts))).all()


def test_the_growing_ranges_of_a_new_series_are_no_other_rate():
    """What a range holds is learned for a day first."""
    counts = np.full((3, DAYS_2), 20.0)
    counts[1, :20] = np.arange(20)
    assert np.isnan(strayed(after(counts > 0, counts))).all()


def test_reports_follow_the_series():
    """A series the answer does not name gave nothing."""
    reports = Reports(np.array([[True, False]]), np.array([[3.0, np.nan]])).rows(np.array([-1, 0]))
    np.testing.assert_array_equal(reports.present, [[False, False], [True, False]])
    np.testing.assert_array_equal(reports.counts, [[np.nan, np.nan], [3.0, np.nan]])
    assert not Reports(np.zeros((0, 2), bool)).rows(np.array([-1])).present.any()
