"""Budgets that several signals share, in the configuration file."""

import pytest

from offkey.app.config import parse
from offkey.core.errors import ConfigError

TEXT = """\
sources: {default: {url: http://localhost:9090}}
%s
signals:
  - {name: a, query: a, alert: {team: pay, budget: 3/week}}
  - {name: b, query: b, alert: {team: pay, budget: 1/week}}
  - {name: c, query: c, alert: {budget: 2/week}}
  - {name: d, query: d, alert: none}
"""


def budgets(text):
    """Return the budget of each alert that a text leads to."""
    config = parse(TEXT % text, "offkey.yml")
    return {one.name: one.alert.budget_per_week for one in config.signals if one.alert}


def test_limits_lower_the_budgets_of_their_signals():
    """Without limits budgets are as written; a team's limit lowers its own signals, the fleet's all of them."""
    assert budgets("") == {"a": 3.0, "b": 1.0, "c": 2.0}
    assert budgets("budgets: {teams: {pay: 2/week}}") == {"a": 1.5, "b": 0.5, "c": 2.0}
    assert budgets("budgets: {fleet: 3/week}") == {"a": 1.5, "b": 0.5, "c": 1.0}
    assert budgets("budgets: {fleet: 2/week, teams: {pay: 2/week}}") == {"a": 0.75, "b": 0.25, "c": 1.0}


def test_a_team_that_is_not_there_is_refused():
    """A limit that holds for nothing is a mistake, with the nearest name."""
    with pytest.raises(ConfigError, match=r'offkey.yml:2:.*no signal has alert.team "pax"; did you mean "pay"'):
        budgets("budgets: {teams: {pax: 2/week}}")


def test_the_team_of_a_refused_signal_is_not_missed():
    """One mistake is told once: the signal of that team is there, it is only not acceptable yet."""
    text = (TEXT % "budgets: {teams: {pay: 2/week}}").replace("budget: 3/week", "for: soon")
    text = text.replace("budget: 1/week", "for: later")
    with pytest.raises(ConfigError) as caught:
        parse(text, "offkey.yml")
    assert len(str(caught.value).splitlines()) == 2
    assert "no signal has" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("review: {source: other}", 'review.source: no source is called "other"'),
        ("review: {alertmanager: {url: localhost}}", "review.alertmanager"),
        ("review: {window: 0s}", "0s is too short"),
    ],
)
def test_a_review_that_cannot_be_made_is_refused(text, words):
    """Sources and servers of the section are checked where they are written."""
    with pytest.raises(ConfigError, match=words):
        budgets(text)


@pytest.mark.parametrize("share", ["0", "1", "1.5"])
def test_a_false_share_is_a_share(share):
    """Neither none nor all of the pages may be chance."""
    with pytest.raises(ConfigError, match="not a share"):
        parse((TEXT % "").replace("budget: 2/week", f"false_share: {share}"), "offkey.yml")
