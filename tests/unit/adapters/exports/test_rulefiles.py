import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rulecases import ALL, DEMO, HOSTILE, LATENCY, PAYMENT, PLAYS, hostile_cases

from offkey.adapters import files
from offkey.adapters.exports import rulecheck, ruleyaml
from offkey.adapters.exports.rulefiles import plan
from offkey.core.errors import RuleError
from offkey.core.rules import AlertRule, file_stem
from offkey.engine.rules.group import fingerprint, rule_file, rule_group
from offkey.engine.rules.reviewed import Constants

SIGNALS = [signal for signal, _ in ALL]
EVIDENCES = {signal.name: found for signal, found in ALL}


@pytest.fixture(autouse=True)
def without_promtool(monkeypatch):
    """Unit tests start no program: what promtool says is asked in the end-to-end tests."""
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def folder(tmp_path):
    """Return a folder that holds every case's files."""
    plan(SIGNALS, EVIDENCES, tmp_path).write()
    return tmp_path


def contents(folder):
    """Return every file's bytes by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def moved(found, share):
    """Return evidence whose lower bound moved by a share of its distance from the typical value."""
    step = share * (found.lower.constant - found.typical)
    return replace(found, lower=replace(found.lower, constant=found.lower.constant + step))


@pytest.mark.parametrize("case", ALL, ids=lambda case: case[0].name)
def test_golden_rules_and_tests(case, golden):
    """The files people review look exactly like this."""
    signal, found = case
    file = rule_file(signal, found)
    name = f"{file.stem}.rules.yml"
    golden(f"rules/{name}", ruleyaml.rules_text(file, "0123456789ab"))
    golden(f"rules/tests/{file.stem}.test.yml", ruleyaml.tests_text(file, "0123456789ab", f"../{name}"))


@settings(deadline=None, max_examples=50)  # YAML in plain Python on a busy machine
@given(hostile_cases())
def test_what_is_written_is_what_was_meant(case):
    """A file read as YAML holds the rule group's very texts, whatever is in them, and passes our own check."""
    text = ruleyaml.rules_text(rule_file(*case), fingerprint(case[0]))
    assert rulecheck.structure(text) == []
    assert ruleyaml.is_ours(text)
    assert not ruleyaml.is_edited(text)
    [group] = yaml.safe_load(text)["groups"]
    meant = rule_file(*case).groups[0]
    assert (group["name"], len(group["rules"])) == (meant.name, len(meant.rules))
    for found, rule in zip(group["rules"], meant.rules, strict=True):
        assert found["expr"] == rule.expr
        assert found.get("labels", {}) == dict(rule.labels)
        if isinstance(rule, AlertRule):
            assert (found["alert"], found["annotations"]) == (rule.alert, dict(rule.annotations))


@settings(deadline=None, max_examples=40)
@given(HOSTILE)
def test_a_comment_stays_a_comment(text):
    """Evidence is text from anywhere: no line of it becomes YAML."""
    signal, found = PLAYS
    written = ruleyaml.rules_text(rule_file(signal, replace(found, why=text)), "0123456789ab")
    header = written.partition("\n\n")[0]
    assert all(line.startswith("# ") for line in header.split("\n"))
    assert ruleyaml.body(written) == ruleyaml.body(ruleyaml.rules_text(rule_file(signal, found), "0123456789ab"))


def test_a_second_run_changes_nothing(folder):
    """The same signals and evidence give no change at all."""
    before = contents(folder)
    changes = plan(SIGNALS, EVIDENCES, folder)
    assert (changes.changes, changes.diff()) == ((), "")
    changes.write()
    assert contents(folder) == before


def test_tests_are_out_of_the_way_of_rule_globs(folder):
    """`*.yml` in the folder finds rule files and nothing else."""
    assert sorted(path.name for path in folder.glob("*.yml")) == sorted(
        f"{file_stem(signal.name)}.rules.yml" for signal in SIGNALS
    )
    assert {path.parent.name for path in folder.rglob("*.test.yml")} == {"tests"}


def test_files_can_be_read_by_others(folder):
    """Prometheus runs as another user."""
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*.yml")} == {0o644}


