import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from offkey.app import yamlfile
from offkey.app.alertmanager import reading, rendering, routing
from offkey.app.cli import root
from offkey.core.errors import ConfigError

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "tests" / "fixtures" / "alertmanager.offkey.yml"


def section(text=None, **changes):
    """Return the example, with some of its top keys changed."""
    document = yamlfile.parse(text or EXAMPLE.read_text(), "offkey.yml")
    document.value["alertmanager"].update(changes)
    return reading.parse(document)


@pytest.mark.parametrize("version", ["0.25", "0.30"])
def test_golden_configuration(golden, version):
    """What Alertmanager reads looks exactly like this."""
    golden(f"alertmanager/rendered-{version}.yml", rendering.config_text(section(version=version)))


def test_golden_storm_rules(golden):
    """The rules that count alerts of a team, and the tests that prove them."""
    files = rendering.rendered(section())
    golden("alertmanager/storms.rules.yml", files[rendering.STORMS])
    golden("alertmanager/storms.test.yml", files[rendering.STORM_TESTS])


def test_the_templates_are_the_ones_of_the_project():
    """What is written beside a configuration is what the folder alertmanager/ holds."""
    assert (
        rendering.rendered(section())[rendering.TEMPLATE] == (ROOT / "alertmanager/templates/offkey.tmpl").read_text()
    )


def test_no_secret_can_be_written():
    """There is no key that takes one; the message names the one that takes a file."""
    text = "alertmanager: {receivers: {a: {pagerduty: [{routing_key: x}]}}, default: a}\n"
    with pytest.raises(ConfigError, match="secrets stand in files of their own: write routing_key_file"):
        section(text)


def test_without_limits_there_are_no_storm_rules():
    """No rule that nobody asked for, and nobody is inhibited by it."""
    one = section(teams={})
    assert set(rendering.rendered(one)) == {rendering.CONFIG, rendering.TEMPLATE}
    assert "OffkeyAlertStorm" not in rendering.config_text(one)


def test_each_step_of_an_escalation_waits_longer_and_all_but_the_last_go_on():
    """The chain of siblings is told in order; a group for every alert keeps late ones from escalating at once."""
    tree = yaml.safe_load(rendering.config_text(section()))["route"]["routes"]
    chain = [route for route in tree if route.get("matchers") == ['severity="critical"']]
    assert [(one["receiver"], one["group_wait"], one.get("continue", False)) for one in chain] == [
        ("page", "10s", True),
        ("second-line", "15m", True),
        ("managers", "30m", False),
    ]
    assert [one.get("group_by") for one in chain] == [None, ["..."], ["..."]]


def test_a_night_is_two_intervals_and_a_holiday_one():
    """Alertmanager knows no interval over midnight, and days only by year, month and day."""
    parts = [{"from": "22:00", "to": "06:00"}, {"dates": ["2026-12-25"]}]
    text = rendering.config_text(section(time_intervals={"office": parts}))
    found = yaml.safe_load(text)["time_intervals"][0]["time_intervals"]
    assert [(one["start_time"], one["end_time"]) for one in found[0]["times"]] == [
        ("22:00", "24:00"),
        ("00:00", "06:00"),
    ]
    assert found[1] == {"years": ["2026"], "months": ["12"], "days_of_month": ["25"], "location": "UTC"}


HEAD = "alertmanager:\n  receivers: {a: {slack: [{channel: '#a', api_url_file: /f}]}}\n"
MISTAKES = {
    "  default: b\n": '3:12: alertmanager.default: no receiver is called "b" (have: a)',
    "  severities: {critical: {receiver: aa}}\n": "3:37: alertmanager.severities.critical.receiver: no receiver",
    "  severities: {info: {receiver: a, during: [night]}}\n": "3:45: alertmanager.severities.info.during[0]: no time",
    "  severities: {info: {receiver: a, escalation: [{after: 9m, receiver: a}, {after: 5m, receiver: a}]}}\n": (
        "3:48: alertmanager.severities.info.escalation: each step comes later"
    ),
    "  time_intervals: {night: [{from: '22:00'}]}\n": "3:28: alertmanager.time_intervals.night[0]: from and to belong",
    "  time_intervals: {night: [{from: '22', to: '23:00'}]}\n": (
        '3:35: alertmanager.time_intervals.night[0].from: "22" is not a time of day'
    ),
    "  time_intervals: {night: [{weekdays: [mon]}]}\n": (
        '3:40: alertmanager.time_intervals.night[0].weekdays[0]: "mon" is not a weekday'
    ),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_has_its_place(text):
    """File, line, column, key, what was found."""
    with pytest.raises(ConfigError) as caught:
        section(HEAD + text)
    assert str(caught.value).startswith(f"offkey.yml:{MISTAKES[text]}")


RECEIVERS = {
    "{email: [{to: a@b.example}]}": "smtp is missing",
    "{slack: [{channel: '#a'}]}": "api_url_file is missing",
    "{sms: [{region: eu-west-1}]}": "either phone_number or topic_arn",
    "{webhook: [{}]}": "either url or url_file",
    "{webhook: [{url_file: /f}]}": "Alertmanager 0.25 lacks it; needs 0.26",
    "{webhook: [{url: 'https://a.example', timeout: 5s}]}": "Alertmanager 0.25 lacks it; needs 0.28",
}


@pytest.mark.parametrize("text", RECEIVERS)
def test_a_receiver_that_cannot_work_is_refused(text):
    """Before Alertmanager refuses the whole file, or drops notifications without a word."""
    with pytest.raises(ConfigError, match=RECEIVERS[text]):
        section(f"alertmanager: {{receivers: {{a: {text}}}}}\n")


def test_the_whole_configuration_is_checked_with_it(tmp_path):
    """`check config` finds what `alertmanager render` would refuse."""
    path = tmp_path / "offkey.yml"
    path.write_text(
        "sources: {default: {url: 'http://a.example'}}\nsignals: [{name: up, query: up}]\n" + HEAD + "  default: b\n"
    )
    done = CliRunner().invoke(root, ["check", "config", str(path)])
    assert done.exit_code == 2
    assert 'offkey.yml:5:12: alertmanager.default: no receiver is called "b"' in done.output


def test_the_section_is_asked_for():
    """A configuration without it says where to look."""
    with pytest.raises(ConfigError, match="has no section alertmanager"):
        reading.parse(yamlfile.parse("signals: []\n", "offkey.yml"))


def test_patterns_of_routes_are_the_one_that_is_understood():
    """The router of the tests reads every matcher that is ever written."""
    found = re.findall(r'(\w+)(=~|!~)"(.*?)"', str(routing.tree(routing.routes(section()))))
    assert found == [("alertname", "=~", routing.OWN)]
