"""What promtool cannot show: limits, failed evaluations, intervals, orders, labels."""

import numpy as np
import pytest

from offkey.core.labels import NAME, Labels
from offkey.core.rules import AlertRule, RecordRule, RuleGroup
from offkey.engine.promql.notation import track
from offkey.engine.promql.world import Samples
from offkey.engine.ruleplay.episodes import cost, cost_of
from offkey.engine.ruleplay.play import play


def world(**texts):
    """Return series x{i="..."} by their promtool texts, a value a minute."""
    return Samples((Labels.of({NAME: "x", "i": name}), track(text, 60)) for name, text in texts.items())


def played(rules, samples, minutes, limit=0, interval=60):
    """Return what becomes of the rules of one group, by name."""
    group = RuleGroup("g", interval, tuple(rules), limit)
    found = play([group], samples, 0, (minutes - 1) * 60)
    return {one.rule.alert if isinstance(one.rule, AlertRule) else one.rule.record: one for one in found}


def firing(one):
    """Return the minutes at which each series fires."""
    return {labels.get("i", ""): (one.times[there] // 60).tolist()
            for labels, there in zip(one.firing.series, one.firing.there, strict=True) if there.any()}  # fmt: skip


def test_an_alert_fires_after_its_hold_and_stays_for_its_keep():
    """`for` counts from the first breach, `keep_firing_for` from the first minute without."""
    rule = AlertRule("A", "x > 0", hold=120, keep_firing=180)
    one = played([rule], world(a="0 1 1 1 0 0 0 0 0"), 9)["A"]
    assert firing(one) == {"a": [3, 4, 5, 6]}
    (episode,) = cost(one).episodes
    assert (episode.began, episode.fired, episode.ended) == (60, 180, 420)


def test_beyond_the_limit_every_alert_of_a_rule_is_dropped():
    """The evaluation fails, and `for` starts anew."""
    one = played([AlertRule("A", "x > 0", hold=60)], world(a="1x9", b="0 0 0 1 0 0 0 0 0"), 9, limit=1)["A"]
    assert np.flatnonzero(one.failed).tolist() == [3]
    assert firing(one) == {"a": [1, 2, 5, 6, 7, 8]}


def test_a_failed_evaluation_leaves_everything_as_it_was():
    """Two partners where there may be one: what fired keeps firing, and what was recorded is seen for five minutes."""
    samples = Samples(
        [
            (Labels.of({NAME: "x", "i": "a"}), track("1x11", 60)),
            (Labels.of({NAME: "y", "j": "1"}), track("1x11", 60)),
            (Labels.of({NAME: "y", "j": "2"}), track("_x3 1x1 stale", 60)),
        ]
    )
    rules = [RecordRule("r", "x * on () group_left () y"), AlertRule("A", "x > on () group_left () (y - 1)"),
             RecordRule("n", "count(r)")]  # fmt: skip
    found = played(rules, samples, 12)
    assert np.flatnonzero(found["A"].failed).tolist() == [3, 4]
    assert firing(found["A"]) == {"a": list(range(12))}
    assert found["n"].wrote.there[0].all()


def test_a_rule_sees_what_stands_above_it_now_and_what_stands_below_it_an_evaluation_later():
    """The order in the file decides."""
    rules = [RecordRule("early", "late"), RecordRule("late", "x"), RecordRule("after", "late")]
    found = played(rules, world(a="1 2 3 4"), 4)
    assert found["after"].wrote.values.tolist() == [[1, 2, 3, 4]]
    assert found["early"].wrote.there.tolist() == [[False, True, True, True]]
    assert found["early"].wrote.values[0, 1:].tolist() == [1, 2, 3]


def test_a_group_is_evaluated_at_its_own_interval():
    """What happens in between is not seen."""
    one = played([AlertRule("A", "x > 0")], world(a="0 1 0 0 1 1"), 6, interval=120)["A"]
    assert one.times.tolist() == [0, 120, 240]
    assert firing(one) == {"a": [4]}


@pytest.mark.parametrize("expr", ["count_over_time(r[5m])", "max_over_time((r)[5m:1m]) + 1", "r + 1"])
def test_a_rule_that_reads_itself_is_exact(expr):
    """Every evaluation builds on the one before, through ranges and subqueries alike."""
    rule = RecordRule("r", f"({expr}) or vector(1)")
    values = played([rule], world(a="1"), 12)["r"].wrote.values[0]
    history = []
    for _ in range(12):
        window = history[-5:]
        history.append({"c": len(window), "m": max(window, default=0) + 1, "r": (history or [0])[-1] + 1}[expr[0]])
        history[-1] = max(history[-1], 1)
    assert values.tolist() == history


def test_labels_are_filled_and_what_follows_the_value_is_refused():
    """Two alerts that come out alike are an error of the evaluation; a template of $value of the rule."""
    labels = Labels.of(who='{{ $labels.i }}-{{ "{" }}', severity="page")
    found = played([AlertRule("A", "x > 0", labels=labels)], world(a="1", b="1"), 1)["A"]
    assert {one["who"] for one in found.firing.series} == {"a-{", "b-{"}
    found = played([AlertRule("A", "x", labels=Labels.of(v="{{ $value }}"))], world(a="1"), 1)["A"]
    assert "belongs into annotations" in found.problem
    assert found.failed.all()


def test_a_function_that_cannot_be_replayed_leaves_the_other_rules_alone():
    """The problem names the function and the ones there are."""
    rules = [AlertRule("A", "holt_winters(x[5m], 0.5, 0.5) > 0"), AlertRule("B", "x > 0")]
    found = played(rules, world(a="1 1"), 2)
    assert "cannot be replayed (have: " in found["A"].problem
    assert firing(found["B"]) == {"a": [0, 1]}


def test_series_that_fire_together_are_one_page():
    """Within 15 minutes of the end of the last one nothing new is told."""
    one = played([AlertRule("A", "x > 0")], world(a="1 0x9 0x9 0x9 1 1 1", b="0 1 0x9 0x9 0x9 1 0"), 40)["A"]
    assert len(cost(one).episodes) == 4
    assert cost(one).pages == 2
    assert cost_of((), 0, 0).pages == 0


def test_what_still_fires_has_lasted_until_the_end_of_the_replay():
    """An alert that never ended is not one of no length."""
    one = played([AlertRule("A", "x > 0")], world(a="0 1 1 1"), 4)["A"]
    assert [episode.ended for episode in cost(one).episodes] == [None]
    assert cost(one).seconds == 2 * one.group.interval
