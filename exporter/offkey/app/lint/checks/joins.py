"""Two sides of an operator: do they meet, and do they hold together."""

from collections.abc import Iterator

import promql_parser as promql

from offkey.app.lint.checks.files import seconds
from offkey.app.lint.findings import Check, Note, Subject
from offkey.app.lint.shape import Shape, is_number, matching, shape
from offkey.app.promql import walk

_RANKED = frozenset({"topk", "bottomk"})


def matching_labels(subject: Subject) -> Iterator[Note]:
    """The two sides of an operator are matched on labels that they cannot share.

    Why: series are paired by equal labels; where one side lost a label in an aggregation, nothing pairs, and the rule
    is silent for ever. `on` a label that both sides lack pairs everything with everything.
    Mend: aggregate both sides by the same labels, or name the shared ones with `on (...)`.
    """
    for node in _operators(subject.tree):
        left, right = shape(node.lhs), shape(node.rhs)
        for message in _unmatched(node, left, right):
            yield Note(message, subject.where("expr"))


def _operators(tree: promql.Expr | None) -> Iterator[promql.BinaryExpr]:
    for node in walk(tree) if tree is not None else ():
        if isinstance(node, promql.BinaryExpr) and not is_number(node.lhs) and not is_number(node.rhs):
            yield node


def _unmatched(node: promql.BinaryExpr, left: Shape, right: Shape) -> Iterator[str]:
    names, op = matching(node), str(node.op).lower()
    if names is not None and names[0]:
        for label in sorted(names[1]):
            if not left.has(label) and not right.has(label):
                yield f"{op} on ({label}): neither side has {label}"
            elif not (left.has(label) and right.has(label)):
                side = "right" if left.has(label) else "left"
                yield f"{op} on ({label}): the {side} side has no {label}, so nothing matches"
        return
    ignored = names[1] if names is not None else frozenset()
    if op == "or" or left.only is None or right.only is None:
        return
    mine = {name for name in left.only if left.has(name)} - ignored
    others = {name for name in right.only if right.has(name)} - ignored
    if mine != others:
        told = (f"({', '.join(sorted(names))})" for names in (mine, others))
        yield f"{op} matches {next(told)} with {next(told)}, so nothing matches; write on (...) or aggregate alike"


def fragile(subject: Subject) -> Iterator[Note]:
    """An alert that goes on and off by accident.

    Why: the members of `topk` change from one evaluation to the next, and with each the alert resolves; series of two
    metrics are scraped at different moments, and a ratio of them without `for` fires on a single late scrape.
    Mend: compare the whole instead of its top; give the alert a `for` of at least two scrapes. A `topk` that only picks
    the series labels are taken from (`* on (...) group_left (...) topk(...)`) is left out.
    """
    if subject.tree is None or not subject.rule.is_alert:
        return
    chosen = {text for node in walk(subject.tree) for text in _looked_up(node)}
    for node in walk(subject.tree):
        if isinstance(node, promql.AggregateExpr) and str(node.op) in _RANKED and str(node) not in chosen:
            yield Note(
                f"{node.op} in an alert: its members change, and with each the alert ends", subject.where("expr")
            )
    held = subject.rule.keys.get("for")
    if held is not None and seconds(held.value):
        return
    for node in _operators(subject.tree):
        if str(node.op) in ("/", "-") and (apart := _apart(node)):
            yield Note(
                f"{apart[0]} and {apart[1]} are scraped apart; without `for` a late one fires", subject.where("expr")
            )
            return


def _looked_up(node: promql.Expr) -> set[str]:
    """Return the ranked aggregations that only pick one series to take labels from, as text."""
    if not isinstance(node, promql.BinaryExpr) or node.modifier is None:
        return set()
    if node.modifier.card != promql.VectorMatchCardinality.ManyToOne:
        return set()
    inner = (one for one in walk(node.rhs) if isinstance(one, promql.AggregateExpr))
    return {str(one) for one in inner if str(one.op) in _RANKED}


def _apart(node: promql.BinaryExpr) -> tuple[str, str] | None:
    """Return a metric of each side when the sides share none."""
    sides = [
        sorted({one.name for one in walk(side) if isinstance(one, promql.VectorSelector) and one.name})
        for side in (node.lhs, node.rhs)
    ]
    if not all(sides) or set(sides[0]) & set(sides[1]) or sides[0][0].split("_")[0] == sides[1][0].split("_")[0]:
        return None
    return sides[0][0], sides[1][0]


CHECKS = (Check("promql/vector_matching", "error", matching_labels), Check("promql/fragile", "warning", fragile))
