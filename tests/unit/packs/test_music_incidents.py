"""Ground truth: when an incident is felt, how strongly, and by whom."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.core.frame import Axis
from offkey.core.labels import Labels, Matcher
from offkey.packs.music.calendar import DAYS, START, calendar
from offkey.packs.music.incidents import Incident

DAY = 86_400


def incident(**changes):
    """Return an incident of 100 seconds after t = 1000, rising 40 s and falling 20 s."""
    return Incident(**({"id": "X", "kind": "x", "severity": "info", "start": 1_000, "end": 1_100} | changes))


def test_strength_is_a_trapezoid():
    """It rises straight, stays, falls straight, and is nothing before and after."""
    felt = incident(ramp_up=40, ramp_down=20).strength(Axis(1_000, 10, 12))
    np.testing.assert_allclose(felt, [0, 0.125, 0.375, 0.625, 0.875, 1, 1, 1, 1, 0.75, 0.25, 0], atol=1e-12)


def test_a_step_that_is_felt_in_part_counts_in_part():
    """A 5-minute column that holds 100 seconds of it feels a third."""
    assert incident().strength(Axis(1_200, 300, 1)) == pytest.approx([1 / 3])


@given(step=st.sampled_from([5, 15, 60, 300]), up=st.integers(0, 900), down=st.integers(0, 900), scale=st.floats(0, 2))
def test_the_sum_over_time_is_the_same_at_every_step(step, up, down, scale):
    """Strength times step adds up to the area of the trapezoid."""
    subject = incident(end=4_000, ramp_up=up, ramp_down=down, scale=scale)
    felt = subject.strength(Axis.between(0, 9_000, step))
    assert felt.sum() * step == pytest.approx(scale * (3_000 - up / 2 - down / 2))
    assert felt.min() >= 0
    assert felt.max() <= scale * (1 + 1e-9)


def test_ramps_fit_into_the_incident():
    """Ramps longer than the incident are refused."""
    with pytest.raises(ValueError, match=r"incident X lasts 100 s; its ramps take longer"):
        incident(ramp_up=60, ramp_down=50)


def test_the_selector_reads_as_prometheus_reads_it():
    """Patterns are anchored, and an absent label is the empty text."""
    subject = incident(
        selector=(Matcher("region", "=~", "eu"), Matcher("tier", "!=", "free"), Matcher("x", "!~", "y.*"))
    )
    assert subject.touches(Labels.of(region="eu"))
    assert not subject.touches(Labels.of(region="eu-west"))
    assert not subject.touches(Labels.of(region="eu", tier="free"))
    assert not subject.touches(Labels.of(region="eu", x="yes"))
    assert not subject.touches(Labels.of(tier="premium"))


def test_the_calendar_leaves_three_clean_weeks():
    """Only the slow rise of a genre begins before day 26, and all ends within the 35 days."""
    entries = {entry.id: entry for entry in calendar()}
    early = [name for name, entry in entries.items() if entry.start < START + 26 * DAY]
    assert early == ["B03"]
    assert all(entry.end <= START + (DAYS + 3) * DAY for entry in entries.values())
    assert sorted(entries) == sorted([*(f"I{k:02d}" for k in range(1, 14)), *(f"B{k:02d}" for k in range(1, 6))])


def test_the_calendar_starts_on_a_monday():
    """The album comes out on a Friday, so another weekday is refused."""
    assert [entry.start for entry in calendar(START + 7 * DAY)] == [entry.start + 7 * DAY for entry in calendar()]
    with pytest.raises(ValueError, match="starts on a Monday"):
        calendar(START + DAY)


def test_benign_entries_expect_no_alert():
    """Whatever pages for them is wrong; everything else names its alert, a severity and a delay, or is news."""
    for entry in calendar():
        assert (entry.alert != "") == (entry.category == "incident")
        assert (entry.severity == "none") == (entry.category == "benign")
        assert (entry.delay > 0) == (entry.category != "benign")


def test_the_record_is_json(golden):
    """The ground truth can be written and read by any program."""
    records = [entry.record() for entry in calendar()]
    golden("music/incidents.json", json.dumps(records, indent=1) + "\n")
