"""What the rules record and what the simulator says they record are the same."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from offkey.core.frame import Axis
from offkey.core.labels import NAME
from offkey.packs.music import business
from offkey.packs.music.calendar import START, calendar
from offkey.packs.music.platform import Platform
from offkey.packs.music.recorded import RECORDED_DOMAINS, RECORDS, recorded
from offkey.packs.music.records import Scrape

ROOT = Path(__file__).parents[3]
RULES = {"music": RECORDS, "music-business": business.RECORDS}  # each rule file's name, and what it holds
NOON = START + 29 * 86_400 + 12 * 3_600


def rule_file(name):
    """Return the path of a rule file of the pack."""
    return ROOT / "rules" / "packs" / f"{name}.rules.yml"


@pytest.mark.parametrize(("name", "records"), RULES.items())
def test_the_rule_file_holds_these_records_and_no_others(name, records):
    """Names, order and PromQL of the rule file are those computed here."""
    groups = yaml.safe_load(rule_file(name).read_text())["groups"]
    written = {rule["record"]: " ".join(rule["expr"].split()) for group in groups for rule in group["rules"]}
    assert written == {record.name: record.expr for record in records}
    assert sum(len(group["rules"]) for group in groups) == len(records)


@pytest.mark.parametrize("name", RULES)
def test_promtool_accepts_the_rule_file(program, name):
    """The rules are free of lint, and give the values their unit tests compute by hand."""
    for arguments in (("check", "rules", "--lint=all", "--lint-fatal", rule_file(name)),
                      ("test", "rules", f"rules/tests/{name}.test.yml")):  # fmt: skip
        done = subprocess.run([program("promtool"), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def agreement(name, rows):
    """Return promtool checks that a record holds exactly these series, and their values to six digits."""
    known = {labels.selector(): values[-1] for labels, values in rows.items() if not np.isnan(values[-1])}
    near = " or ".join(
        f"(abs({name}{series} / {value:.17g} - 1) < bool 1e-6)" if value else f"({name}{series} == bool 0)"
        for series, value in known.items()
    )
    return [
        {"expr": near, "eval_time": "14m", "exp_samples": [{"labels": series, "value": 1} for series in known]},
        {"expr": f"count({name})", "eval_time": "14m", "exp_samples": [{"labels": "{}", "value": len(known)}]},
    ]


def test_prometheus_computes_what_the_simulator_computes(program, tmp_path):
    """Fed with counters that grow by one simulated minute each minute, the real rules hold the simulator's values."""
    families = Platform(seed=3, incidents=calendar(), scale=10.0).families(Axis(NOON, 60, 1), RECORDED_DOMAINS)
    lines = [
        {"series": str(labels), "values": f"{value:.17g}x15" if family.kind == "gauge" else f"0+{value:.17g}x15"}
        for family in families
        for labels, (value,) in zip(family.series, family.values, strict=True)
    ]
    steady = tuple(replace(family, values=np.repeat(family.values, 5, axis=1)) for family in families)
    checks = [
        check
        for record in RECORDS
        for check in agreement(record.name, record.values(Scrape(steady, 60, record.window, 5)))
    ]
    assert sum(len(check["exp_samples"]) for check in checks) == 206 + len(RECORDS)
    suite = {
        "rule_files": [str(rule_file("music"))],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": lines, "promql_expr_test": checks}],
    }
    (tmp_path / "suite.yml").write_text(yaml.safe_dump(suite))
    command = [program("promtool"), "test", "rules", "suite.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[:4_000]


def test_slow_records_show_their_incidents():
    """Each incident of the business moves its record the way the ground truth says, against the same platform."""
    shown = {"I06": (0, 5), "I07": (2, 12), "I08": (3, 6), "I05": (5, 96)}  # record, hours after the start
    for name, (record, hours) in shown.items():
        incident = next(entry for entry in calendar() if entry.id == name)
        at = incident.start + hours * 3_600
        chosen = business.RECORDS[record : record + 1]
        axis = Axis(at, 300, 1)
        (usual,), (now,) = (recorded(Platform(3, entries), axis, chosen) for entries in ((), (incident,)))
        touched = incident.rows(usual.series)
        assert usual.series == now.series
        moved = now.values[touched] / usual.values[touched]
        assert (moved < 0.8 if incident.direction == "below" else moved > 1.5).all(), name
        np.testing.assert_allclose(now.values[~touched], usual.values[~touched])


def test_live_steps_record_what_the_history_recorded():
    """At 15-second steps the records scatter about the same level as at 5-minute steps."""
    platform = Platform(scale=40.0)
    history = recorded(platform, Axis(NOON + 300, 300, 12))
    live = recorded(platform, Axis(NOON + 15, 15, 240))
    for before, now in zip(history, live, strict=True):
        assert before.series == now.series
        allowed = 0.03 * before.values.mean(axis=1) + 6 * before.values.std(axis=1) / np.sqrt(12) + 1e-4
        assert (np.abs(before.values.mean(axis=1) - now.values.mean(axis=1)) <= allowed).all()


def test_records_are_named_and_those_that_never_exist_are_left_out():
    """Every series carries its record's name; a region nobody is served in has no skip ratio."""
    frames = recorded(Platform(), Axis(NOON, 300, 2))
    assert [{labels[NAME] for labels in frame.series} for frame in frames] == [{record.name} for record in RECORDS]
    assert [len(frame.series) for frame in frames] == [12, 11, 24, 24, 24, 24, 24, 8, 8, 12, 12, 12, 5, 5, 1]


def test_nothing_is_recorded_in_a_scrape_gap():
    """Columns of the gap are missing in every series, and only those."""
    gap = next(entry for entry in calendar() if entry.kind == "scrape_gap")
    platform = Platform(incidents=(gap,), scale=40.0)
    axis = Axis(gap.start - 600, 300, 10)
    for frame in recorded(platform, axis):
        assert (np.isnan(frame.values) == platform.unseen(axis)).all()


@pytest.mark.parametrize("step", [15, 45, 60, 120, 300, 600])
def test_every_step_records_the_same_level(step):
    """Windows of 2 and 5 minutes are whole at any step between samples, also one that does not divide them."""
    platform = Platform(scale=40.0)
    usual = recorded(platform, Axis(NOON, 300, 12))
    for before, now in zip(usual, recorded(platform, Axis(NOON, step, 3_600 // step)), strict=True):
        assert before.series == now.series
        busy = before.values.mean(axis=1) > 10
        np.testing.assert_allclose(now.values.mean(axis=1)[busy], before.values.mean(axis=1)[busy], rtol=0.06)
        assert not np.isnan(now.values).any()
