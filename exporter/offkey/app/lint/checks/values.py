"""Conditions on numbers that cannot hold, or always do."""

import math
from collections.abc import Iterator

import promql_parser as promql

from offkey.app.lint.findings import Check, Note, Subject
from offkey.app.promql import walk
from offkey.app.written.conditions import COMPARISONS

_NEVER_NEGATIVE = frozenset(
    {"rate", "irate", "increase", "count_over_time", "resets", "changes", "abs", "exp", "sqrt", "stddev_over_time",
     "stdvar_over_time", "histogram_count", "present_over_time", "timestamp", "day_of_week", "hour", "minute", "month"}
)  # fmt: skip
_ONE = frozenset({"absent", "absent_over_time", "present_over_time"})


def nan(subject: Subject) -> Iterator[Note]:
    """A comparison with NaN.

    Why: nothing is equal to NaN, greater or smaller: the condition never holds.
    Mend: to find NaN compare the value with itself: `x != x`.
    """
    for node in _comparisons(subject.tree):
        if any(isinstance(side, promql.NumberLiteral) and math.isnan(side.val) for side in (node.lhs, node.rhs)):
            yield Note(f"{node.op} NaN never holds; write x != x to find NaN", subject.where("expr"))


def impossible(subject: Subject) -> Iterator[Note]:
    """A condition that no value can meet, so the rule never does anything.

    Why: a `count` is never 0, because of no series there is no result; a rate is never negative; `absent` is always 1.
    Mend: use `absent(...)` for "none"; compare with a value that can be reached.
    """
    for node in _comparisons(subject.tree):
        if node.modifier and node.modifier.return_bool:
            continue
        if not isinstance(node.rhs, promql.NumberLiteral):
            continue
        low, high, what = _range(node.lhs)
        if math.isnan(node.rhs.val) or _possible(str(node.op), node.rhs.val, low, high):
            continue
        yield Note(f"{what} {_words(low, high)}, so {node.op} {node.rhs.val:g} never holds", subject.where("expr"))


def _comparisons(tree: promql.Expr | None) -> Iterator[promql.BinaryExpr]:
    nodes = walk(tree) if tree is not None else []
    return (node for node in nodes if isinstance(node, promql.BinaryExpr) and str(node.op) in COMPARISONS)


def _words(low: float, high: float) -> str:
    if low == high:
        return f"is always {low:g}"
    return f"is at least {low:g}" if math.isinf(high) else f"lies between {low:g} and {high:g}"


def _possible(op: str, bound: float, low: float, high: float) -> bool:
    if op == "==":
        return low <= bound <= high
    if op == "!=":
        return not low == high == bound
    reach = high - bound if op.startswith(">") else bound - low
    return reach > 0 or (reach == 0 and op.endswith("="))


def _range(tree: promql.Expr) -> tuple[float, float, str]:
    """Return the lowest and highest value an expression can have, and how to call it."""
    match tree:
        case promql.ParenExpr():
            found = _range(tree.expr)
        case promql.NumberLiteral():
            found = tree.val, tree.val, f"{tree.val:g}"
        case promql.VectorSelector(name="up"):
            found = 0.0, 1.0, "up"
        case promql.AggregateExpr():
            found = _aggregated(tree)
        case promql.Call():
            found = _called(tree)
        case _:
            found = -math.inf, math.inf, "it"
    return found


def _aggregated(tree: promql.AggregateExpr) -> tuple[float, float, str]:
    op = str(tree.op)
    if op in ("count", "group"):
        return 1.0, 1.0 if op == "group" else math.inf, op
    if op in ("sum", "min", "max", "avg"):
        low, high, what = _range(tree.expr)
        return (low if low >= 0 else -math.inf), (math.inf if op == "sum" else high), f"{op} of {what}"
    return (0.0 if op in ("stddev", "stdvar") else -math.inf), math.inf, op


def _called(tree: promql.Call) -> tuple[float, float, str]:
    name = tree.func.name
    if name in _ONE:
        return 1.0, 1.0, name
    return (0.0 if name in _NEVER_NEGATIVE else -math.inf), math.inf, name


CHECKS = (Check("promql/nan", "error", nan), Check("promql/impossible", "error", impossible))
