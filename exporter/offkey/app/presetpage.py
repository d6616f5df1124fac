"""The reference page of a preset, made from its files."""

from offkey.app import yamlfile
from offkey.app.presets import RULES, Pack
from offkey.core.signals import Signal

_HEAD = """\
# Preset {name}

Made from the pack by `python -m offkey.app.reference`; do not edit.

{summary}

```sh
offkey discover --preset {name} --prometheus.url http://localhost:9090 -o offkey.yml   # signals that have series
offkey presets write {name} -o offkey/   # every signal, the rules, their tests and the dashboard
```

`discover` leaves out signals that have no series on the server. All of it is a start: drop what nobody would get
up for, and set `min_deviation` to what matters to you.

## Signals

| Signal | What it is | Wrong side | Deviations that matter | Alert |
|---|---|---|---|---|
"""


def page(pack: Pack) -> str:
    """Return the page of one preset, Markdown."""
    rows = "\n".join(_row(signal) for signal in pack.signals)
    queries = "\n\n".join(f"### {signal.name}\n\n```promql\n{signal.query}\n```" for signal in pack.signals)
    return f"{_HEAD.format(name=pack.name, summary=pack.summary)}{rows}\n\n{_rules(pack)}\n## Queries\n\n{queries}\n"


def _row(signal: Signal) -> str:
    shares = [
        _amount(signal) if signal.least_absolute else "",
        f"{signal.least_relative:.0%} of what is usual" if signal.least_relative else "",
    ]
    limit = "" if signal.limit is None else f" Its limit is {signal.limit:g}."
    alert = f"{signal.alert.name}, {signal.alert.severity}" if signal.alert else "none"
    deviation = " and ".join(filter(None, shares))
    told = f"{signal.description}{limit}"
    return f"| `{signal.name}` | {told} | {signal.direction} | {deviation} | {alert} |"


def _amount(signal: Signal) -> str:
    number = f"{signal.least_absolute:,.10g}"
    return number if signal.unit == "ratio" else f"{number} {signal.unit}"


def _rules(pack: Pack) -> str:
    lines = ["## Rules that need no learning", "", "| Alert | After | Severity | What it says |", "|---|---|---|---|"]
    for group in yamlfile.parse(pack.text(RULES), RULES).value["groups"]:
        for rule in group["rules"]:
            said, severity = rule["annotations"]["summary"], rule["labels"]["severity"]
            lines.append(f"| {rule['alert']} | {rule.get('for', 'at once')} | {severity} | {said} |")
    return "\n".join([*lines, ""])
