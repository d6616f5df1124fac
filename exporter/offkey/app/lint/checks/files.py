"""What Prometheus itself would refuse."""

import re
from collections.abc import Iterator, Mapping

from offkey.app.lint.findings import Check, Folder, Note, Subject
from offkey.app.promql import parse, walk
from offkey.app.written.document import RuleDocument, Scalar, WrittenGroup, WrittenRule
from offkey.app.yamlfile import Place
from offkey.core.targets import Target

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
DURATION = re.compile(r"(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")
_DURATIONS = ("interval", "for", "keep_firing_for", "query_offset", "evaluation_delay", "eval_offset", "eval_delay")
_WHOLE = ("limit", "concurrency")
# Functions newer than Prometheus 2.42, and one that is no more. Source: Prometheus CHANGELOG 2.43 to 3.5.
_NEWER = frozenset(
    {"double_exponential_smoothing", "histogram_avg", "histogram_stddev", "histogram_stdvar", "info",
     "mad_over_time", "sort_by_label", "sort_by_label_desc", "ts_of_first_over_time", "ts_of_last_over_time",
     "ts_of_max_over_time", "ts_of_min_over_time", "first_over_time"}
)  # fmt: skip
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def seconds(text: str) -> float | None:
    """Return the seconds of a duration as Prometheus reads it, None when it is none."""
    if text == "0":
        return 0.0
    if not text or not DURATION.fullmatch(text):
        return None
    return float(sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)(ms|[smhdwy])", text)))


def yaml_parse(folder: Folder) -> Iterator[tuple[RuleDocument, Note]]:
    """The file has a shape its reader refuses.

    Why: one such file blocks every reload of that Prometheus, for everybody's rules.
    Mend: write what the message says; keys the chosen `--target` does not know count as refused.
    """
    for document in folder.documents:
        for fault in document.faults:
            yield document, Note(fault.message, fault.place)
        names: dict[str, Place] = {}
        for group in document.groups:
            for note in _group(group, names, folder.target):
                yield document, note
            for rule in group.rules:
                for note in _rule(rule, folder.target):
                    yield document, note


def _group(group: WrittenGroup, names: dict[str, Place], target: Target) -> Iterator[Note]:
    if not group.name:
        yield Note("a group without a name", group.place)
    elif group.name in names:
        yield Note(f'group "{group.name}" is written twice; first on line {names[group.name].line}', group.place)
    names.setdefault(group.name, group.place)
    yield from _unknown(group.keys, group.others, target.group_keys, f"a group of {target.title}")
    yield from _numbers(group.keys)


def _rule(rule: WrittenRule, target: Target) -> Iterator[Note]:
    kinds = [kind for kind in ("alert", "record") if kind in rule.keys]
    if len(kinds) != 1:
        yield Note(
            "a rule has either alert or record" + (", not both" if kinds else "; this one has neither"), rule.place
        )
        return
    allowed = target.rule_keys(kinds[0])
    yield from _unknown(
        rule.keys, rule.others, allowed, f"{'an' if rule.is_alert else 'a'} {kinds[0]} rule of {target.title}"
    )
    if not rule.expr.strip():
        yield Note("expr is missing or empty", rule.place)
    if not rule.is_alert and not _METRIC.fullmatch(rule.name):
        yield Note(f'"{rule.name}" is not a metric name', rule.keys["record"].place)
    if rule.is_alert and not rule.name:
        yield Note("an alert without a name", rule.place)
    if not rule.is_alert and rule.annotations:
        yield Note("a recording rule has no annotations", rule.place)
    for name in (*rule.labels, *rule.annotations):
        if not _LABEL.fullmatch(name) or name == "__name__":
            yield Note(f'"{name}" is not a label name', rule.names.get(name, rule.place))
    yield from _numbers(rule.keys)


def _unknown(
    keys: Mapping[str, Scalar], others: Mapping[str, Place], allowed: frozenset[str], what: str
) -> Iterator[Note]:
    places = {**{key: value.place for key, value in keys.items()}, **others}
    for key, place in places.items():
        if key not in allowed:
            yield Note(f'unknown key "{key}"; {what} has {", ".join(sorted(allowed))}', place)


def _numbers(keys: Mapping[str, Scalar]) -> Iterator[Note]:
    for key in _DURATIONS:
        if key in keys and seconds(keys[key].value) is None:
            yield Note(f'{key}: "{keys[key].value}" is not a duration; write for example 30s, 5m, 1h', keys[key].place)
    for key in _WHOLE:
        if key in keys and not keys[key].value.isdecimal():
            yield Note(f'{key}: "{keys[key].value}" is not a whole number', keys[key].place)


def promql_syntax(subject: Subject) -> Iterator[Note]:
    """The query is not PromQL.

    Why: Prometheus refuses the whole file, and with it every reload.
    Mend: the message is the parser's; look left of where it points.
    """
    if subject.tree is None and subject.rule.expr.strip():
        try:
            parse(subject.rule.expr)
        except ValueError as error:
            yield Note(str(error).partition("\n")[0], subject.where("expr"))


def promql_features(subject: Subject) -> Iterator[Note]:
    """The query uses a function that the target does not have.

    Why: the default target is Prometheus 2.42; it refuses a file with a function that came later.
    Mend: write it with older functions, or name a newer `--target`.
    """
    if subject.tree is None or subject.target.group_keys >= {"query_offset"} or subject.target.name.startswith("vm"):
        return
    calls = {getattr(getattr(node, "func", None), "name", "") for node in walk(subject.tree)}
    for name in sorted(calls & _NEWER):
        if name in subject.rule.expr:  # the parser knows holt_winters by its later name
            yield Note(f"{name} is not a function of {subject.target.title}", subject.where("expr"))


CHECKS = (
    Check("yaml/parse", "fatal", folder=yaml_parse),
    Check("promql/syntax", "fatal", promql_syntax),
    Check("promql/features", "error", promql_features),
)
