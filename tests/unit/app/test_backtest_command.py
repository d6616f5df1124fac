"""`offkey backtest`, as people call it."""

import json
import time

import numpy as np
import pytest

from offkey.adapters.sources.recorded import record
from offkey.app.cli import run
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels

CONFIG = """\
sources:
  default: {kind: recorded, path: past.jsonl}
signals:
  - name: latency
    query: latency
    season: none
    detector: mad
    history: 12h
    alert: {budget: BUDGET, for: 2m}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a folder with a configuration, its past and an incident in it."""
    monkeypatch.chdir(tmp_path)
    now = int(time.time()) // 60 * 60
    values = np.random.default_rng(1).normal(1, 0.01, (1, 721))
    values[0, 600:620] = 9
    record(tmp_path / "past.jsonl", "latency", Frame((Labels.of(job="a<b"),), values, Axis(now - 43_200, 60, 721)))
    (tmp_path / "offkey.yml").write_text(CONFIG.replace("BUDGET", "2/week"))
    (tmp_path / "old.yml").write_text(CONFIG.replace("BUDGET", "1/week").replace("2m", "1h"))
    return tmp_path


def test_a_backtest_finds_the_incident_and_writes_a_report(place, capsys):
    """Table, page and figures say the same."""
    assert run(["backtest", "--report", "report.html"]) == 0
    cells = capsys.readouterr().out.splitlines()[1].split()
    assert cells[:4] == ["latency", "1", "1", "1"]
    tree = json.loads((place / "report.json").read_text())
    (signal,) = tree["signals"]
    assert (tree["version"], signal["pages"], len(signal["episodes"])) == (1, 1, 1)
    assert "a&lt;b" in (place / "report.html").read_text()


def test_two_configurations_stand_side_by_side(place, capsys):
    """What was before comes first."""
    assert run(["backtest", "--against", "old.yml", "-o", "json"]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert [tree[side]["signals"][0]["pages"] for side in ("before", "after")] == [0, 1]


@pytest.mark.parametrize(
    ("page", "said"),
    [("report.pdf", "name it .html"), ("none/report.html", "there is no folder none"), ("there.html", "be written")],
)
def test_a_report_that_cannot_be_written_is_refused_before_the_work(place, capsys, monkeypatch, page, said):
    """Another kind of file, no folder, a folder of that name: nothing is read."""
    (place / "there.html").mkdir()
    monkeypatch.setattr("offkey.app.replaying.signals.tested", pytest.fail)
    assert run(["backtest", "--report", page]) == 2
    assert said in capsys.readouterr().err


def test_tuning_proposes_settings_within_the_budget(place, capsys):
    """A `for` of an hour missed the incident; the proposal tells of it, and nothing is written."""
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    (place / "old.yml").write_text((place / "old.yml").read_text().replace("1/week", "9/week"))
    before["old.yml"] = (place / "old.yml").read_bytes()
    assert run(["rules", "tune", "--config.file", "old.yml", "-o", "json"]) == 0
    (signal,) = json.loads(capsys.readouterr().out)["signals"]
    assert signal["pages_per_week"] == 0
    assert signal["proposed"] is None or signal["proposed"]["expected_pages_per_week"] <= 9
    assert run(["rules", "tune", "--config.file", "old.yml"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("latency")
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


@pytest.fixture
def young(place):
    """Return the folder with a past of ten minutes."""
    now = int(time.time()) // 60 * 60
    record(place / "past.jsonl", "latency", Frame((Labels.of(job="a"),), np.ones((1, 11)), Axis(now - 600, 60, 11)))
    return place


@pytest.mark.parametrize("command", [["backtest"], ["rules", "tune"]])
def test_a_past_too_short_to_judge_is_told_of_and_costs_nothing_known(young, capsys, command):
    """Neither 0 pages a week nor NaN: a dash for people, null for programs, and a sentence."""
    assert run(command) == 0
    seen = capsys.readouterr()
    assert "latency: its past holds too few samples to judge by" in seen.err
    head, row = (line.split() for line in seen.out.splitlines())
    assert row[head.index("PAGES/WEEK")] == "-"
    assert run([*command, "-o", "json"]) == 0
    (signal,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["signals"]
    assert signal["pages_per_week"] is None


def test_a_report_says_which_signal_was_not_judged(young):
    """An empty plot is explained."""
    assert run(["backtest", "--report", "report.html"]) == 0
    assert "not judged: its past holds too few samples to judge by" in (young / "report.html").read_text()


def test_tuning_says_what_to_do_with_its_table(place, capsys):
    """Whether anything better was found, and that nothing was written."""
    assert run(["rules", "tune"]) == 0
    seen = capsys.readouterr()
    assert ("nothing was written" in seen.err) == ("->" in seen.out)
    assert ("what is set stays" in seen.err) == ("->" not in seen.out)
