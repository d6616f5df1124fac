"""`offkey rules replay`, as people call it."""

import json

import pytest

from offkey.app.cli import run

RULES = """\
groups:
  - name: shop
    rules:
      - alert: Slow
        expr: latency > 0.5
        for: 2m
"""
SERIES = """\
tests:
  - interval: 1m
    input_series:
      - {series: 'latency{job="a"}', values: '0.1x9 0.7x9 0.1x20'}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a folder with a rule file and a past."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.rules.yml").write_text(RULES)
    (tmp_path / "past.test.yml").write_text(SERIES)
    return tmp_path


def test_a_table_says_what_would_have_fired(place, capsys):
    """One row for each alert, and each episode when asked."""
    assert run(["rules", "replay", "shop.rules.yml", "--series", "past.test.yml", "--episodes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["Slow", "shop", "1", "1", "2.5e+02", "8m", "8m"]
    assert lines[2] == '1970-01-01T00:12:00Z  1970-01-01T00:20:00Z  Slow{job="a"}'


def test_json_has_a_version_and_every_episode(place, capsys):
    """Programs read seconds."""
    run(["rules", "replay", "shop.rules.yml", "--series", "past.test.yml", "-o", "json"])
    tree = json.loads(capsys.readouterr().out)
    assert (tree["version"], tree["rules"][0]["pages"]) == (1, 1)
    assert tree["rules"][0]["episodes"] == [
        {"labels": {"job": "a"}, "active_at": 600, "fired_at": 720, "ended_at": 1200}
    ]


def test_two_files_stand_side_by_side(place, capsys):
    """The same past, before and after."""
    (place / "old.yml").write_text(RULES.replace("0.5", "0.9"))
    run(["rules", "replay", "shop.rules.yml", "--series", "past.test.yml", "--against", "old.yml"])
    assert capsys.readouterr().out.splitlines()[1].split() == [
        "Slow",
        "shop",
        "0",
        "->",
        "1",
        "0",
        "->",
        "2.5e+02",
        "0s",
        "->",
        "8m",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RULES.replace("latency > 0.5", "latency >"), "shop.rules.yml:5:15: Slow: not PromQL"),
        (RULES.replace("2m", "soon"), 'shop.rules.yml:6:14: "soon" is not a duration'),
        (RULES.replace("groups", "group"), 'unknown key "group"'),
        ("groups: []", "holds no rules"),
    ],
)
def test_a_faulty_file_is_refused_with_its_place(place, capsys, text, words):
    """File, line and column begin the message."""
    (place / "shop.rules.yml").write_text(text)
    assert run(["rules", "replay", "shop.rules.yml", "--series", "past.test.yml"]) != 0
    assert words in capsys.readouterr().err


def test_a_past_is_needed(place, capsys):
    """Without one the message names the ways to give it."""
    assert run(["rules", "replay", "shop.rules.yml"]) == 2
    assert "--series" in capsys.readouterr().err
