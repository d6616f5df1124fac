"""The reference pages of the configuration file and the command line, made from what the program checks and runs.

Usage: python -m offkey.app.reference [FOLDER]     writes its pages, by default into docs/reference.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from offkey.adapters import files
from offkey.app import cli, manpage, presetpage, schema
from offkey.app.fields import DURATION_PATTERN
from offkey.app.lint import page as lint
from offkey.app.presets import presets
from offkey.app.webconfig.schema import WebFile

EXAMPLE = """\
# yaml-language-server: $schema=offkey.schema.json
sources:
  default:
    url: http://localhost:9090
defaults:
  alert: {team: shop}
signals:
  - name: checkout_errors
    query: >-
      sum by (region) (rate(checkouts_total{result="error"}[5m]))
      / sum by (region) (rate(checkouts_total[5m]))
    unit: ratio
    kind: ratio
    direction: above
    min_deviation: {absolute: 0.005}
    valid_range: [0, 1]
    scale: [0, 1]
    traffic:
      query: sum by (region) (rate(checkouts_total[5m]))
      floor: 0.2
    time_zone:
      label: region
      zones: {eu: Europe/Berlin, us: America/New_York}
    alert: {severity: critical, budget: 1/week, runbook_url: https://runbooks.example/checkout}
"""

_CONFIG_HEAD = f"""\
# Configuration file

Made from the schema by `python -m offkey.app.reference`; do not edit.

```yaml
{EXAMPLE}```

`offkey check config offkey.yml` shows every mistake with its line; `offkey config show --effective` shows the value of
every key. For completion in an editor, write the schema with `offkey config schema > offkey.schema.json` and name it in
the first line, as above.

The file is YAML 1.2 without anchors, aliases and tags, at most 1 MiB. Words such as `no` and `on` are text. A key that
is written twice or not known is an error. Environment variables are not expanded; secrets stand in files of their own.
Files are relative to the folder of the configuration. A *duration* is written as Prometheus does (`30s`, `5m`,
`1h30m`, `14d`), a *budget* as a number per hour, day, week or month (`2/week`), a *size* as `64MB`.
"""

_SECTIONS = {
    "File": "Top level",
    "PrometheusSource": "sources.NAME (kind: prometheus)",
    "BasicAuth": "sources.NAME.basic_auth",
    "Authorization": "sources.NAME.authorization",
    "OAuth2": "sources.NAME.oauth2",
    "TLS": "sources.NAME.tls_config",
    "OtherSource": "sources.NAME (other kinds)",
    "RemoteWrite": "remote_write[]",
    "Storage": "storage",
    "Budgets": "budgets",
    "AlertReview": "review",
    "Reachable": "review.alertmanager",
    "Signal": "signals[]",
    "MinDeviation": "min_deviation",
    "Traffic": "traffic",
    "LabelZones": "time_zone, by label",
    "Forecast": "forecast",
    "Plugin": "detector, forecaster",
    "Alert": "alert",
    "Policy": "defaults",
    "WebFile": "Top level",
    "TLSServer": "tls_server_config",
    "HTTPServer": "http_server_config",
    "Headers": "http_server_config.headers",
    "RateLimit": "rate_limit",
    "Calendar": "calendars[]",
    "Holidays": "calendars[].holidays[]",
    "Dated": "calendars[].dates[]",
    "Weekly": "calendars[].weekly[]",
    "Nth": "calendars[].nth[]",
    "LintPolicy": "lint",
    "Durations": "lint: for, keep_firing_for",
    "RuleOutput": "rules",
    "AlertmanagerSection": "alertmanager",
    "Receiver": "alertmanager.receivers.NAME",
    "Slack": "alertmanager.receivers.NAME.slack[]",
    "Email": "alertmanager.receivers.NAME.email[]",
    "SMS": "alertmanager.receivers.NAME.sms[]",
    "Webhook": "alertmanager.receivers.NAME.webhook[]",
    "PagerDuty": "alertmanager.receivers.NAME.pagerduty[]",
    "Urgency": "alertmanager.severities.NAME",
    "Step": "alertmanager.severities.NAME.escalation[]",
    "Team": "alertmanager.teams.NAME",
    "Tenants": "alertmanager.tenants",
    "Interval": "alertmanager.time_intervals.NAME[]",
    "SMTP": "alertmanager.smtp",
    "Case": "alertmanager.tests[]",
}

_WEB_CONFIG_HEAD = """\
# Web configuration file

Made from the schema by `python -m offkey.app.reference`; do not edit.

`offkey serve --web.config.file web.yml` says who may reach offkey's own port. The format is
[exporter-toolkit's](https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md), so a file
that serves node_exporter serves offkey.

```yaml
tls_server_config:
  cert_file: offkey.crt
  key_file: offkey.key
basic_auth_users:
  prometheus: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi
```

`offkey check web-config web.yml` shows every mistake with its line. The file and the certificates it names are read
anew when they change: the next request and the next handshake see the new ones; a mistake leaves what was in force
and is logged. Files are relative to the folder of the configuration. Every path is guarded, `/-/healthy` as well:
give a probe the password, or let it only connect.

What differs from exporter-toolkit: TLS 1.0 and 1.1, suites without forward secrecy and client certificates that nobody
verifies (`RequestClientCert`, `RequireAnyClientCert`) are refused; at most one curve may be named; anchors are refused.
One account may be tried ten times a minute from one address, all unknown accounts together as well; then the answer is
429 until the next minute. A password that was right before is never delayed.
"""


def config_page() -> str:
    """Return the page of the configuration file, Markdown."""
    return _page(_CONFIG_HEAD, "File", schema.json_schema())


def web_config_page() -> str:
    """Return the page of the web configuration file, Markdown."""
    return _page(_WEB_CONFIG_HEAD, "WebFile", WebFile.model_json_schema())


def _page(head: str, top: str, found: dict[str, Any]) -> str:
    classes = {**found["$defs"], top: found}
    return "\n".join([head, *(line for name in _SECTIONS if name in classes for line in _section(name, classes))])


def _section(name: str, classes: dict[str, Any]) -> Iterator[str]:
    described = classes[name]
    yield f"## {_SECTIONS[name]}\n"
    if name == "Policy":
        own = ", ".join(f"`{key}`" for key in classes["Signal"]["properties"] if key not in described["properties"])
        yield f"{described['description']} All keys of `signals[]` except {own}.\n"
        return
    yield f"{described['description']}\n"
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    order = sorted(described["properties"], key=lambda key: key not in described.get("required", ()))
    for key in order:
        value = described["properties"][key]
        default = "required" if key in described.get("required", ()) else _default(value)
        said = value.get("description") or classes[value["$ref"].rpartition("/")[2]]["description"]
        meaning = " ".join(said.split()).replace("|", "\\|")
        yield f"| `{key}` | {type_words(value)} | {default} | {meaning} |"
    yield ""


def type_words(value: dict[str, Any]) -> str:
    """Return the type of a key in words."""
    if "$ref" in value:
        return _linked(value["$ref"].rpartition("/")[2])
    if choices := value.get("enum") or ([value["const"]] if "const" in value else []):
        return " \\| ".join(f"`{one}`" for one in choices)
    if either := value.get("anyOf") or value.get("oneOf"):
        kinds = [type_words(one) for one in either if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if value["type"] == "array":
        return f"list of {type_words(value['items'])}"
    return f"mapping of names to {type_words(_entry(value))}" if value["type"] == "object" else _scalar_words(value)


def _entry(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping's values."""
    found: dict[str, Any] = mapping.get("additionalProperties") or next(iter(mapping["patternProperties"].values()))
    return found


def _scalar_words(value: dict[str, Any]) -> str:
    pattern = value.get("pattern", "")
    if pattern == DURATION_PATTERN:
        return "duration"
    if "week" in pattern:
        return "budget"
    if "[KMG]" in pattern:
        return "size"
    return {"string": "text", "integer": "whole number", "boolean": "`true` or `false`"}.get(value["type"], "number")


def _linked(name: str) -> str:
    title = _SECTIONS[name]
    anchor = "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")
    return f"[{title}](#{anchor})"


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    if default in (None, "", {}) or isinstance(default, dict):
        return ""
    if isinstance(default, list):
        return f"`[{', '.join('null' if one is None else str(one) for one in default)}]`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def cli_page() -> str:
    """Return the page of the command line, Markdown."""
    head = ["# Command line\n", "Made from the commands by `python -m offkey.app.reference`; do not edit.\n"]
    rules = (cli.__doc__ or "").partition("\n\n")[2]
    return "\n".join([*head, rules, *_commands(cli.root, None, "offkey")])


def _commands(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    context = click.Context(command, parent=parent, info_name=name, terminal_width=100, **command.context_settings)
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _commands(found, context, inner)


PAGES = {"config.md": config_page, "web-config.md": web_config_page, "cli.md": cli_page, "lint.md": lint.page}
PAGES |= {"../../exporter/man/offkey.1": manpage.page}
PAGES |= {f"presets/{pack.name}.md": partial(presetpage.page, pack) for pack in presets()}


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference")
    for page, build in PAGES.items():
        (folder / page).parent.mkdir(parents=True, exist_ok=True)
        files.write(folder / page, build().encode())