def test_later_evidence_that_says_the_same_changes_nothing(folder):
    """A new window moves no byte while the constants stay within the dead band: idle data cause no reload."""
    later = {
        name: replace(found, start=found.start + 86_400, end=found.end + 86_400, samples=1)
        for name, found in EVIDENCES.items()
    }
    later["payment-success"] = moved(later["payment-success"], 0.04)
    assert plan(SIGNALS, later, folder).changes == ()


def test_a_threshold_beyond_the_dead_band_is_written_with_its_evidence(folder):
    """The diff shows the constant and the window it comes from."""
    signal, found = PAYMENT
    changes = plan(SIGNALS, EVIDENCES | {signal.name: replace(moved(found, 0.07), samples=7)}, folder)
    assert [change.path for change in changes.changes] == [
        "payment-success.rules.yml",
        "tests/payment-success.test.yml",
    ]
    assert "-        expr: vector(0.913)\n+        expr: vector(0.909)\n" in changes.diff()
    assert "+# 7 samples of 1 series" in changes.diff()
    changes.write()
    assert ruleyaml.constants((folder / "payment-success.rules.yml").read_text()).bounds["lower"][0] == 0.909


def test_small_moves_do_not_add_up_unseen(folder):
    """The dead band is measured from the written constant, so a drift is written once it is large enough."""
    signal, found = PAYMENT
    writes = 0
    for day in range(1, 9):
        changes = plan(SIGNALS, EVIDENCES | {signal.name: moved(found, 0.02 * day)}, folder)
        writes += bool(changes.changes)
        changes.write()
    assert writes == 2


@pytest.mark.parametrize("path", ["payment-success.rules.yml", "tests/payment-success.test.yml"])
def test_a_hand_edit_is_never_overwritten(folder, path):
    """The error names the file and shows the difference; nothing at all is written."""
    edited = (folder / path).read_text().replace("0.966", "0.95")
    (folder / path).write_text(edited)
    before = contents(folder)
    with pytest.raises(RuleError, match="changed by hand") as error:
        plan(SIGNALS, EVIDENCES, folder)
    assert str(folder / path) in str(error.value)
    assert "0.95" in str(error.value)
    assert "+++ b/" + path in str(error.value)
    assert contents(folder) == before


def test_a_changed_comment_is_a_hand_edit_too(folder):
    """Everything in the file is sealed."""
    path = folder / "plays.rules.yml"
    path.write_text(path.read_text().replace("# expected alerts a week: 1.6", "# expected alerts a week: 0.1"))
    with pytest.raises(RuleError, match=r"plays\.rules\.yml: changed by hand"):
        plan(SIGNALS, EVIDENCES, folder)


def test_somebody_elses_file_is_never_overwritten(tmp_path):
    """A file of our name without our header belongs to a person, whatever is asked for."""
    (tmp_path / "plays.rules.yml").write_text("groups: []\n")
    for edited in ("refuse", "adopt", "replace"):
        with pytest.raises(RuleError, match="not written by offkey"):
            plan([PLAYS[0]], EVIDENCES, tmp_path, edited=edited)
    assert (tmp_path / "plays.rules.yml").read_text() == "groups: []\n"


def test_a_hand_edit_is_replaced_when_the_user_says_so(folder):
    """The file is as generated again."""
    before = contents(folder)
    path = folder / "plays.rules.yml"
    path.write_text(path.read_text().replace("203", "150"))
    plan(SIGNALS, EVIDENCES, folder, edited="replace").write()
    assert contents(folder) == before


