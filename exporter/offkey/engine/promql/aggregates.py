"""Aggregations: many series to one for each group of labels."""

from collections.abc import Callable

import numpy as np

from offkey.core.errors import RuleError
from offkey.core.frame import Array, BoolArray, IntArray
from offkey.core.labels import NAME, Labels
from offkey.engine.promql.run import Run
from offkey.engine.promql.series import Vector
from offkey.engine.promql.tree import Aggregate
from offkey.models.promql.ranges import quantile

Fold = Callable[[Array, BoolArray], Array]


def aggregated(run: Run, node: Aggregate, found: Vector, param: Array | str | None) -> Vector:
    """Return a vector brought together by an aggregation.

    Args:
        run: the instants.
        node: which aggregation.
        found: what is brought together.
        param: `k`, the share or the label of those that take one.

    Raises:
        RuleError: no such aggregation.
    """
    groups = _groups(node, found)
    if node.op in ("topk", "bottomk") and not isinstance(param, str | None):
        return _chosen(found, groups, param, node.op == "topk")
    if node.op == "count_values" and isinstance(param, str):
        return _counted(run, found, groups, param)
    fold = FOLDS.get(node.op)
    if node.op == "quantile" and not isinstance(param, str | None):
        share = param

        def fold(values: Array, there: BoolArray) -> Array:
            return _quantile(share, values, there)

    if fold is None:
        msg = f"{node.op} cannot be replayed (have: {', '.join(sorted([*FOLDS, *OTHERS]))})"
        raise RuleError(msg)
    values = np.zeros((len(groups), run.times.size))
    there = np.zeros(values.shape, bool)
    for row, rows in enumerate(groups.values()):
        there[row] = found.there[rows].any(axis=0)
        values[row] = fold(found.values[rows], found.there[rows])
    return Vector(tuple(groups), values, there)


def _groups(node: Aggregate, found: Vector) -> dict[Labels, IntArray]:
    """Return the rows of each group."""
    rows: dict[Labels, list[int]] = {}
    names = set(node.labels)
    for row, labels in enumerate(found.series):
        if node.without:
            group = labels.without(NAME, *names)
        else:
            group = Labels(tuple(pair for pair in labels.pairs if pair[0] in names))
        rows.setdefault(group, []).append(row)
    return {group: np.array(members, np.int64) for group, members in rows.items()}


def _sum(values: Array, there: BoolArray) -> Array:
    total = np.zeros(values.shape[1])
    for row, is_there in zip(values, there, strict=True):
        total = np.where(is_there, total + row, total)
    return total


def _mean(values: Array, there: BoolArray) -> Array:
    mean, count = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for row, is_there in zip(values, there, strict=True):
        count = count + is_there
        n = np.maximum(count, 1)
        stays = np.isinf(mean) & ~np.isnan(row) & (~np.isinf(row) | ((mean > 0) == (row > 0)))
        mean = np.where(is_there & ~stays, mean + (row / n - mean / n), mean)
    return mean


def _variance(values: Array, there: BoolArray) -> Array:
    """Return the variance around the mean. Source: Welford (1962), Technometrics 4:419-420."""
    count, mean, squares = np.zeros(values.shape[1]), np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for row, is_there in zip(values, there, strict=True):
        count = count + is_there
        delta = row - mean
        moved = mean + delta / np.maximum(count, 1)
        squares = np.where(is_there, squares + delta * (row - moved), squares)
        mean = np.where(is_there, moved, mean)
    return squares / np.maximum(count, 1)


def _extreme(values: Array, there: BoolArray, *, most: bool) -> Array:
    best = np.full(values.shape[1], np.nan)
    for row, is_there in zip(values, there, strict=True):
        better = (row > best if most else row < best) | np.isnan(best)
        best = np.where(is_there & better, row, best)
    return best


def _quantile(share: Array, values: Array, there: BoolArray) -> Array:
    count = np.concatenate([[0], np.cumsum(there.sum(axis=0))]).astype(np.int64)
    return np.asarray(quantile(share, values.T[there.T], count[:-1], count[1:]))


FOLDS: dict[str, Fold] = {
    "sum": _sum,
    "avg": _mean,
    "min": lambda values, there: _extreme(values, there, most=False),
    "max": lambda values, there: _extreme(values, there, most=True),
    "count": lambda _, there: there.sum(axis=0).astype(np.float64),
    "group": lambda values, _: np.ones(values.shape[1]),
    "stdvar": _variance,
    "stddev": lambda values, there: np.sqrt(_variance(values, there)),
}
OTHERS = ("quantile", "topk", "bottomk", "count_values")


def _chosen(found: Vector, groups: dict[Labels, IntArray], most: Array, largest: bool) -> Vector:
    """Return the series with the largest or smallest values of each group, as they are."""
    there = np.zeros_like(found.there)
    size = np.where(np.isnan(most), 0, most).astype(np.int64)
    for rows in groups.values():
        values, exists = found.values[rows], found.there[rows]
        grade = np.where(exists, np.isnan(values).astype(np.int64), 2)  # numbers first, then NaN, then nothing
        order = np.lexsort((-values if largest else values, grade), axis=0)
        place = np.argsort(order, axis=0, kind="stable")
        there[rows] = exists & (place < size)
    return Vector(found.series, found.values, there).kept()


def _counted(run: Run, found: Vector, groups: dict[Labels, IntArray], label: str) -> Vector:
    """Return how many series of each group have each value, which becomes a label."""
    series, values, there = [], [], []
    for group, rows in groups.items():
        exists = found.there[rows]
        for value in np.unique(found.values[rows][exists]):
            same = found.values[rows] == value if not np.isnan(value) else np.isnan(found.values[rows])
            count = (exists & same).sum(axis=0)
            series.append(group.but({label: written(float(value))}))
            values.append(count.astype(np.float64))
            there.append(count > 0)
    if not series:
        return Vector.nothing(run.times.size)
    return run.united(series, np.array(values), np.array(there))


def written(value: float) -> str:
    """Return a number as Prometheus writes it into a label."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return np.format_float_positional(value, trim="-")
