"""Operators between scalars and vectors, with Prometheus' rules of which series meet."""

from collections.abc import Callable

import numpy as np

from offkey.core.errors import RuleError
from offkey.core.frame import Array, BoolArray
from offkey.core.labels import NAME, Labels
from offkey.engine.promql.run import Run
from offkey.engine.promql.series import Vector, unnamed
from offkey.engine.promql.tree import Binary, Matching

ARITHMETIC: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISONS: dict[str, Callable[[Array, Array], BoolArray]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}
SETS = ("and", "or", "unless")


def combined(run: Run, node: Binary, left: Vector | Array, right: Vector | Array) -> Vector | Array:
    """Return the value of an operator.

    Raises:
        RuleError: no such operator between these.
    """
    if isinstance(left, Vector) and isinstance(right, Vector):
        return _sets(run, node, left, right) if node.op in SETS else _pairs(run, node, left, right)
    if node.op in SETS:
        msg = f"{node.op} stands between two instant vectors"
        raise RuleError(msg)
    if isinstance(left, Vector):
        return _with_scalar(run, node, left, left.values, np.asarray(right)[None])
    if isinstance(right, Vector):
        return _with_scalar(run, node, right, np.asarray(left)[None], right.values)
    value, keep = _computed(node.op, left, right)
    return keep.astype(np.float64) if node.op in COMPARISONS else value


def _computed(op: str, left: Array, right: Array) -> tuple[Array, BoolArray]:
    """Return the value of each pair, and whether it stays."""
    if op in COMPARISONS:
        keep = COMPARISONS[op](left, right)
        return np.broadcast_to(left, keep.shape), keep
    value = ARITHMETIC[op](left, right)
    return value, np.ones(value.shape, bool)


def _drops_name(node: Binary) -> bool:
    return node.as_bool or (node.op in ARITHMETIC and node.op != "atan2")


def _with_scalar(run: Run, node: Binary, vector: Vector, left: Array, right: Array) -> Vector:
    value, keep = _computed(node.op, left, right)
    if node.op in COMPARISONS:
        value = keep.astype(np.float64) if node.as_bool else vector.values
    there = vector.there & (keep | node.as_bool)
    series = tuple(map(unnamed, vector.series)) if _drops_name(node) else vector.series
    return run.united(series, value, there)


def signature(labels: Labels, matching: Matching) -> Labels:
    """Return the labels by which a series finds its partner."""
    if matching.on:
        names = set(matching.labels)
        return Labels(tuple(pair for pair in labels.pairs if pair[0] in names))
    return labels.without(NAME, *matching.labels)


def _by_signature(vector: Vector, matching: Matching) -> dict[Labels, list[int]]:
    rows: dict[Labels, list[int]] = {}
    for row, labels in enumerate(vector.series):
        rows.setdefault(signature(labels, matching), []).append(row)
    return rows


def _sets(run: Run, node: Binary, left: Vector, right: Vector) -> Vector:
    matching = node.matching
    one, other = _by_signature(left, matching), _by_signature(right, matching)
    nobody = np.zeros(run.times.size, bool)
    met = {sign: right.there[rows].any(axis=0) for sign, rows in other.items()}
    if node.op in ("and", "unless"):
        there = np.zeros_like(left.there)
        for sign, rows in one.items():
            partner = met.get(sign, nobody)
            there[rows] = left.there[rows] & (partner if node.op == "and" else ~partner)
        return run.united(left.series, left.values, there)
    taken = {sign: left.there[rows].any(axis=0) for sign, rows in one.items()}
    free = np.zeros_like(right.there)
    for sign, rows in other.items():
        free[rows] = right.there[rows] & ~taken.get(sign, nobody)
    series = (*left.series, *right.series)
    return run.united(series, np.vstack([left.values, right.values]), np.vstack([left.there, free]))


def _pairs(run: Run, node: Binary, left: Vector, right: Vector) -> Vector:
    """Return the value of every pair that meets; instants at which the meeting is not clear fail."""
    matching = node.matching
    is_swapped = matching.cardinality == "one-to-many"
    many, one = (right, left) if is_swapped else (left, right)
    both = left.there.any(axis=0) & right.there.any(axis=0)
    partners = _by_signature(one, matching)
    for rows in partners.values():
        run.failed |= both & (one.there[rows].sum(axis=0) > 1)
    series: list[Labels] = []
    values: list[Array] = []
    there: list[BoolArray] = []
    for sign, rows in _by_signature(many, matching).items():
        total = np.zeros(run.times.size, np.int64)
        for row in rows:
            for partner in partners.get(sign, ()):
                together = many.there[row] & one.there[partner]
                if not together.any():
                    continue
                a, b = many.values[row], one.values[partner]
                value, keep = _computed(node.op, b, a) if is_swapped else _computed(node.op, a, b)
                if node.as_bool:
                    value, keep = keep.astype(np.float64), np.ones_like(keep)
                series.append(_result(node, many.series[row], one.series[partner]))
                values.append(value)
                there.append(together & keep)
                total += there[-1]
        if matching.cardinality == "one-to-one":
            run.failed |= total > 1
    if not series:
        return Vector.nothing(run.times.size)
    return run.united(series, np.array(values), np.array(there))


def _result(node: Binary, many: Labels, one: Labels) -> Labels:
    """Return the labels of a pair."""
    matching = node.matching
    labels = unnamed(many) if _drops_name(node) else many
    if matching.cardinality == "one-to-one":
        labels = signature(labels, matching) if matching.on else labels.without(*matching.labels)
    return labels.but({name: one.get(name, "") for name in matching.include}) if matching.include else labels
