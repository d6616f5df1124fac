"""What an alert compares with what: the value and the threshold of its expression, for plots."""

from dataclasses import dataclass

from offkey.engine.promql.evaluate import evaluate
from offkey.engine.promql.operators import COMPARISONS
from offkey.engine.promql.run import Run
from offkey.engine.promql.series import Vector
from offkey.engine.promql.tree import Binary, Matching, Node, Number, unwrapped


@dataclass(frozen=True, slots=True)
class Sides:
    """Value and threshold of each pair of series that is compared; empty when nothing is."""

    value: Vector
    threshold: Vector


def comparison(node: Node) -> Binary | None:
    """Return the comparison that decides what an expression gives, the first of several."""
    node = unwrapped(node)
    if not isinstance(node, Binary):
        return None
    if node.op in COMPARISONS and not node.as_bool:
        return node
    return comparison(node.left) if node.op in ("and", "or", "unless") else None


def sides(run: Run, expr: Node) -> Sides:
    """Return both sides of an expression's comparison, each pair under the labels it would alert with."""
    found = comparison(expr)
    nothing = Vector.nothing(run.times.size)
    if found is None:
        return Sides(nothing, nothing)
    plain = Matching()
    zero = Number(0.0)
    left_only = Binary("*", found.left, zero, False, plain)
    right_only = Binary("*", found.right, zero, False, plain)
    value = evaluate(run, Binary("+", found.left, right_only, False, found.matching))
    threshold = evaluate(run, Binary("+", left_only, found.right, False, found.matching))
    if not isinstance(value, Vector) or not isinstance(threshold, Vector):
        return Sides(nothing, nothing)
    return Sides(value, threshold)
