"""Rule files as text: written in a fixed order, sealed with a hash of their content, and read back."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from offkey.core.durations import format_duration
from offkey.core.errors import RuleError
from offkey.core.labels import NAME, Labels, quote
from offkey.core.rules import AlertRule, FiringAlert, Rule, RuleFile, RuleGroup, RuleTest
from offkey.engine.rules.reviewed import Constants

MARK = "# Written by `offkey rules generate`"
ADOPTED = "constants adopted from a hand edit: they stay until the file is removed or replaced"
_SEAL = re.compile(r"^# spec ([0-9a-f]{12}), content ([0-9a-f]{12})$", re.MULTILINE)
_VECTOR = re.compile(r"vector\(\s*([-+.\deE]+)\s*\)")
_CLAMP = re.compile(r",\s*([-+.\deE]+),\s*([-+.\deE]+)\)")


# The same safe loader, in C where it was built: large rule folders are read on every run.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Dumper(yaml.SafeDumper):
    """Plain YAML: block scalars for several lines, no anchors, lists indented under their key."""

    def ignore_aliases(self, data: object) -> bool:
        """Write everything out: an anchor makes diffs hard to read."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists under their key."""
        del indentless
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Write several lines as a block; quote what YAML could take for a line break of its own (U+0085, U+2028)."""
    plain = all(line.isprintable() for line in value.split("\n"))
    style = ("|" if "\n" in value else None) if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def rules_text(file: RuleFile, spec: str, *, adopted: bool = False) -> str:
    """Return a rule file.

    Args:
        file: what it says.
        spec: fingerprint of the signal it comes from.
        adopted: whether its constants stay although learning finds others.

    Raises:
        RuleError: a text cannot be written as UTF-8.
    """
    return sealed(file, spec, groups_text(file), adopted=adopted)


def groups_text(file: RuleFile) -> str:
    """Return the groups of a rule file, without its header."""
    return "groups:\n" + "".join(_group(group) for group in file.groups)


def sealed(file: RuleFile, spec: str, content: str, *, adopted: bool = False) -> str:
    """Return a content under the header of a rule file.

    Raises:
        RuleError: a text cannot be written as UTF-8.
    """
    return _sealed([*file.header, ADOPTED] if adopted else file.header, spec, content)


def tests_text(file: RuleFile, spec: str, rules_path: str) -> str:
    """Return the promtool tests of a rule file, which lies at `rules_path` as seen from the tests.

    Raises:
        RuleError: a text cannot be written as UTF-8.
    """
    return _sealed((), spec, tests_body(file, rules_path))


def tests_body(file: RuleFile, rules_path: str) -> str:
    """Return the promtool tests of a rule file without a header."""
    body = {"rule_files": [rules_path], "evaluation_interval": format_duration(file.tests[0].interval)}
    tests = {"tests": [_test(test) for test in file.tests]}
    return _dump(body) + _dump(tests)


def is_ours(text: str) -> bool:
    """Return whether a file was written by this module."""
    return text.startswith(MARK) and _SEAL.search(text) is not None


def is_edited(text: str) -> bool:
    """Return whether a person changed a file of ours since it was written."""
    seal = _SEAL.search(text)
    return seal is None or seal.group(2) != _digest(text)


def is_adopted(text: str) -> bool:
    """Return whether the constants of a file stay although learning finds others."""
    return f"# {ADOPTED}\n" in text


def body(text: str) -> str:
    """Return a file of ours without its header: what Prometheus sees, and the comments beside it."""
    return text.partition("\n\n")[2]


def header(text: str) -> tuple[str, ...]:
    """Return what the header of a file of ours says, without who wrote it and the seal."""
    lines = text.partition("\n\n")[0].split("\n")
    return tuple(line.removeprefix("# ") for line in lines[2:])


def groups(text: str) -> list[dict[str, Any]]:
    """Return the groups of a rule file as YAML has them.

    Raises:
        RuleError: the text is not a rule file.
    """
    try:
        return list(yaml.load(text, LOADER)["groups"])  # noqa: S506 (a safe loader)
    except (yaml.YAMLError, KeyError, TypeError) as error:
        msg = f"not a rule file: {error}"
        raise RuleError(msg) from error


def spec_of(text: str) -> str:
    """Return the fingerprint of the signal a file of ours comes from."""
    seal = _SEAL.search(text)
    return seal.group(1) if seal else ""


def constants(text: str) -> Constants:
    """Return the reviewed constants a rule file says.

    Raises:
        RuleError: the text is not a rule file.
    """
    try:
        groups = yaml.load(text, LOADER)["groups"]  # noqa: S506 (a safe loader)
        rules = [rule for group in groups for rule in group["rules"] if "record" in rule]
        found = [(str(rule["record"]), str(rule["expr"]), dict(rule.get("labels", {}))) for rule in rules]
        typical = [_floats(_VECTOR, expr)[0] for record, expr, _ in found if record == "offkey:expected_reviewed"]
        reviewed = {
            str(labels["bound"]): _floats(_VECTOR, expr)[0]
            for record, expr, labels in found
            if record == "offkey:threshold_reviewed"
        }
        envelopes = {
            str(labels["bound"]): _floats(_CLAMP, expr)
            for record, expr, labels in found
            if record == "offkey:threshold"
        }
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        msg = f"not a rule file that constants can be read from: {error}"
        raise RuleError(msg) from error
    bounds = {side: (value, *_pair(envelopes.get(side))) for side, value in reviewed.items()}
    return Constants(typical[0] if typical else None, bounds)


def _floats(shape: re.Pattern[str], expr: str) -> tuple[float, ...]:
    match = shape.search(expr)
    if match is None:
        msg = f"{expr.strip()!r} has no constant where one is expected"
        raise ValueError(msg)
    return tuple(float(value) for value in match.groups())


def _pair(envelope: tuple[float, ...] | None) -> tuple[float | None, float | None]:
    return (envelope[0], envelope[1]) if envelope else (None, None)


def _sealed(header: Sequence[str], spec: str, content: str) -> str:
    """Return the whole file: who wrote it, the seal, the evidence, an empty line, the content."""
    lines = [f"{MARK}: change the signal, not this file. An edited file is never overwritten."]
    lines += [f"# spec {spec}, content {'0' * 12}", *map(_comment, header)]
    text = "\n".join(lines) + "\n\n" + content
    try:
        digest = _digest(text)
    except UnicodeEncodeError as error:
        msg = f"a rule text is not Unicode: {error}"
        raise RuleError(msg) from error
    return _SEAL.sub(f"# spec {spec}, content {digest}", text, count=1)


def _digest(text: str) -> str:
    """Return a short hash of a file, its own hash left out."""
    unsealed = _SEAL.sub(lambda seal: f"# spec {seal.group(1)}, content {'0' * 12}", text, count=1)
    return hashlib.sha256(unsealed.encode()).hexdigest()[:12]


def _comment(text: str) -> str:
    """Return a text as one comment line, whatever is in it."""
    return "# " + "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _dump(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))


def _group(group: RuleGroup) -> str:
    head: dict[str, Any] = {"name": group.name, "interval": format_duration(group.interval)}
    if group.limit:
        head["limit"] = group.limit
    rules = "".join(
        _indented("".join(f"{_comment(line)}\n" for line in rule.comment) + _dump([_rule(rule)]), 6)
        for rule in group.rules
    )
    return "  - " + _indented(_dump(head), 4).lstrip() + "    rules:\n" + rules


def _indented(text: str, columns: int) -> str:
    return "".join(" " * columns + line if line.strip() else line for line in text.splitlines(keepends=True))


def _rule(rule: Rule) -> dict[str, Any]:
    """Return one rule with its keys in the order they are read."""
    if isinstance(rule, AlertRule):
        made: dict[str, Any] = {"alert": rule.alert, "expr": rule.expr}
        made |= {"for": format_duration(rule.hold)} if rule.hold else {}
        made |= {"keep_firing_for": format_duration(rule.keep_firing)} if rule.keep_firing else {}
        return made | {"labels": dict(rule.labels), "annotations": dict(rule.annotations)}
    made = {"record": rule.record, "expr": rule.expr}
    return made | ({"labels": dict(rule.labels)} if rule.labels else {})


def _test(test: RuleTest) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": test.name,
        "interval": format_duration(test.interval),
        "input_series": [{"series": _series(given.labels), "values": given.values} for given in test.given],
        "alert_rule_test": [
            {
                "eval_time": format_duration(check.at),
                "alertname": check.alert,
                "exp_alerts": [*map(_alert, check.firing)],
            }
            for check in test.alerts
        ],
        "promql_expr_test": [
            {
                "expr": check.expr,
                "eval_time": format_duration(check.at),
                "exp_samples": [{"labels": _series(labels), "value": value} for labels, value in check.samples],
            }
            for check in test.values
        ],
    }
    return {key: value for key, value in made.items() if value}


def _alert(alert: FiringAlert) -> dict[str, Any]:
    return {"exp_labels": dict(alert.labels), "exp_annotations": dict(alert.annotations)}


def _series(labels: Mapping[str, str]) -> str:
    """Return a series as promtool reads it: the metric name, then its labels."""
    own = Labels.of(labels).without(NAME)
    return labels.get(NAME, "") + "{" + ", ".join(f"{name}={quote(value)}" for name, value in own.pairs) + "}"
