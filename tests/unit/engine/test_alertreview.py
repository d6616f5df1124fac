"""What a record proposes."""

import numpy as np

from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels, Matcher
from offkey.engine.alertquality import Silence, qualities
from offkey.engine.alertreview import Present, proposed

MINUTES = 7 * 24 * 60
POD = Labels.of(alertname="High", severity="warning", offkey_rule="load")
AS_IT_IS = Present(120, 300, 2.0)


def record(*spans, silences=()):
    """Return the record of a week in which one series fired in some minutes [first, last)."""
    values = np.full((1, MINUTES), np.nan)
    for first, last in spans:
        values[0, first:last] = 1.0
    (found,) = qualities(Frame((POD,), values, Axis(0, 60, MINUTES)), list(silences), {})
    return found


def silence(first, verdict=""):
    """Return a silence made at a minute, for an hour."""
    return Silence((Matcher("alertname", "=", "High"),), first * 60, (first + 60) * 60, verdict)


SHORT = [(first, first + 8) for first in range(200, 9000, 1000)]  # 3 minutes of breach and 5 of keep_firing_for


def keys(changes):
    """Return what would be changed."""
    return {one.key: one.after for one in changes}


def test_short_episodes_ask_for_a_longer_for():
    """Nine breaches end 3 minutes after they fired: a `for` of 10 minutes would have told of none of them."""
    assert keys(proposed(record(*SHORT), AS_IT_IS)) == {"for": "10m"}


def test_an_episode_somebody_acted_on_is_never_muted():
    """One of the short episodes was acknowledged: the `for` stays; called a false alarm, it may go."""
    assert proposed(record(*SHORT, silences=[silence(203)]), AS_IT_IS) == []
    assert keys(proposed(record(*SHORT, silences=[silence(203, "false")]), AS_IT_IS)) == {"for": "10m"}


def test_flaps_ask_for_a_longer_keep_firing_for():
    """It comes back 6 minutes after each end: 15 minutes of keeping joins them, 10 of the present 5 do not."""
    long = [(first, first + 60) for first in range(1000, 1600, 66)]
    assert keys(proposed(record(*long), Present(120, 300, 20.0))) == {"keep_firing_for": "15m"}


def test_long_episodes_over_budget_ask_for_a_higher_bound():
    """Eight of nine stay within 1.2 times the bound, the ninth reaches 4: a factor of 1.25 keeps the budget."""
    spans = [(first, first + 60) for first in range(200, 9000, 1000)]
    peaks = np.full((1, MINUTES), np.nan)
    for first, last in spans:
        peaks[0, first:last] = 1.2
    peaks[0, 210] = 4.0
    scores = Frame((Labels(),), peaks, Axis(0, 60, MINUTES))
    assert keys(proposed(record(*spans), AS_IT_IS, scores)) == {"bound": "1.25"}
    assert keys(proposed(record(*spans), Present(120, 300, 2.0, 2.0), scores)) == {"bound": "2.5"}
    assert proposed(record(*spans, silences=[silence(1210)]), AS_IT_IS, scores) == []


def test_an_alert_that_is_always_wrong_is_retired():
    """Five verdicts, all of them against it; four are too few to say."""
    against = [silence(first + 2, "false") for first, _ in SHORT]
    assert keys(proposed(record(*SHORT, silences=against[:5]), AS_IT_IS)) == {"retire": ""}
    assert "retire" not in keys(proposed(record(*SHORT, silences=against[:4]), AS_IT_IS))


def test_a_good_or_a_young_record_proposes_nothing():
    """Within the budget and acted upon; or seen four times only."""
    assert proposed(record((200, 260), (3000, 3100)), AS_IT_IS) == []
    assert proposed(record(*SHORT[:4]), AS_IT_IS) == []
