import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from rulecases import ALL, ANSWERS_ALONE, DEMO, LATENCY, NO_BAND, PAYMENT, PLAYS, SLOW, evidence, hostile_cases

from offkey.core.errors import RuleError
from offkey.core.labels import Labels
from offkey.core.rules import AlertRule, RecordRule
from offkey.core.signals import Alert
from offkey.engine.rules.group import fingerprint, form_of, rule_file, rule_group, rule_tests
from offkey.engine.rules.reviewed import Constants


def alerts(signal, found):
    """Return the alerts of a group by name."""
    return {rule.alert: rule for rule in rule_group(signal, found).rules if isinstance(rule, AlertRule)}


def records(signal, found):
    """Return the recorded expressions of a group by name and bound."""
    rules = [rule for rule in rule_group(signal, found).rules if isinstance(rule, RecordRule)]
    return {(rule.record, rule.labels.get("bound", "")): rule.expr for rule in rules}


@pytest.mark.parametrize(
    ("case", "form"),
    [(PAYMENT, "threshold"), (PLAYS, "threshold"), (LATENCY, "anomaly"), (NO_BAND, "anomaly"), (SLOW, "threshold")],
)
def test_one_series_has_a_threshold_and_many_are_read_sparsely(case, form):
    """The form follows the number of series, unless the signal says which it wants."""
    assert form_of(*case) == form


def test_a_query_that_answers_alone_is_not_given_a_threshold_by_itself():
    """Its test could not tell it other values; only who asks for the threshold form gets it."""
    signal, found = ANSWERS_ALONE
    assert form_of(replace(signal, alert=Alert()), found) == "anomaly"


def test_a_signal_that_exposes_no_thresholds_is_read_sparsely():
    """Without live thresholds on /metrics a threshold rule would always be on its constants."""
    signal, found = PLAYS
    assert form_of(replace(signal, expose="score"), found) == "anomaly"


def test_a_threshold_that_cannot_be_had_is_an_error():
    """The message says what is missing and what to write instead."""
    signal, found = PLAYS
    with pytest.raises(RuleError, match="threshold needs expose: full, not score; or write form: anomaly"):
        form_of(replace(signal, expose="score", alert=Alert(form="threshold")), found)
    with pytest.raises(RuleError, match="needs a reviewed bound"):
        form_of(replace(signal, alert=Alert(form="threshold")), evidence())


def test_a_signal_without_alert_has_no_rules():
    """Nobody is told of such a signal, so a rule group for it is a mistake."""
    with pytest.raises(RuleError, match="has no alert"):
        rule_group(replace(PLAYS[0], alert=None), PLAYS[1])


def test_the_live_threshold_is_held_in_its_envelope():
    """The bound in force is the live one, clamped, or the reviewed constant."""
    found = records(*PAYMENT)
    assert found["offkey:threshold_reviewed", "lower"] == "vector(0.91318)"
    assert found["offkey:threshold", "lower"] == (
        'clamp(max by (signal) (offkey_threshold{signal="payment-success",bound="lower"}), 0.8521, 0.9504)\n'
        "or on (signal)\n"
        'group by (signal) (offkey:observed{signal="payment-success"})\n'
        '  * on (signal) group_left () offkey:threshold_reviewed{signal="payment-success",bound="lower"}'
    )


def test_the_exporters_own_labels_never_reach_an_alert():
    """`job` and `instance` are aggregated away where the series have none, and kept where they have."""
    signal, found = LATENCY
    assert "max by (signal, route) (offkey_anomaly" in alerts(signal, found)["ApiLatencyP99Anomalous"].expr
    own = replace(found, series=(Labels.of(instance="a", job="b"), Labels.of(instance="b", job="b")))
    assert "max by (signal, instance, job) (offkey_anomaly" in alerts(signal, own)["ApiLatencyP99Anomalous"].expr


def test_late_data_are_read_late():
    """A signal that stays behind now is read as it was then; so is its traffic."""
    found = records(*SLOW)
    query = "last_over_time((\ncatalogue_bytes # of every copy\n)[1s:1s] offset 300s)"
    assert found["offkey:observed", ""] == query
    assert found["offkey:traffic", ""].endswith("[1s:1s] offset 300s)")


def test_many_series_have_no_second_query():
    """Beyond a thousand series the query is not evaluated a second time for the day the exporter is silent."""
    signal, found = LATENCY
    many = replace(found, series=tuple(Labels.of(route=f"/{index:04}") for index in range(1_001)))
    assert ("offkey:observed", "") in records(signal, found)
    assert ("offkey:observed", "") not in records(signal, many)
    assert set(alerts(signal, many)) == {"ApiLatencyP99Anomalous", "OffkeySignalUnwatched"}


