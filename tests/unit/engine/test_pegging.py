"""Series at an end of their scale are judged by how long they stay there."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper import SIGNAL, Fixed, Flat, Rig, Script, Steady

from offkey.core.calendars import Calendar, Recurrence
from offkey.core.durations import DAY, HOUR, MINUTE, WEEK
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.plugins import model
from offkey.core.signals import OPEN
from offkey.core.state import State
from offkey.engine.advance import passages
from offkey.engine.inquiry import PEGGED, inquire
from offkey.engine.learning import learn, replay
from offkey.engine.pegging import blank, marks, stays
from offkey.engine.plan import Plan
from offkey.engine.quality import examine
from offkey.engine.rules.evidence import evidence

A = Labels.of(name="a")
STEP = 5 * MINUTE
SHARE = replace(
    SIGNAL, direction="above", scale=(0.0, 1.0), valid=(-0.1, 1.1), step=STEP, history_step=STEP, adopt_after=6 * HOUR
)
QUIET = [0.5] * (WEEK // STEP)


def framed(values, start=0, step=STEP):
    """Return a frame of one series."""
    row = np.array([values], float)
    return Frame((A,), row, Axis(start, step, row.shape[1]))


def stayed(values, signal=SHARE, ledger=None):
    """Return each sample's stay in those that may be, rounded, and the ledger after them."""
    before = ledger or State((A,), blank(1))
    share, rows = stays(signal, before, framed(values))
    return share[0].round(3).tolist(), State((A,), rows)


def known(*stay_lengths):
    """Return the ledger of a series that was seen for a week and stayed at the upper end for so many samples each."""
    past = list(QUIET)
    for length in stay_lengths:
        past += [1.0] * length + [0.5]
    return stayed(past)[1]


def test_a_stay_that_never_was_may_last_as_long_as_three_samples():
    """Then each sample counts for a third of the bound; away from the end nothing does, and it begins anew."""
    assert stayed([0.6, 1.0, 0.97, 1.0, 1.0, 0.94, 1.0], ledger=known())[0] == [0, 0.333, 0.667, 1, 1.333, 0, 0.333]


def test_at_short_steps_it_may_last_ten_minutes():
    """A minute counts for a tenth."""
    frame = framed([1.0] * 11, step=MINUTE)
    share, _ = stays(SHARE, known(), frame)
    np.testing.assert_allclose(share[0], np.arange(1, 12) / 10)


def test_three_times_the_second_longest_stay_is_usual():
    """One long stay of the past teaches nothing, the second does: 12 samples allow 36, for some weeks."""
    assert stayed([1.0] * 4, ledger=known(12))[0][-1] == pytest.approx(4 / 3, abs=1e-3)
    assert stayed([1.0] * 36, ledger=known(12, 30))[0][-1] == pytest.approx(1.0, abs=0.01)
    assert stayed([1.0] * 37, ledger=known(30, 12))[0][-1] > 1.0


def test_a_stay_each_week_stays_known():
    """After two weeks a third one, half as long again, is within what may be."""
    week = [0.5] * (WEEK // STEP - 20) + [1.0] * 20
    found = stayed(week * 3 + [1.0] * 10)[0]
    assert max(found[2 * len(week) :]) <= 1.0


def test_nothing_is_said_before_a_week_was_seen():
    """How long a series stays is not known yet; samples that are missing do not count."""
    assert max(stayed([1.0] * 30)[0]) == 0
    assert max(stayed([*QUIET[:-30], *[np.nan] * 30, *[1.0] * 30])[0]) == 0


def test_a_missing_sample_changes_nothing():
    """A stay goes on after it."""
    assert stayed([1.0, 1.0, np.nan, 1.0, 1.0], ledger=known())[0] == [0.333, 0.667, 0, 1, 1.333]


def test_a_stay_that_lasts_is_the_new_normal():
    """After `adopt_after` it is usual at once, and as long a one later."""
    lasting = SHARE.adopt_after // STEP
    found, after = stayed([1.0] * (lasting + 1), ledger=known())
    assert found[lasting - 1] > 1.0
    assert found[lasting] < 1.0
    assert stayed([0.5, *[1.0] * lasting], ledger=after)[0][-1] < 1.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (-np.inf, 0.95)),
        ({"direction": "below"}, (0.05, np.inf)),
        ({"direction": "both"}, (0.05, 0.95)),
        ({"direction": "both", "scale": (0.0, np.inf)}, (0.0, np.inf)),
        ({"scale": (0.0, np.inf)}, (-np.inf, np.inf)),
    ],
)
def test_only_watched_ends_count(changes, expected):
    """A twentieth of a whole scale is as good as its end; of a half-open one only the end itself is."""
    assert marks(replace(SHARE, **changes)) == pytest.approx(expected)


def test_the_lower_end_has_its_own_stays():
    """What is usual at one end is not at the other, and changing ends ends a stay."""
    both = replace(SHARE, direction="both")
    ledger = stayed(([1.0] * 40 + [0.5]) * 2, both, known())[1]
    assert stayed([1.0, 1.0, 0.0, 0.0, 0.0, 0.0], both, ledger)[0] == [0.008, 0.017, 0.333, 0.667, 1, 1.333]


@given(st.lists(st.sampled_from([0.5, 1.0, np.nan]), min_size=1, max_size=12), st.integers(0, 12))
def test_going_in_pieces_is_going_at_once(values, cut):
    """What is kept between two blocks is all there is to know."""
    whole, end = stayed(values, ledger=known(3, 3))
    first, middle = stayed(values[:cut], ledger=known(3, 3))
    second, last = stayed(values[cut:], ledger=middle)
    assert whole == first + second
    for name in end.rows:
        np.testing.assert_array_equal(end[name], last[name])


