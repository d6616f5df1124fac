"""Templates of labels and annotations."""

import re
from collections.abc import Iterator

import promql_parser as promql

from offkey.app.lint.findings import Check, Note, Subject
from offkey.app.lint.shape import shape
from offkey.app.promql import walk
from offkey.app.written.document import Scalar

_COMMENT = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
_ACTION = re.compile(r'\{\{((?:"(?:\\.|[^"\\])*"|`[^`]*`|(?!\}\}).)*)\}\}', re.DOTALL)
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')
_WORD = re.compile(r"(?<![\w.$])[a-zA-Z_]\w*")
_LABEL = re.compile(r"(?:\$labels|(?<![\w$])\.Labels)\.([a-zA-Z_]\w*)")
_VALUE = re.compile(r"\$value|(?<![\w$])\.Value\b")
_OPENING, _MIDDLE = frozenset({"if", "range", "with", "define", "block"}), frozenset({"else", "break", "continue"})
# Source: Prometheus template/template.go (2.42), Go text/template.
_FUNCTIONS = frozenset(
    {"and", "call", "html", "index", "slice", "js", "len", "not", "or", "print", "printf", "println", "urlquery",
     "eq", "ne", "lt", "le", "gt", "ge", "query", "first", "label", "value", "sortByLabel", "strvalue", "args",
     "reReplaceAll", "safeHtml", "match", "title", "toUpper", "toLower", "graphLink", "tableLink", "stripPort",
     "stripDomain", "humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp",
     "toTime", "pathPrefix", "externalURL", "parseDuration", "tmpl", "true", "false", "nil", "template", "end"}
)  # fmt: skip
_HUMANE = re.compile(r"humanize|printf|toTime|query|if|eq|gt|lt")
_RATES = frozenset({"rate", "irate", "deriv"})
_ADDED = frozenset({"alertname"})


def template(subject: Subject) -> Iterator[Note]:
    """A template does not work, or says nothing.

    Why: a broken template is noticed when the alert fires, at night; a value in a label makes a new alert at every
    evaluation, so `for` never ends; a label the query drops is an empty word.
    Mend: close what was opened; move the value to an annotation; name a label that the result has.
    """
    if not subject.rule.is_alert:
        return
    for name, text in {**subject.rule.labels, **subject.rule.annotations}.items():
        for message in _broken(text.value):
            yield Note(f"{name}: {message}", text.place)
    for name, text in subject.rule.labels.items():
        if any(_VALUE.search(_TEXT.sub("", action)) for action in _actions(text.value)):
            yield Note(f"label {name} holds the value: every evaluation makes another alert", text.place)
    yield from _missing(subject)


def _actions(text: str) -> list[str]:
    """Return what stands between the brackets of a template, comments left out."""
    return _ACTION.findall(_COMMENT.sub("", text))


def _broken(text: str) -> Iterator[str]:
    rest = _ACTION.sub("", _COMMENT.sub("", text))
    if "{{" in rest or "}}" in rest:
        yield "brackets {{ }} do not match"
        return
    depth = 0
    for action in _actions(text):
        words = _WORD.findall(_TEXT.sub('""', action.strip("- \n\t")))
        if not words:
            continue
        if words[0] in _OPENING:
            depth += 1
        elif words[0] == "end":
            depth -= 1
        unknown = [word for word in words if word not in _FUNCTIONS | _OPENING | _MIDDLE]
        if unknown:
            yield f"{unknown[0]} is not a template function"
        if depth < 0:
            break
    if depth:
        yield "an {{ end }} is missing" if depth > 0 else "an {{ end }} too many"


def _missing(subject: Subject) -> Iterator[Note]:
    if subject.tree is None:
        return
    result = shape(subject.tree)
    texts: list[tuple[str, Scalar]] = [*subject.rule.labels.items(), *subject.rule.annotations.items()]
    own = {*_ADDED, *subject.rule.labels}
    for name, text in texts:
        used = {label for action in _actions(text.value) for label in _LABEL.findall(_TEXT.sub("", action))}
        for label in sorted(used - own):
            if not result.has(label):
                yield Note(f"{name}: the query's result has no label {label}; it is empty here", text.place)


def humane(subject: Subject) -> Iterator[Note]:
    """A rate is told with all its digits.

    Why: `0.03333333333333333` is nothing people read at night.
    Mend: write `{{ $value | humanize }}`, or humanizePercentage, humanizeDuration.
    """
    if subject.tree is None or not subject.rule.is_alert:
        return
    if not any(isinstance(node, promql.Call) and node.func.name in _RATES for node in walk(subject.tree)):
        return
    for name, text in subject.rule.annotations.items():
        for action in _actions(text.value):
            if _VALUE.search(_TEXT.sub("", action)) and not _HUMANE.search(action):
                yield Note(f"{name}: the value of a rate has many digits; pipe it to humanize", text.place)
                break


CHECKS = (Check("alerts/template", "error", template), Check("alerts/humanize", "info", humane))
