"""Expressions to values, node by node."""

from collections.abc import Callable

import numpy as np

from offkey.core.errors import RuleError
from offkey.core.frame import Array, BoolArray
from offkey.core.labels import NAME, Labels
from offkey.engine.promql import functions, operators
from offkey.engine.promql.aggregates import aggregated
from offkey.engine.promql.rangefunctions import FUNCTIONS, over
from offkey.engine.promql.run import Run
from offkey.engine.promql.series import Vector
from offkey.engine.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Negation,
    Node,
    Number,
    Paren,
    Range,
    Selector,
    Subquery,
    Text,
    unwrapped,
)


def evaluate(run: Run, node: Node) -> Vector | Array:
    """Return the value of an expression at the run's instants: a vector, or a scalar (T,).

    Raises:
        RuleError: it uses what cannot be replayed, or is not well typed.
    """
    recalled = run.recalled(node)
    if recalled is not None:
        return recalled
    with np.errstate(all="ignore"):
        return _evaluate(run, node)


def instant_vector(run: Run, node: Node) -> Vector:
    """Return the value of a rule's expression; a scalar is one series without labels.

    Raises:
        RuleError: it cannot be replayed.
    """
    found = evaluate(run, node)
    if isinstance(found, Vector):
        return found
    return Vector((Labels(),), np.asarray(found)[None], np.ones((1, run.times.size), bool))


def _evaluate(run: Run, node: Node) -> Vector | Array:  # noqa: PLR0911 (one return for each kind of node)
    match node:
        case Number():
            return np.full(run.times.size, node.value)
        case Paren():
            return evaluate(run, node.expr)
        case Selector():
            return run.selected(node)
        case Negation():
            found = evaluate(run, node.expr)
            return functions.changed(run, found, -found.values) if isinstance(found, Vector) else -found
        case Binary():
            return operators.combined(run, node, evaluate(run, node.left), evaluate(run, node.right))
        case Aggregate():
            param = unwrapped(node.param) if node.param is not None else None
            value = param.value if isinstance(param, Text) else None if param is None else _scalar(run, param)
            return aggregated(run, node, _vector(run, node.expr), value)
        case Call():
            return _called(run, node)
        case _:
            msg = f"{node}: a {'range' if isinstance(node, Range | Subquery) else 'text'} is no value of its own"
            raise RuleError(msg)


def _vector(run: Run, node: Node) -> Vector:
    found = evaluate(run, node)
    if isinstance(found, Vector):
        return found
    msg = f"{node}: an instant vector is needed here"
    raise RuleError(msg)


def _scalar(run: Run, node: Node) -> Array:
    found = evaluate(run, node)
    if not isinstance(found, Vector):
        return found
    msg = f"{node}: a scalar is needed here"
    raise RuleError(msg)


def _called(run: Run, node: Call) -> Vector | Array:
    if node.function in FUNCTIONS:
        *before, last = node.args
        is_range = isinstance(unwrapped(last), Range | Subquery)
        spread, params = (last, before) if is_range else (node.args[0], list(node.args[1:]))
        return over(run, node.function, [_scalar(run, one) for one in params], run.windows(spread, evaluate))
    if node.function in functions.MATHS:
        found = _vector(run, node.args[0])
        return functions.changed(run, found, functions.MATHS[node.function](found.values))
    if node.function in functions.DATES:
        part = functions.DATES[node.function]
        if not node.args:
            return Vector((Labels(),), part(run.times / 1000.0)[None], np.ones((1, run.times.size), bool))
        found = _vector(run, node.args[0])
        return functions.changed(run, found, part(found.values))
    if node.function in CALLS:
        return CALLS[node.function](run, node)
    have = sorted([*FUNCTIONS, *functions.MATHS, *functions.DATES, *CALLS])
    msg = f"{node}: function {node.function} cannot be replayed (have: {', '.join(have)})"
    raise RuleError(msg)


def _absent(run: Run, node: Call) -> Vector:
    found = _vector(run, node.args[0])
    return _missing(run, unwrapped(node.args[0]), np.asarray(found.there.any(axis=0)))


def _absent_over_time(run: Run, node: Call) -> Vector:
    seen = np.zeros(run.times.size, bool)
    for one in run.windows(node.args[0], evaluate):
        seen |= one.count > 0
    inner = unwrapped(node.args[0])
    return _missing(run, inner.selector if isinstance(inner, Range) else inner, seen)


def _missing(run: Run, node: Node, seen: BoolArray) -> Vector:
    """Return 1 where nothing was seen, with the labels the selector fixes."""
    fixed: dict[str, str] = {}
    known: set[str] = set()
    for one in node.matchers if isinstance(node, Selector) else ():
        if one.name == NAME:
            continue
        if one.op == "=" and one.name not in known:
            fixed[one.name] = one.value
            known.add(one.name)
        else:
            fixed.pop(one.name, None)
    return Vector((Labels.of(fixed),), np.ones((1, run.times.size)), ~seen[None]).kept()


def _stamped(run: Run, node: Call) -> Vector:
    """Return when each sample was taken; for anything but a selector, now."""
    inner = unwrapped(node.args[0])
    if isinstance(inner, Selector):
        found = run.selected(inner, stamps=True)
        return functions.changed(run, found, found.values)
    found = _vector(run, inner)
    return functions.changed(run, found, np.broadcast_to(run.times / 1000.0, found.values.shape))


def _of_scalar(run: Run, node: Call) -> Vector:
    return Vector((Labels(),), _scalar(run, node.args[0])[None], np.ones((1, run.times.size), bool))


def _round(run: Run, node: Call) -> Vector:
    found = _vector(run, node.args[0])
    nearest = _scalar(run, node.args[1]) if len(node.args) > 1 else None
    return functions.changed(run, found, functions.rounded(found.values, nearest))


def _clamp(run: Run, node: Call) -> Vector:
    found, edges = _vector(run, node.args[0]), [_scalar(run, one) for one in node.args[1:]]
    low = None if node.function == "clamp_max" else edges[0]
    high = None if node.function == "clamp_min" else edges[-1]
    return functions.clamped(run, found, low, high)


def _words(node: Call, first: int) -> list[str]:
    words = [inner.value for inner in map(unwrapped, node.args[first:]) if isinstance(inner, Text)]
    if len(words) == len(node.args) - first:
        return words
    msg = f"{node}: texts are needed here"
    raise RuleError(msg)


CALLS: dict[str, Callable[[Run, Call], Vector | Array]] = {
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "timestamp": _stamped,
    "time": lambda run, _: run.times / 1000.0,
    "pi": lambda run, _: np.full(run.times.size, np.pi),
    "vector": _of_scalar,
    "scalar": lambda run, node: functions.as_scalar(_vector(run, node.args[0])),
    "round": _round,
    "clamp": _clamp,
    "clamp_min": _clamp,
    "clamp_max": _clamp,
    "sort": lambda run, node: _vector(run, node.args[0]),
    "sort_desc": lambda run, node: _vector(run, node.args[0]),
    "label_replace": lambda run, node: functions.relabelled(run, _vector(run, node.args[0]), _words(node, 1)),
    "label_join": lambda run, node: functions.joined(run, _vector(run, node.args[0]), _words(node, 1)),
    "histogram_quantile": lambda run, node: functions.bucket_quantile(
        run, _scalar(run, node.args[0]), _vector(run, node.args[1])
    ),
}
