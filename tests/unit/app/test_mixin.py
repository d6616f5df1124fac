import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from offkey.app import mixin
from offkey.app.cli import root
from offkey.core.errors import ConfigError

ROOT = Path(__file__).parents[3]
OWN = ROOT / "rules" / "offkey.rules.yml"
EXPORTED = mixin.files([OWN], {"overview.json": "{}\n"})


def groups(name):
    """Return the groups in a file: what stands between the brackets is JSON."""
    text = EXPORTED[name]
    return json.loads(text[text.index("[") : text.rindex("]") + 1])


def test_every_rule_is_exported_once_alerts_apart_from_records():
    """Nothing is lost of the rule file, and groups keep their names and intervals."""
    shipped = [rule for group in yaml.safe_load(OWN.read_text())["groups"] for rule in group["rules"]]
    alerts = [rule for group in groups("alerts/alerts.libsonnet") for rule in group["rules"]]
    records = [rule for group in groups("rules/rules.libsonnet") for rule in group["rules"]]
    assert alerts == [rule for rule in shipped if "alert" in rule]
    assert records == [rule for rule in shipped if "record" in rule]
    assert all(group["interval"] for group in groups("alerts/alerts.libsonnet"))


def test_every_import_is_a_file_of_the_mixin():
    """The mixin is whole."""
    imports = [line.split("'")[1] for line in EXPORTED["mixin.libsonnet"].splitlines() if "(import" in line]
    assert set(imports) < set(EXPORTED)
    assert "(import 'overview.json')" in EXPORTED["dashboards/dashboards.libsonnet"]
    assert "dashboards/overview.json" in EXPORTED


def test_golden_mixin(golden):
    """What a deployment imports changes only on purpose."""
    shown = ("mixin.libsonnet", "config.libsonnet", "dashboards/dashboards.libsonnet", "rules/rules.libsonnet")
    golden("mixin.txt", "\n".join(f"== {name}\n{EXPORTED[name]}" for name in shown))


def test_the_command_writes_the_dashboards_of_the_repository(tmp_path):
    """Names on stdout, whole files in the folder."""
    result = CliRunner().invoke(root, ["mixin", "export", "--rules", str(OWN), "-o", str(tmp_path)])
    assert result.exit_code == 0
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert {Path(line).relative_to(tmp_path) for line in result.stdout.splitlines()} == written
    for path in (ROOT / "grafana" / "dashboards").glob("*.json"):
        assert (tmp_path / "dashboards" / path.name).read_bytes() == path.read_bytes()


def test_a_file_without_rules_is_refused(tmp_path):
    """The message names the file."""
    path = tmp_path / "other.yml"
    path.write_text("signals: []\n")
    with pytest.raises(ConfigError, match=r"other\.yml: no groups of rules"):
        mixin.files([path], {})
