import subprocess
from dataclasses import replace
from pathlib import Path

import promql_parser
import pytest
import requests
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from realprometheus import free_port, is_ready, wait_until
from rulecases import evidence, hostile_cases

from offkey.adapters.exports import ruleyaml
from offkey.adapters.exports.rulefiles import plan
from offkey.app.demo.processes import Programs
from offkey.core.signals import Alert, Signal
from offkey.engine.rules.group import fingerprint, rule_file

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "rules"

# Failing cases are shown as drawn: every run of promtool costs too much to search for a smaller one.
BATCHES = {"deadline": None, "derandomize": True, "phases": [Phase.generate], "suppress_health_check": [*HealthCheck]}


def run(*command, folder=None):
    """Run a program and return what it said; a failure fails the test."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_and_proves_every_golden_file(program):
    """The files people review are clean under every lint, and their tests pass in the real rule engine."""
    rules = sorted(str(path) for path in GOLDEN.glob("*.rules.yml"))
    tests = sorted(str(path) for path in GOLDEN.glob("tests/*.test.yml"))
    assert len(rules) == len(tests) > 0
    run(program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *rules)
    assert run(program("promtool"), "test", "rules", *tests).count("SUCCESS") == len(tests)


def test_promtool_accepts_and_proves_the_rules_that_watch_offkey(program):
    """The static rules are clean, and every alert among them is seen firing by their tests."""
    rules, tests = ROOT / "rules" / "offkey.rules.yml", ROOT / "rules" / "tests" / "offkey.test.yml"
    run(program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", str(rules))
    run(program("promtool"), "test", "rules", str(tests))
    groups = yaml.safe_load(rules.read_text())["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    checks = [check for test in yaml.safe_load(tests.read_text())["tests"] for check in test.get("alert_rule_test", [])]
    assert alerts == {check["alertname"] for check in checks if check["exp_alerts"]}


def test_the_rules_that_watch_offkey_read_metrics_that_exist():
    """Every metric they name is documented, or is Prometheus' own or a generated rule's."""
    documented = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    groups = yaml.safe_load((ROOT / "rules" / "offkey.rules.yml").read_text())["groups"]
    read = set()
    for rule in (rule for group in groups for rule in group["rules"]):
        promql_parser.walk(promql_parser.parse(rule["expr"]), lambda node: read.add(getattr(node, "name", None)))
    own = {name for name in read if name and name.startswith("offkey_")}
    assert len(own) >= 8
    assert {name for name in own if f"`{name}`" not in documented} == set()


def test_a_rule_that_does_not_do_what_its_test_says_is_refused(program, tmp_path):
    """The tests can fail: an alert that waits longer than they expect is found."""
    for path in [GOLDEN / "plays.rules.yml", GOLDEN / "tests" / "plays.test.yml"]:
        text = path.read_text().replace("for: 2m", "for: 4m").replace("../plays", "plays")
        (tmp_path / path.name).write_text(text)
    done = subprocess.run(
        [program("promtool"), "test", "rules", "plays.test.yml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"PlaysAnomalous" in done.stdout + done.stderr


@pytest.mark.parametrize("count", [300, pytest.param(12_500, marks=pytest.mark.slow)])
def test_promtool_accepts_rules_of_hostile_signals(program, tmp_path, count):
    """Whatever texts a signal is made of, Prometheus loads its rules: 10,000 different files in make test-heavy."""
    texts = {}

    @settings(max_examples=count, **BATCHES)
    @given(hostile_cases())
    def write(case):
        signal, found = case
        texts[ruleyaml.rules_text(rule_file(signal, found), fingerprint(signal))] = None

    write()
    assert len(texts) >= 0.8 * count
    paths = [tmp_path / f"{place}.yml" for place in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text.encode())
    for first in range(0, len(paths), 500):
        run(program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *map(str, paths[first : first + 500]))


@settings(max_examples=8, **BATCHES)
@given(st.lists(hostile_cases(), min_size=4, max_size=4, unique_by=lambda case: case[0].name))
def test_rules_of_hostile_signals_do_what_their_tests_say(program, tmp_path_factory, cases):
    """Whatever texts a signal is made of, its alerts fire with exactly those texts: nothing in them is executed."""
    folder = tmp_path_factory.mktemp("rules")
    changes = plan([signal for signal, _ in cases], {signal.name: found for signal, found in cases}, folder)
    assert changes.check(program("promtool"))


@pytest.fixture
def prometheus(program, tmp_path):
    """Return the URL of a real Prometheus that loads `rules/*.yml` below the test's folder."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "prometheus.yml").write_text("rule_files: [rules/*.yml]\n")
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    with Programs(tmp_path / "logs") as programs:
        server = [program("prometheus"), *options, f"--web.listen-address={address}", "--web.enable-lifecycle"]
        programs.start("prometheus", server)
        programs.wait("prometheus", lambda: is_ready(f"http://{address}"), 30)
        yield f"http://{address}"