def test_excluded_times_are_neither_judged_nor_learned():
    """A calendar that says so holds for stays too."""
    always = Calendar("always", recurrences=(Recurrence(tuple(range(7))),), exclude=True)
    signal = replace(SHARE, calendars=(always,))
    found, after = stayed([1.0] * 9, signal, known())
    assert max(found) == 0
    assert after["stay"][0] == 0


def planned(detector, bound=4.0, **changes):
    """Return a plan of the share."""
    return Plan(replace(SHARE, **changes), detector, Flat(), Fixed(bound))


def examined(frame, signal=SHARE):
    """Return a frame as quality lets it through."""
    return examine(signal, frame, None)


def test_what_is_measured_beyond_the_end_is_at_the_end():
    """Rounding makes no share of 1.02; what cannot be true is a fault as ever."""
    np.testing.assert_array_equal(examined(framed([1.02, -0.02, 0.3, 1.2])).frame.values, [[1.0, 0.0, 0.3, np.nan]])


def test_a_pegged_series_is_anomalous():
    """Its stay is the score; data that may not be believed are judged and add nothing to it."""
    plan = planned(Steady())
    past = examined(framed(QUIET + QUIET))
    now = examined(framed([1.0] * 5, start=past.frame.axis.end + STEP))
    doubted = [passage for _, passage in passages(plan, learn(plan, past), now, 1, learn=False)]
    np.testing.assert_allclose([passage.judged.score[0, 0] for passage in doubted], [1 / 3] * 5)
    seen = [passage for _, passage in passages(plan, learn(plan, past), now, 1, learn=True)]
    np.testing.assert_allclose([passage.judged.score[0, 0] for passage in seen], [1 / 3, 2 / 3, 1, 4 / 3, 5 / 3])
    assert [passage.opened[0, 0] for passage in seen] == [False, False, False, True, True]


def bursts(seed, days, level=0.25):
    """Return a gauge without a season between a tenth and four fifths, a sample each STEP."""
    rng = np.random.default_rng(seed)
    raised = np.repeat(rng.random(days * DAY // HOUR) < 0.3, HOUR // STEP)
    return np.clip(level + 0.35 * raised + 0.08 * rng.standard_normal(raised.size), 0.1, 0.8)


@pytest.mark.parametrize("scale", [(0.0, 1.0), (-np.inf, np.inf)])
def test_a_bursty_gauge_at_its_limit_is_found_by_its_scale(scale):
    """The band of a gauge that leaps between 10 and 80 % goes beyond 100 %; with a scale it ends there.

    It comes down to where the end begins as soon as the stay is too long, so that the sample is outside.
    """
    plan = planned(model("offkey.models.detect", "seasonal", season="none"), bound=4.5, scale=scale)
    past = framed(bursts(seed=7, days=14))
    now = framed([1.0] * 12, start=past.axis.end + STEP)
    memory = learn(plan, examined(past, plan.signal))
    seen = [passage for _, passage in passages(plan, memory, examined(now, plan.signal), 1, learn=True)]
    is_open = [bool(passage.opened[0, 0]) for passage in seen]
    assert any(is_open) == (scale == (0.0, 1.0))
    if any(is_open):
        assert is_open.index(True) == 3
        assert all(is_open[3:])
        assert seen[3].judged.band.upper[0, 0] == 0.95
        assert seen[2].judged.band.upper[0, 0] == 1.0


def test_small_deviations_from_what_is_usual_never_alert_here_either():
    """A disk that is 94 % full as ever may be 96 % full."""
    plan = planned(Steady(), least_absolute=0.05)
    past = examined(framed([0.94] * 2 * len(QUIET)))
    now = examined(framed([0.96] * 9, start=past.frame.axis.end + STEP))
    *_, (_, passage) = passages(plan, learn(plan, past), now, 9, learn=True)
    assert passage.judged.score.max() == pytest.approx(0.4)


def test_the_replay_counts_what_stays_would_have_cost():
    """A stay in the replayed half is one alert of that week."""
    values = [*QUIET, *[1.0] * 9, *QUIET[9:]]
    plan = planned(Steady(), bound=100.0)
    memory, (_, seen) = learn(plan, examined(framed(values))), replay(plan, examined(framed(values)), np.full(1, 100.0))
    assert memory.ledger.shared["expected_alerts_per_week"][0] == pytest.approx(1.0)
    assert seen.stay.max() == pytest.approx(3.0)


def test_explaining_names_the_stay():
    """It stands beside the detector's own parts, in strangeness."""
    past = framed(QUIET + QUIET)
    lately = examined(framed([1.0] * 6, start=past.axis.end + STEP))
    assert inquire(planned(Steady()), examined(past), lately).parts[PEGGED][0] == pytest.approx(2 * 4.0)
    assert PEGGED not in inquire(planned(Steady(), scale=OPEN), examined(past), lately).parts


def test_a_reviewed_bound_lets_the_live_one_come_down_to_the_end():
    """The constant is the widest band, cut by the scale; in between the live bound may be."""
    found = evidence(planned(Steady(), bound=0.6), examined(framed(QUIET + QUIET)))
    assert (found.upper.constant, found.upper.lowest, found.upper.highest) == (1.0, 0.95, 1.0)


def test_forecasts_and_bands_end_with_the_scale():
    """Valid range and scale both hold."""
    signal = replace(SHARE, horizons=(3600,), history=DAY)
    rig = Rig([Plan(signal, Steady(), Flat(), Fixed(4.0))], Script({SIGNAL.query: {A: lambda times: 0.9 + 0 * times}}))
    found = rig.tick().verdicts[0]
    assert (found.band.lower[0], found.band.upper[0]) == (0.0, 1.0)
    assert (found.forecast.lower[0, 0], found.forecast.upper[0, 0]) == (0.0, 1.0)