def test_adopted_constants_stay_from_then_on(folder):
    """A person's constant is taken over, tested, said to be adopted, and kept however the evidence moves."""
    path = folder / "payment-success.rules.yml"
    path.write_text(path.read_text().replace("vector(0.913)", "vector(0.88)").replace("critical", "broken"))
    plan(SIGNALS, EVIDENCES, folder, edited="adopt").write()
    text = path.read_text()
    assert ruleyaml.constants(text) == Constants(0.966, {"lower": (0.88, 0.852, 0.95)})
    assert ruleyaml.is_adopted(text)
    assert not ruleyaml.is_edited(text)
    assert "broken" not in text
    assert "0.88" in (folder / "tests" / "payment-success.test.yml").read_text()
    later = EVIDENCES | {"payment-success": moved(PAYMENT[1], 0.5)}
    assert plan(SIGNALS, later, folder).changes == ()
    plan(SIGNALS, EVIDENCES, folder, edited="replace").write()
    assert ruleyaml.constants(path.read_text()).bounds["lower"][0] == 0.913


def test_a_broken_hand_edit_cannot_be_adopted(folder):
    """The error says which file has no constants any more."""
    path = folder / "plays.rules.yml"
    path.write_text(path.read_text().replace("vector(", "scalar("))
    with pytest.raises(RuleError, match=r"plays\.rules\.yml: not a rule file"):
        plan(SIGNALS, EVIDENCES, folder, edited="adopt")


def test_files_of_signals_that_are_no_more_are_removed(folder):
    """Theirs and their tests', and nothing that offkey did not write."""
    (folder / "mine.rules.yml").write_text("groups: []\n")
    changes = plan([PLAYS[0], replace(PAYMENT[0], alert=None)], EVIDENCES, folder)
    changes.write()
    assert set(contents(folder)) == {"mine.rules.yml", "plays.rules.yml", "tests/plays.test.yml"}


def test_nothing_is_removed_when_only_some_signals_are_looked_at(folder):
    """A plan for one signal leaves the others' files alone when told so."""
    assert plan([PLAYS[0]], EVIDENCES, folder, prune=False).changes == ()


def test_a_signal_without_evidence_keeps_its_file(folder):
    """A source that is down when rules are generated costs nobody a rule."""
    assert plan(SIGNALS, {}, folder).changes == ()


def test_two_signals_of_one_name_are_an_error(tmp_path):
    """A file belongs to one signal."""
    with pytest.raises(RuleError, match="same name"):
        plan([PLAYS[0], PLAYS[0]], EVIDENCES, tmp_path)


def test_a_failed_write_leaves_every_file_whole(folder, monkeypatch):
    """When the disk fails in between, each file is the old one or the new one, and the next run goes on."""
    before = contents(folder)
    written = []

    def fail_at_the_second(path, content):
        if written:
            message = "disk full"
            raise OSError(message)
        written.append(path)
        real(path, content)

    real = files.write
    monkeypatch.setattr(files, "write", fail_at_the_second)
    later = EVIDENCES | {"payment-success": moved(PAYMENT[1], 0.5)}
    with pytest.raises(OSError, match="disk full"):
        plan(SIGNALS, later, folder).write()
    now = contents(folder)
    assert set(now) == set(before)
    assert sum(now[path] != before[path] for path in now) == 1
    monkeypatch.setattr(files, "write", real)
    plan(SIGNALS, later, folder).write()
    assert plan(SIGNALS, later, folder).changes == ()


def test_a_file_changed_after_planning_is_not_overwritten(folder):
    """Between plan and write a person may save the file."""
    changes = plan(SIGNALS, EVIDENCES | {"payment-success": moved(PAYMENT[1], 0.5)}, folder)
    path = folder / "payment-success.rules.yml"
    path.write_text("mine\n")
    with pytest.raises(RuleError, match="changed since the rules were planned"):
        changes.write()
    assert path.read_text() == "mine\n"


def test_rules_are_written_without_promtool_when_there_is_none(tmp_path):
    """Our own check is always made; whether promtool's was is the answer."""
    assert plan([DEMO[0]], EVIDENCES, tmp_path).write() is False


