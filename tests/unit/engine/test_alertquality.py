"""What alerts were worth, from what fired and what was silenced."""

import math

import numpy as np
import pytest

from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels, Matcher
from offkey.engine.alertquality import AlertId, Silence, qualities, verdict_of

MINUTES = 7 * 24 * 60
HIGH = Labels.of(alertname="High", severity="warning", offkey_rule="load", pod="a")
OTHER = HIGH.but(pod="b")


def firing(*rows):
    """Return a week of ALERTS; each row is labels and the minutes [first, last) in which they fire."""
    values = np.full((len(rows), MINUTES), np.nan)
    for row, (_, spans) in zip(values, rows, strict=True):
        for first, last in spans:
            row[first:last] = 1.0
    return Frame(tuple(labels for labels, _ in rows), values, Axis(0, 60, MINUTES))


def silenced(pod, first, last, verdict=""):
    """Return a silence of one pod, from minute to minute."""
    return Silence((Matcher("pod", "=", pod),), first * 60, last * 60, verdict)


def test_series_that_fire_together_are_one_page():
    """Pages, short episodes and flaps are counted by hand: two series at once, then one that comes back in an hour."""
    (found,) = qualities(firing((HIGH, [(100, 105), (150, 200)]), (OTHER, [(103, 110), (5000, 5100)])), None, {})
    assert found.alert == AlertId("High", "warning", "load")
    assert (found.cost.pages, found.flaps, len(found.pages)) == (3, 1, 4)
    assert found.cost.pages_per_week == 3.0
    assert found.cost.short == 0.5
    assert math.isnan(found.self_resolved)
    assert math.isnan(found.precision)


def test_what_was_silenced_before_it_began_told_nobody():
    """A maintenance silence takes the episode out of the record; one made while it fired acknowledges it."""
    frame = firing((HIGH, [(100, 200)]), (OTHER, [(300, 400), (1000, 1100)]))
    (found,) = qualities(frame, [silenced("a", 50, 250), silenced("b", 310, 500)], {})
    assert [one.episode.fired for one in found.pages] == [300 * 60, 1000 * 60]
    assert [one.is_acknowledged for one in found.pages] == [True, False]
    assert found.self_resolved == 0.5


def test_a_verdict_counts_once_however_many_series_it_concerns():
    """Silences with a verdict are counted, also those made up to a day after the end; strangers are not."""
    frame = firing((HIGH, [(100, 200)]), (OTHER, [(110, 190)]))
    both = Silence((Matcher("alertname", "=", "High"),), 120 * 60, 500 * 60, "false")
    late = silenced("a", 300, 310, "true")
    stranger = Silence((Matcher("alertname", "=", "Low"),), 120 * 60, 500 * 60, "false")
    too_late = silenced("a", 200 + 24 * 60 + 1, 3000, "false")
    (found,) = qualities(frame, [both, late, stranger, too_late], {})
    assert (found.right, found.wrong, found.precision) == (1, 1, 0.5)


def test_an_alert_that_never_fired_has_a_record():
    """Rates are over the time its rules existed; an alert that fired before the window is not counted in it."""
    quiet = AlertId("Low", "info", "idle")
    found = qualities(firing((HIGH, [(0, 50), (100, 200)])), [], {"load": MINUTES * 30, "idle": 600}, [quiet])
    assert [(one.alert.alert, one.cost.pages) for one in found] == [("High", 1), ("Low", 0)]
    assert found[0].cost.pages_per_week == pytest.approx(2.0)
    assert found[1].cost.pages_per_week == 0.0


@pytest.mark.parametrize(
    ("comment", "verdict"),
    [
        ("False alarm, backup ran", "false"),
        ("real incident INC-12", "true"),
        ("true positive", "true"),
        ("false-positive", "false"),
        ("looking into it", ""),
        ("was it a false alarm or a real alarm?", ""),
        ("nontrue alarm", ""),
    ],
)
def test_a_comment_may_hold_a_verdict(comment, verdict):
    """Plain words are read in any case; both at once say nothing."""
    assert verdict_of(comment) == verdict
