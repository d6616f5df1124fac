"""The constants of a rule file that decide its alerts, and why some are nobody's to learn."""

from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser as promql

from offkey.app.lint.checks.files import seconds
from offkey.app.promql import parsed, walk
from offkey.app.written.conditions import Condition, conditions
from offkey.app.written.document import RuleDocument, WrittenRule
from offkey.app.written.spans import LineIndex, offsets
from offkey.app.yamlfile import Place
from offkey.core.labels import NAME, Labels

_OWN = ("offkey_", "offkey:", "ALERTS")


@dataclass(frozen=True, slots=True)
class Constant:
    """A threshold of an alert.

    Attributes:
        rule: the alert.
        labels: what tells it from others of its name: its own labels, and the equality matchers of its query.
        condition: the comparison.
        start: offset of the number in the file.
        end: likewise.
        place: line and column of the number.
        share: how many constants of this alert share its budget.
        kept: why the constant is left as it is; empty when it can be learned.
    """

    rule: WrittenRule
    labels: Labels
    condition: Condition
    start: int
    end: int
    place: Place
    share: int
    kept: str = ""

    @property
    def above(self) -> bool:
        """Whether the alert is on values above the constant."""
        return self.condition.op in (">", ">=")

    @property
    def hold(self) -> int:
        """`for`, whole seconds."""
        return _seconds(self.rule, "for")

    @property
    def keep(self) -> int:
        """`keep_firing_for`, whole seconds."""
        return _seconds(self.rule, "keep_firing_for")


def constants(document: RuleDocument) -> Iterator[Constant]:
    """Yield every comparison with a constant that decides an alert, in the order of the file."""
    lines = LineIndex(document.text)
    for _, rule in document.rules:
        tree = parsed(rule.expr)
        if not rule.is_alert or tree is None:
            continue
        found = conditions(rule.expr)
        try:
            where = offsets(document.text, rule.keys["expr"])
        except ValueError:
            where = []
        for one in found:
            start, end = (where[one.span[0]], where[one.span[1] - 1] + 1) if where else (0, 0)
            kept = _kept(one, document.text[start:end] if where else None, rule.expr[slice(*one.span)])
            place = lines.place(start) if where else rule.keys["expr"].place
            yield Constant(rule, _labels(rule, tree), one, start, end, place, len(found), kept)


def _kept(one: Condition, written: str | None, text: str) -> str:
    """Return why a constant is not to be learned."""
    tree = parsed(one.query)
    if written is None or written != text:
        return "the number cannot be found in the file as it is written"
    if one.kind == "computed":
        return "the constant is computed, as objectives are: people choose it"
    if one.op in ("==", "!="):
        return "it asks for one value"
    if one.value == 0:
        return "it asks whether there is any"
    if tree is None:
        return "what is compared is no query by itself"
    names = [node.name for node in walk(tree) if isinstance(node, promql.VectorSelector) and node.name]
    own = next((name for name in names if name.startswith(_OWN)), "")
    return f"it reads {own}" if own else ""


def _labels(rule: WrittenRule, tree: promql.Expr) -> Labels:
    matched: dict[str, set[str]] = {}
    for node in walk(tree):
        if isinstance(node, promql.VectorSelector):
            for one in node.matchers.matchers:
                if one.op == promql.MatchOp.Equal and one.name != NAME:
                    matched.setdefault(one.name, set()).add(one.value)
    single = {name: next(iter(values)) for name, values in matched.items() if len(values) == 1}
    return Labels.of({**single, **{name: text.value for name, text in rule.labels.items()}})


def _seconds(rule: WrittenRule, key: str) -> int:
    return int(seconds(rule.keys[key].value) or 0) if key in rule.keys else 0