def test_a_broken_promtool_writes_nothing(tmp_path):
    """A program that says no, or cannot be run, keeps the folder as it was."""
    no = tmp_path / "promtool"
    no.write_text("#!/bin/sh\necho no such metric; exit 3\n")
    no.chmod(0o755)
    target = tmp_path / "rules"
    for program, words in ((str(no), "no such metric"), (str(tmp_path / "gone"), "could not be run")):
        with pytest.raises(RuleError, match=words):
            plan([DEMO[0]], EVIDENCES, target).write(promtool=program)
    assert not target.exists()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("interval: 1m", "interval: soon", "not a duration"),
        ("limit: 20000", "query_offset: 1m", "unknown key query_offset"),
        ("record: offkey:traffic", "record: offkey traffic", "is no metric name"),
        ("for: 2m", "for: 2x", "not a duration"),
        ("keep_firing_for: 5m", "runbook: 5m", "unknown key runbook"),
        ("vector(0.966)", "vector(0.966", "offkey:expected_reviewed"),
        ("team: payments", "team: 5", "team is no text"),
        ("severity: critical", "a-b: critical", "is no label name"),
        ("groups:", "rules:", "not a rule file"),
        ("record: offkey:threshold_release", "record: offkey:threshold", "written twice"),
    ],
)
def test_our_own_check_finds_what_prometheus_would_refuse(old, new, fault):
    """Without promtool a file that Prometheus 2.42 would not load is still not written."""
    text = ruleyaml.rules_text(rule_file(*PAYMENT), "0123456789ab")
    assert old in text
    assert any(fault in found for found in rulecheck.structure(text.replace(old, new)))


@settings(deadline=None, max_examples=30)
@given(st.lists(hostile_cases(), max_size=3, unique_by=lambda case: case[0].name))
def test_no_name_leads_outside_the_folder(cases):
    """Every signal has its two files where they belong, whatever it is called."""
    target = Path("/nowhere/rules")
    changes = plan([signal for signal, _ in cases], {signal.name: found for signal, found in cases}, target).changes
    assert len({change.path for change in changes}) == 2 * len(cases)
    assert {Path(os.path.normpath(target / change.path)).parent for change in changes} <= {target, target / "tests"}


def test_constants_are_read_back_from_either_form():
    """A threshold file gives constants with envelopes, an anomaly file constants alone."""
    threshold, anomaly = (ruleyaml.rules_text(rule_file(*case), "0123456789ab") for case in (PLAYS, LATENCY))
    assert ruleyaml.constants(threshold) == Constants(
        812.0, {"lower": (203.0, 100.0, 600.0), "upper": (1830.0, 1000.0, 2600.0)}
    )
    assert ruleyaml.constants(anomaly) == Constants(0.214, {"upper": (0.988, None, None)})


def test_the_group_is_named_after_the_file():
    """Prometheus keeps the state of an alert under the file's and the group's names: both are stable."""
    signal, found = PAYMENT
    assert rule_group(signal, found).name == f"offkey-{rule_file(signal, found).stem}"


@settings(deadline=None, max_examples=40)
@given(hostile_cases(), st.floats(0.1, 10.0))
def test_whatever_is_learned_anew_an_alert_stays_itself(case, share):
    """Group, names, labels and `for` do not depend on thresholds: what fires goes on firing after a reload."""
    signal, found = case
    moved = replace(
        found,
        lower=found.lower and _stretched(found.lower, found.typical, share),
        upper=found.upper and _stretched(found.upper, found.typical, share),
    )

    def identities(evidence):
        group = rule_group(signal, evidence)
        return group.name, [
            (rule.alert, rule.labels, rule.hold) if isinstance(rule, AlertRule) else (rule.record, rule.labels)
            for rule in group.rules
        ]

    assert identities(moved) == identities(found)


def _stretched(bound, typical, share):
    """Return a bound whose distance from the typical value is another."""
    return replace(
        bound,
        **{name: typical + share * (getattr(bound, name) - typical) for name in ("constant", "lowest", "highest")},
    )


def test_writing_one_signal_touches_no_other_file(tmp_path):
    """Signals one by one into a folder with other people's files: nothing that was there changes."""
    (tmp_path / "theirs.yml").write_text("groups: []\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "theirs.test.yml").write_text("tests: []\n")
    for size in range(1, len(SIGNALS) + 1):
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*.yml")}
        plan(SIGNALS[:size], EVIDENCES, tmp_path).write()
        after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*.yml")}
        assert {path: after[path] for path in before} == before
        assert len(after) == len(before) + 2