def test_rules_are_evaluated_while_alerts_remember_that_they_fire():
    """The dead band lives on ALERTS, which Prometheus sees for 5 minutes: no group is slower than 2."""
    assert rule_group(*SLOW).interval == 120
    assert rule_group(*DEMO).interval == 15


def test_alert_names_are_made_of_the_signals_name():
    """CamelCase, unless the user gives a name."""
    signal, found = PLAYS
    named = replace(signal, alert=Alert(name="NobodyListens"))
    assert next(iter(alerts(replace(signal, name="a_b-c.d9"), found))) == "ABCD9Anomalous"
    assert next(iter(alerts(named, found))) == "NobodyListens"


@pytest.mark.parametrize("case", ALL, ids=lambda case: case[0].name)
def test_nothing_learned_is_in_a_label(case):
    """Other constants change expressions and annotations only: a firing alert goes on."""
    signal, found = case
    typical = found.typical * 1.01 + 1e-6
    moved = {
        side: replace(bound, constant=(bound.constant + bound.highest) / 2)
        for side in ("lower", "upper")
        if (bound := getattr(found, side))
    }
    other = replace(found, typical=typical, **moved)
    names = [(rule.alert, rule.labels, rule.hold) for rule in alerts(signal, found).values()]
    assert names == [(rule.alert, rule.labels, rule.hold) for rule in alerts(signal, other).values()]
    assert rule_group(signal, found).name == rule_group(signal, other).name


@pytest.mark.parametrize("case", ALL, ids=lambda case: case[0].name)
def test_every_alert_is_tested_firing_and_quiet(case):
    """Each alert of a group has a check in which it fires and one in which it does not."""
    signal, found = case
    checks = [check for test in rule_tests(signal, found) for check in test.alerts]
    firing = {check.alert for check in checks if check.firing}
    quiet = {check.alert for check in checks if not check.firing}
    wanted = set() if case is ANSWERS_ALONE else set(alerts(signal, found))
    assert wanted <= firing
    assert wanted - {"ApiLatencyP99OutOfRange"} <= quiet


def test_the_header_says_where_the_constants_come_from():
    """Window, samples, cost and reason are there, and no wall clock."""
    assert rule_file(*PAYMENT).header == (
        "learned from 2025-10-20T00:00:00Z to 2025-11-19T00:00:00Z (30d, every 1m)",
        "42725 samples of 1 series, 98.9% present",
        "expected alerts a week: 1.6 (budget 2)",
        "the seasonal band at its widest over the last 30d",
    )


def test_an_unknown_cost_is_said_to_be_unknown():
    """A cost nobody could replay is not shown as a number."""
    signal, found = PLAYS
    header = rule_file(signal, replace(found, expected_alerts_per_week=float("nan"), why="")).header
    assert header[-1] == "expected alerts a week: unknown (budget 0.5)"


def test_written_constants_stay_within_the_dead_band():
    """A file made from nearly the same evidence says the same."""
    signal, found = PAYMENT
    first = rule_file(signal, found)
    near = replace(found, typical=0.9668, lower=replace(found.lower, constant=0.9149))
    again = rule_file(signal, near, Constants(0.966, {"lower": (0.913, 0.852, 0.95)}))
    assert (again.groups, again.tests) == (first.groups, first.tests)


def test_the_fingerprint_follows_the_signal():
    """Equal signals have one, another query has another."""
    signal, _ = PLAYS
    assert fingerprint(signal) == fingerprint(replace(signal))
    assert fingerprint(signal) != fingerprint(replace(signal, query="up"))


@settings(deadline=None)
@given(hostile_cases())
def test_label_values_are_never_templates(case):
    """Whatever texts a signal holds, every template action in its rules is one of ours."""
    own = re.compile(
        r'\{\{ (\$labels\.\w+( \| urlquery)?|\$value \| \w+( "%\.2f")?|"\{"|else|end|'
        r'\. \| first \| value \| \w+( "%\.2f")?|with printf "(\\.|[^"\\])*"( \$labels\.\w+)+ \| query) \}\}'
    )
    for rule in rule_group(*case).rules:
        if isinstance(rule, AlertRule):
            for text in [*rule.labels.values(), *(text for _, text in rule.annotations)]:
                assert "{" not in own.sub("", text)