def ask(url):
    """Return what a server's API answers."""
    return requests.get(url, timeout=5).json()["data"]


@pytest.mark.parametrize("count", [30, pytest.param(1_000, marks=pytest.mark.slow)])
def test_no_retune_ever_resets_a_firing_alert(program, prometheus, tmp_path, monkeypatch, count):
    """Constants move again and again under a firing alert: it stays the same alert, since the same moment."""
    monkeypatch.setenv("PATH", "")  # promtool is asked in the other tests; here only reloads count
    signal = Signal("answers", "vector(9)", direction="above", step=1, alert=Alert(hold=1, form="threshold"))
    found = evidence(typical=1.0, upper=(3.0, 2.0, 4.0))
    query = 'ALERTS_FOR_STATE{offkey_rule="answers",alertname="AnswersAnomalous"}'

    def retune(constant):
        moved = replace(found, upper=replace(found.upper, constant=constant))
        changes = plan([signal], {signal.name: moved}, tmp_path / "rules")
        assert changes.changes
        changes.write()
        assert requests.post(f"{prometheus}/-/reload", timeout=5).ok

    def alerts():
        found = ask(f"{prometheus}/api/v1/alerts")["alerts"]
        return [one for one in found if one["labels"]["alertname"] == "AnswersAnomalous"]

    retune(3.0)
    wait_until(lambda: [one["state"] for one in alerts()] == ["firing"])
    [first] = alerts()
    for place in range(count):
        retune((2.2, 3.8, 2.9)[place % 3])
        [now] = alerts()
        assert (now["state"], now["activeAt"], now["labels"]) == ("firing", first["activeAt"], first["labels"])
    seen = ask(f"{prometheus}/api/v1/query?query=changes({query}[1h])")["result"]
    assert [one["value"][1] for one in seen] == ["0"]


def test_a_new_constant_leaves_a_firing_alert_alone(program, prometheus, tmp_path):
    """In a real Prometheus every rule evaluates, and a retune neither resolves nor restarts the alert."""
    signal = Signal(
        "answers",
        "vector(9)",
        direction="above",
        step=1,
        description="{{ query `up` }}",
        alert=Alert(hold=2, keep_firing=30, form="threshold", severity="critical", team="{{ $value }}"),
    )
    found = evidence(typical=1.0, upper=(3.0, 2.0, 4.0))

    def write(constant):
        moved = replace(found, upper=replace(found.upper, constant=constant))
        changes = plan([signal], {signal.name: moved}, tmp_path / "rules")
        assert len(changes.changes) == 2
        changes.write(program("promtool"))
        assert requests.post(f"{prometheus}/-/reload", timeout=5).ok

    def firing():
        alerts = ask(f"{prometheus}/api/v1/alerts")["alerts"]
        return [alert for alert in alerts if alert["state"] == "firing" and alert["labels"]["severity"] == "critical"]

    write(3.0)
    wait_until(firing)
    [before] = firing()
    assert before["labels"]["team"] == "{{ $value }}"
    assert before["annotations"]["description"] == (
        "answers is 9; usual is 1 (factor 9.00; bound 3). ({{ query `up` }})"
    )
    write(2.5)
    wait_until(lambda: any("bound 2.5" in alert["annotations"]["description"] for alert in firing()))
    [after] = firing()
    assert after["activeAt"] == before["activeAt"]
    assert after["labels"] == before["labels"]

    def health():
        return {rule["health"] for group in ask(f"{prometheus}/api/v1/rules")["groups"] for rule in group["rules"]}

    wait_until(lambda: health() == {"ok"})
