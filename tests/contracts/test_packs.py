"""What every pack keeps to; a new folder is tested without an edit."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import packworld
import pytest
import requests
import yaml
from click.testing import CliRunner
from e2e import realprometheus

from offkey.app import config, dashboard_lint, discovery, presets
from offkey.app.cli import root
from offkey.core.errors import ConfigError

PACKS = list(presets.packs())
PRESETS = presets.presets()
FOLDER = Path(__file__).parents[2] / "grafana" / "dashboards" / "packs"
END = 1_750_000_020


@pytest.fixture(params=PACKS, ids=lambda pack: pack.name)
def pack(request):
    """Return each pack in turn."""
    return request.param


@pytest.fixture(params=PRESETS, ids=lambda pack: pack.name)
def preset(request):
    """Return each preset in turn."""
    return request.param


@pytest.fixture(scope="module")
def world(program, tmp_path_factory):
    """Return the address of a Prometheus with the series that packs read."""
    text = packworld.openmetrics(PACKS, END, 1, 60)
    keep = "--storage.tsdb.retention.time=50y"
    with realprometheus.running(program, tmp_path_factory.mktemp("prometheus"), text, keep) as address:
        yield address


def test_every_signal_says_what_it_is(pack):
    """A description, a unit, a least deviation, and what can be true."""
    for signal in pack.signals:
        assert signal.description.endswith(".")
        assert signal.unit
        assert signal.least_absolute or signal.least_relative
        assert signal.valid != (float("-inf"), float("inf"))


def test_shares_end_at_0_and_1(pack):
    """Bands of what can be no more than a whole end there, and a series pegged at it is found."""
    shares = [signal for signal in pack.signals if signal.unit == "ratio" and signal.valid[1] < 2]
    assert [signal.name for signal in shares if signal.scale != (0.0, 1.0)] == []


def test_every_signal_is_on_the_dashboard_once(pack):
    """Nothing is watched that is not shown."""
    shown = [name for row in pack.panels.rows.values() for name in row]
    assert sorted(shown) == sorted(signal.name for signal in pack.signals)


def test_names_are_taken_once():
    """Presets can be used together: no two have a signal or an alert of the same name."""
    signals = Counter(signal.name for pack in PRESETS for signal in pack.signals)
    alerts = Counter(signal.alert.name for pack in PRESETS for signal in pack.signals if signal.alert)
    alerts.update(name for pack in PRESETS for name in pack.alerts)
    assert [name for name, count in (signals + alerts).items() if count > 1] == []


def test_golden_the_dashboard_is_what_the_code_renders(golden, pack):
    """Byte for byte."""
    golden(f"../../grafana/dashboards/packs/{pack.name}.json", presets.dashboard(pack))


def test_no_dashboard_is_left_of_a_pack_that_has_gone():
    """The folder holds exactly the packs'."""
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == [pack.name for pack in PACKS]


def test_the_dashboard_passes_the_linter(pack):
    """What is excepted has its reason in .lint, and nothing is excepted without need."""
    path = FOLDER / f"{pack.name}.json"
    assert [str(finding) for finding in dashboard_lint.lint_file(path)] == []
    excused = {
        (rule, entry.panel)
        for rule, what in dashboard_lint.exceptions(FOLDER / ".lint").exclusions.items()
        for entry in what.entries
        if entry.dashboard == f"offkey / {pack.panels.title}"
    }
    found = dashboard_lint.lint(json.loads(path.read_text()))
    assert {(finding.rule, finding.panel) for finding in found} == excused


@pytest.mark.e2e
def test_every_query_finds_series(pack, world):
    """Labels join, on a real Prometheus."""
    for signal in pack.signals:
        for query in packworld.texts(signal):
            answer = requests.get(f"{world}/api/v1/query", params={"query": query, "time": END}, timeout=10).json()
            assert answer["status"] == "success", answer
            assert answer["data"]["result"], query


@pytest.mark.e2e
def test_promtool_accepts_what_a_preset_writes(preset, program, tmp_path):
    """Rules pass every lint of promtool and their own tests, where they are written; the configuration is good."""
    result = CliRunner().invoke(root, ["presets", "write", preset.name, "-o", str(tmp_path)])
    assert result.stdout.splitlines() == [str(tmp_path / path) for path in presets.files(preset)]
    rules = tmp_path / "rules" / f"{preset.name}.rules.yml"
    tests = tmp_path / "rules" / "tests" / f"{preset.name}.test.yml"
    for arguments in (["check", "rules", "--lint=all", "--lint-fatal", rules], ["test", "rules", tests]):
        subprocess.run([program("promtool"), *arguments], check=True, capture_output=True)
    assert config.load(tmp_path / f"{preset.name}.offkey.yml").signals == preset.signals


def test_every_alert_of_a_preset_is_tested_and_told(preset):
    """Each is raised in its tests, and says what to do."""
    for group in yaml.safe_load(preset.text(presets.RULES))["groups"]:
        for rule in group["rules"]:
            assert f'alertname="{rule["alert"]}"' in preset.text(presets.TESTS)
            assert rule["labels"]["severity"] in ("critical", "warning", "info")
            assert rule["annotations"]["summary"].endswith(".")
            assert rule["annotations"]["description"]


def test_only_signals_with_series_are_proposed(preset):
    """The proposal is a good configuration of what is there, and names what is not."""
    absent = preset.signals[0]
    text = presets.preset_text(
        "http://here", {"default": {"url": "http://here"}}, [preset], lambda query: query != absent.query
    )
    assert config.parse(text, "proposed.yml").signals == preset.signals[1:]
    assert f"# without series now: {absent.name}" in text


def test_a_server_without_the_exporter_is_told_what_to_scrape(preset):
    """The error says what is missing."""
    with pytest.raises(ConfigError, match=r"http://here: no .*; (scrape|let it)"):
        presets.preset_text("http://here", {}, [preset], lambda query: 0)


@pytest.mark.e2e
def test_discovery_takes_presets(world):
    """Several at once, from a live server."""
    chosen = [presets.preset("node"), presets.preset("redis")]
    text = discovery.written(world, at=END, presets=chosen)
    names = [signal.name for signal in config.parse(text, "proposed.yml").signals]
    assert names == [signal.name for pack in chosen for signal in pack.signals]


def test_an_unknown_preset_is_told_the_known_ones():
    """A pack without rules of its own is none."""
    with pytest.raises(ConfigError, match=r"no preset called .music.*node"):
        presets.preset("music")
