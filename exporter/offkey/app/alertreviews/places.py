"""Where alerts are set: signals of the configuration, rules of files; and how a proposal changes the text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from offkey.app.config import Config
from offkey.app.written import document
from offkey.app.written.diff import diff
from offkey.app.written.document import RuleDocument, WrittenRule
from offkey.app.written.keys import with_key
from offkey.app.yamlfile import Route
from offkey.core.durations import parse_duration
from offkey.core.errors import ConfigError
from offkey.engine.alertquality import AlertId
from offkey.engine.alertreview import Change, Present
from offkey.engine.rules.spec import alert_name


@dataclass(frozen=True, slots=True)
class Setting:
    """One alert and where it is set.

    Attributes:
        alert: which.
        present: how it is set.
        file: where.
        route: of the signal, or of the rule.
        is_signal: whether a signal makes the alert.
    """

    alert: AlertId
    present: Present
    file: Path
    route: Route
    is_signal: bool


def of_signals(config: Config, path: Path) -> Iterator[Setting]:
    """Yield the alerts of a configuration file."""
    for place, one in enumerate(config.signals):
        if one.alert is not None:
            alert = AlertId(alert_name(one.name, one.alert), one.alert.severity, one.name)
            present = Present(one.alert.hold, one.alert.keep_firing, one.alert.budget_per_week, one.alert.bound)
            yield Setting(alert, present, path, ("signals", place), is_signal=True)


def of_rules(paths: Sequence[Path]) -> Iterator[Setting]:
    """Yield the alerts of rule files; what offkey generated is changed in the configuration instead.

    Raises:
        ConfigError: a file is no rule file.
    """
    for path in paths:
        found = document.load(path)
        if found.faults:
            place = found.faults[0].place
            msg = f"{path}:{place.line}:{place.column}: {found.faults[0].message}"
            raise ConfigError(msg)
        yield from _written(found, path)


def _written(found: RuleDocument, path: Path) -> Iterator[Setting]:
    top: Route = ("spec",) if found.is_manifest else ()
    for group_place, group in enumerate(found.groups):
        for place, rule in enumerate(group.rules):
            labels = {name: value.value for name, value in rule.labels.items()}
            if not rule.is_alert or "offkey_rule" in labels:
                continue
            hold, keep = (_seconds(rule, key) for key in ("for", "keep_firing_for"))
            alert = AlertId(rule.name, labels.get("severity", ""), "")
            route: Route = (*top, "groups", group_place, "rules", place)
            yield Setting(alert, Present(hold, keep), path, route, is_signal=False)


def _seconds(rule: WrittenRule, key: str) -> int:
    try:
        return parse_duration(rule.keys[key].value) if key in rule.keys else 0
    except ValueError:
        return 0  # Prometheus would refuse the file, and says why


def changed(path: Path, changes: Sequence[tuple[Setting, Change]]) -> str:
    """Return what proposals make of a file, as a unified diff.

    Raises:
        ConfigError: a key has no place in the file.
    """
    before = after = path.read_bytes().decode()
    for setting, change in changes:
        if change.key != "retire":
            after = with_key(after, _route(setting, change.key), change.after)
        elif setting.is_signal:
            after = with_key(after, (*setting.route, "alert"), "none")
    after = _without(after, [one for one, change in changes if change.key == "retire" and not one.is_signal])
    return diff(str(path), before, after)


def _route(setting: Setting, key: str) -> Route:
    return (*setting.route, "alert", key) if setting.is_signal else (*setting.route, key)


def _without(text: str, retired: Sequence[Setting]) -> str:
    """Return a rule file without some rules and the comments above them; a group's only rule stays for a person."""
    if not retired:
        return text
    groups = document.parse(text, "").groups
    places = sorted({(int(one.route[-3]), int(one.route[-1])) for one in retired}, reverse=True)
    lines = text.splitlines(keepends=True)
    for group, rule in places:
        if len(groups[group].rules) > 1:
            first, last = groups[group].rules[rule].lines
            del lines[first - 1 : last]
    return "".join(lines)
