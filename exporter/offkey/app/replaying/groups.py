"""Rule files as values that can be replayed."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from offkey.app.written.document import RuleDocument, Scalar, WrittenGroup, WrittenRule, load
from offkey.app.yamlfile import Place
from offkey.core.durations import parse_duration
from offkey.core.errors import RuleError
from offkey.core.labels import Labels
from offkey.core.rules import AlertRule, RecordRule, Rule, RuleGroup
from offkey.engine.promql.parser import parse


def read(paths: Iterable[Path], default_interval: int) -> tuple[RuleGroup, ...]:
    """Return all groups of some rule files, in their order.

    Args:
        paths: plain rule files or PrometheusRule manifests; of a folder, all its .yml and .yaml files.
        default_interval: seconds between the evaluations of a group that does not say.

    Raises:
        ConfigError: a file cannot be read.
        RuleError: it is not a rule file Prometheus would take; the message begins with file:line:column.
    """
    files = [file for path in paths for file in _files(path)]
    groups = tuple(group for file in files for group in of_document(load(file), default_interval))
    if not any(group.rules for group in groups):
        msg = f"{', '.join(map(str, files)) or 'no file'}: holds no rules; a rule file has groups with rules"
        raise RuleError(msg)
    return groups


def _files(path: Path) -> list[Path]:
    return sorted([*path.glob("*.yml"), *path.glob("*.yaml")]) if path.is_dir() else [path]


def of_document(document: RuleDocument, default_interval: int) -> tuple[RuleGroup, ...]:
    """Return the groups of a file.

    Raises:
        RuleError: Prometheus would not take it.
    """
    if document.faults:
        fault = document.faults[0]
        raise _refusal(document, fault.place, fault.message)
    return tuple(_group(document, group, default_interval) for group in document.groups)


def _group(document: RuleDocument, group: WrittenGroup, default_interval: int) -> RuleGroup:
    limit = group.keys.get("limit")
    if limit is not None and not limit.value.isdecimal():
        raise _refusal(document, limit.place, f'limit "{limit.value}" is not a whole number')
    interval = _seconds(document, group.keys.get("interval")) or default_interval
    rules = tuple(_rule(document, rule) for rule in group.rules)
    return RuleGroup(group.name, interval, rules, int(limit.value) if limit else 0)


def _rule(document: RuleDocument, rule: WrittenRule) -> Rule:
    if not rule.name or not rule.expr:
        raise _refusal(document, rule.place, "a rule needs alert or record, and expr")
    try:
        parse(rule.expr)
    except ValueError as error:
        words = str(error).partition("\n")[0]
        raise _refusal(document, rule.keys["expr"].place, f"{rule.name}: not PromQL: {words}") from error
    labels = Labels.of(_texts(rule.labels))
    if not rule.is_alert:
        return RecordRule(rule.name, rule.expr, labels)
    hold, keep = (_seconds(document, rule.keys.get(key)) for key in ("for", "keep_firing_for"))
    return AlertRule(rule.name, rule.expr, hold, keep, labels, tuple(_texts(rule.annotations).items()))


def _texts(scalars: Mapping[str, Scalar]) -> dict[str, str]:
    return {name: scalar.value for name, scalar in scalars.items()}


def _seconds(document: RuleDocument, scalar: Scalar | None) -> int:
    if scalar is None or scalar.value == "0":
        return 0
    try:
        return parse_duration(scalar.value)
    except ValueError as error:
        raise _refusal(document, scalar.place, str(error)) from error


def _refusal(document: RuleDocument, place: Place, message: str) -> RuleError:
    return RuleError(f"{document.name}:{place.line}:{place.column}: {message}")
