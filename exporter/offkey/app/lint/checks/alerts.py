"""Alerts: do they ask for anything, and for long enough."""

from collections.abc import Iterator

import promql_parser as promql

from offkey.app.lint.checks.files import seconds
from offkey.app.lint.findings import Check, Note, Subject
from offkey.app.promql import walk
from offkey.app.written.conditions import COMPARISONS

_ABSENT = ("absent", "absent_over_time")
_LEAST_ABSENT = 120.0  # twice the usual scrape interval
_PRESENT = ("ALERTS", "ALERTS_FOR_STATE")


def comparison(subject: Subject) -> Iterator[Note]:
    """An alert fires for every series its query returns, and this one has no condition.

    Why: without a comparison, `absent`, `and` or `unless` the alert fires for as long as the series exist; with `bool`
    it fires whatever the outcome, because a 0 is a result too.
    Mend: compare with a threshold; drop `bool`. An alert on `vector(1)` alone is meant to fire always and is left out.
    """
    if not subject.rule.is_alert or subject.tree is None or _is_heartbeat(subject.tree):
        return
    if _always(subject.tree):
        said = "bool turns the condition into 0 or 1, and both fire" if _with_bool(subject.tree) else "has no condition"
        yield Note(f"the query {said}; compare it with something", subject.where("expr"))


def _always(tree: promql.Expr) -> bool:
    """Return whether every series the expression selects is a result."""
    match tree:
        case promql.BinaryExpr():
            always = _always_combined(tree)
        case promql.Call():
            always = tree.func.name not in _ABSENT and all(_always(one) for one in tree.args)
        case promql.MatrixSelector():
            always = _always(tree.vector_selector)
        case promql.VectorSelector():
            always = tree.name not in _PRESENT
        case promql.ParenExpr() | promql.UnaryExpr() | promql.AggregateExpr() | promql.SubqueryExpr():
            always = _always(tree.expr)
        case _:
            always = True
    return always


def _always_combined(tree: promql.BinaryExpr) -> bool:
    op = str(tree.op).lower()
    if op == "or":
        return _always(tree.lhs) or _always(tree.rhs)
    if op in COMPARISONS and not (tree.modifier and tree.modifier.return_bool):
        return False
    return op not in ("and", "unless") and _always(tree.lhs) and _always(tree.rhs)


def _is_heartbeat(tree: promql.Expr) -> bool:
    """Return whether the query is `vector(1)`, which people use to see that alerts still arrive."""
    return (
        isinstance(tree, promql.Call) and tree.func.name == "vector" and isinstance(tree.args[0], promql.NumberLiteral)
    )


def _with_bool(tree: promql.Expr) -> bool:
    modifiers = (node.modifier for node in walk(tree) if isinstance(node, promql.BinaryExpr))
    return any(modifier is not None and modifier.return_bool for modifier in modifiers)


def hold(subject: Subject) -> Iterator[Note]:
    """`for` or `keep_firing_for` says what is so without it.

    Why: a time of zero is the default; it reads as if somebody had chosen it.
    Mend: remove the line.
    """
    for key in ("for", "keep_firing_for"):
        found = subject.rule.keys.get(key)
        if found is not None and subject.rule.is_alert and seconds(found.value) == 0:
            yield Note(f"{key}: {found.value} is the default; remove the line", found.place)


def absent(subject: Subject) -> Iterator[Note]:
    """An alert on `absent` waits too short.

    Why: after a restart or a slow scrape of Prometheus every series is absent for a moment.
    Mend: give it `for: 2m` or more.
    """
    if subject.tree is None or not subject.rule.is_alert:
        return
    calls = [node for node in walk(subject.tree) if isinstance(node, promql.Call)]
    held = subject.rule.keys.get("for")
    if any(call.func.name == "absent" for call in calls):
        waits = seconds(held.value) if held else 0.0
        if waits is not None and waits < _LEAST_ABSENT:
            yield Note("absent() with less than 2m of `for` fires on every restart", subject.where("expr"))


CHECKS = (
    Check("alerts/comparison", "error", comparison),
    Check("alerts/for", "info", hold),
    Check("alerts/absent", "warning", absent),
)
