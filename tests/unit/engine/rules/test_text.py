import math
import subprocess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rulecases import HIDDEN_LABELS, HOSTILE, PAYMENT, evidence

from offkey.core.labels import Labels
from offkey.core.signals import Alert, Signal
from offkey.engine import humanize as say
from offkey.engine.rules.text import Identity, alert_labels, final_words, links, literal, series

FUNCTIONS = {
    "humanize": say.humanize,
    "humanize1024": say.humanize_1024,
    "humanizePercentage": say.humanize_percentage,
    "humanizeDuration": say.humanize_duration,
}
VALUES = [
    *(0.0, 1.0, -1.0, 0.5, 999.94, 999.96, 1000.0, 1023.9, 1024.0, 1e6, 123456789.0, 1e18, 5e-3, 1e-9, 1e-30, -0.25),
    *(59.96, 60.0, 3599.0, 3600.0, 90061.5, -3700.0, 1.5, 0.0042, 2.0**40, 1e15, math.inf, -math.inf, 0.3127),
]


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("ratio", 0.3127, "31.27%"),
        ("seconds", 0.0042, "4.2ms"),
        ("seconds", 3700, "1h 1m 40s"),
        ("bytes", 1536, "1.5kiB"),
        ("plays", 12345, "12.35k plays"),
        ("", 7, "7"),
    ],
)
def test_numbers_are_said_in_their_unit(unit, value, text):
    """A ratio is a percentage, seconds are a duration, bytes have binary prefixes, others metric ones."""
    spoken = say.spoken(unit)
    assert spoken.say(value) + spoken.suffix == text


def test_numbers_are_said_as_prometheus_says_them(program, tmp_path):
    """Every function agrees with Prometheus' own to the letter; what the template engine renders is the judge."""
    rules, checks = [], []
    for index, value in enumerate(VALUES):
        expr = f"vector({str(value).replace('inf', 'Inf')})"
        texts = {name: function(value) for name, function in FUNCTIONS.items()}
        actions = {name: f"{{{{ $value | {name} }}}}" for name in FUNCTIONS}
        rules.append({"alert": f"A{index}", "expr": expr, "annotations": actions})
        checks.append({"eval_time": "1m", "alertname": f"A{index}", "exp_alerts": [{"exp_annotations": texts}]})
    (tmp_path / "r.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    tests = {"rule_files": ["r.yml"], "tests": [{"interval": "1m", "alert_rule_test": checks}]}
    (tmp_path / "t.yml").write_text(yaml.safe_dump(tests))
    done = subprocess.run(
        [program("promtool"), "test", "rules", "t.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@given(HOSTILE)
def test_a_literal_opens_no_action(text):
    """Every brace a template engine could act on is inside an action of ours that prints it."""
    written = literal(text)
    assert written.replace('{{ "{" }}', "").count("{") == 0
    assert written.replace('{{ "{" }}', "{") == text


def test_labels_an_alert_would_hide_are_kept_apart():
    """A series' own service, team, signal or alertname stays on the alert under another name."""
    signal, found = HIDDEN_LABELS
    assert Identity.of(signal, found).names == (
        ("alertname", "alertname", "exported_alertname"),
        ("service", "service", "exported_service"),
        ("signal", "exported_signal", "exported_signal"),
        ("team", "team", "exported_team"),
    )


def test_renamed_labels_never_meet_another():
    """Where the first free name is taken, a longer one is found."""
    names = Labels.of(signal="1", exported_signal="2", service="3", exported_service="4")
    identity = Identity.of(Signal("s", "up", alert=Alert(service="x")), evidence(names))
    assert [exposed for _, exposed, _ in identity.names] == [
        "exported_service",
        "exported_signal",
        "service",
        "exported_exported_signal",
    ]
    assert len(set(identity.labels)) == 4


def test_names_prometheus_2_cannot_write_are_left_out():
    """A label name outside the classic alphabet cannot stand in a rule for Prometheus 2."""
    identity = Identity.of(Signal("s", "up"), evidence(Labels.of({"a.b": "1", "c": "2"})))
    assert identity.labels == ("c",)


def test_a_series_is_named_by_its_source_labels():
    """The text says the labels people know, whatever they are called on the alert."""
    signal, found = HIDDEN_LABELS
    identity = Identity.of(signal, found)
    words = final_words("", dict.fromkeys(identity.labels, "x"), {})
    assert series(identity, words) == ' (alertname="x", service="x", signal="x", team="x")'


def test_the_dashboard_opens_on_the_series():
    """Values are escaped for a URL; the link's own query and fragment stay."""
    alert = Alert(dashboard_url="https://g.example/d/x?orgId=1#top")
    identity = Identity.of(Signal("s", "up", alert=alert), evidence(Labels.of(region="eu")))
    words = final_words("", {"signal": "a&b", "region": "e u"}, {})
    found = dict(links(Signal("s", "up", alert=alert), identity, words))
    assert found == {"dashboard_url": "https://g.example/d/x?orgId=1&var-signal=a%26b&var-region=e+u#top"}


def test_no_link_is_made_up():
    """Without a runbook and a dashboard there is no annotation for them."""
    assert links(Signal("s", "up"), Identity("s", ()), final_words("", {}, {})) == ()


def test_alert_labels_hold_policy_and_nothing_learned():
    """A label that changed with learning would restart `for` and make a new alert."""
    signal, _ = PAYMENT
    assert alert_labels(signal) == {
        "severity": "critical",
        "team": "payments",
        "service": "checkout",
        "offkey_rule": "payment-success",
    }


@given(st.floats(allow_nan=False))
def test_any_number_can_be_said(value):
    """No value makes a sentence fail."""
    assert all(function(value) for function in FUNCTIONS.values())
