"""A monitoring mixin: alerts, recording rules and dashboards as Jsonnet objects that others can add to.

Source: monitoring-mixins/docs: `prometheusAlerts`, `prometheusRules`, `grafanaDashboards` and `_config`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from offkey.app import yamlfile
from offkey.core.errors import ConfigError

_MIXIN = """\
// Alerts, recording rules and dashboards of offkey; written by `offkey mixin export`.
(import 'config.libsonnet') +
(import 'alerts/alerts.libsonnet') +
(import 'rules/rules.libsonnet') +
(import 'dashboards/dashboards.libsonnet')
"""
_CONFIG = """\
// What a deployment may change.
{
  _config+:: {
    grafanaFolder: 'offkey',
    dashboardTags: ['offkey'],
  },
}
"""
_DASHBOARDS = """\
{{
  grafanaDashboardFolder: $._config.grafanaFolder,
  grafanaDashboards+:: {{
{entries}
  }},
}}
"""
_ENTRY = "    '{name}': (import '{name}') {{ tags: $._config.dashboardTags }},"


def files(rule_files: Sequence[Path], dashboards: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a mixin, by path.

    Args:
        rule_files: files whose groups are taken along.
        dashboards: texts by file name.

    Raises:
        ConfigError: a file holds no groups of rules.
    """
    groups = [group for path in rule_files for group in _groups(path)]
    entries = "\n".join(_ENTRY.format(name=name) for name in dashboards)
    return {
        "mixin.libsonnet": _MIXIN,
        "config.libsonnet": _CONFIG,
        "alerts/alerts.libsonnet": _objects("prometheusAlerts", _only(groups, "alert")),
        "rules/rules.libsonnet": _objects("prometheusRules", _only(groups, "record")),
        "dashboards/dashboards.libsonnet": _DASHBOARDS.format(entries=entries),
        **{f"dashboards/{name}": text for name, text in dashboards.items()},
    }


def _groups(path: Path) -> list[dict[str, Any]]:
    content = yamlfile.load(path).value
    if not isinstance(content, dict) or not isinstance(content.get("groups"), list):
        msg = f"{path}: no groups of rules; name a rule file of Prometheus"
        raise ConfigError(msg)
    found: list[dict[str, Any]] = content["groups"]
    return found


def _only(groups: Sequence[Mapping[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Return the groups with their alerts, or their recording rules, alone; those without any are left out."""
    kept = [{**group, "rules": [rule for rule in group["rules"] if kind in rule]} for group in groups]
    return [group for group in kept if group["rules"]]


def _objects(field: str, groups: Sequence[Mapping[str, Any]]) -> str:
    """Return an object with groups; JSON is Jsonnet."""
    return f"{{\n  {field}+:: {{\n    groups+: {json.dumps(groups, indent=2)},\n  }},\n}}\n"
