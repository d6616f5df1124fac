"""Forests of scikit-learn as plain arrays: what a tree says is the value of the leaf a sample falls into."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.trees.descent import descend

LEAF = 0  # child of a node that asks nothing; no child is the root
NO_CHILD = -1  # how scikit-learn says it


def shapes(trees: int, nodes: int) -> Mapping[str, tuple[tuple[int, ...], type]]:
    """Return shape and type of the arrays of a forest."""
    return {
        "feature": ((trees, nodes), np.int8),
        "cut": ((trees, nodes), np.float32),
        "left": ((trees, nodes), np.int16),
        "right": ((trees, nodes), np.int16),
        "value": ((trees, nodes), np.float32),
    }


def pack(trees: Sequence[Any], values: Sequence[Array], nodes: int) -> dict[str, AnyArray]:
    """Return the arrays of fitted trees.

    Args:
        trees: `tree_` of scikit-learn's estimators.
        values: what each node of each tree says.
        nodes: room for the nodes of a tree.
    """
    packed: dict[str, AnyArray] = {
        name: np.zeros(shape, kind) for name, (shape, kind) in shapes(len(trees), nodes).items()
    }
    for k, (tree, value) in enumerate(zip(trees, values, strict=True)):
        size = tree.node_count
        packed["feature"][k, :size], packed["cut"][k, :size] = tree.feature, tree.threshold
        for side, children in (("left", tree.children_left), ("right", tree.children_right)):
            packed[side][k, :size] = np.where(children == NO_CHILD, LEAF, children)
        packed["value"][k, :size] = value
    return packed


def ask(rows: Mapping[str, AnyArray], features: Array) -> Array:
    """Return the mean answer of the trees to each sample, shape (S, T).

    Args:
        rows: the arrays of each series' forest, (S, trees, nodes) each.
        features: shape (S, T, F).
    """
    out = np.full(features.shape[:2], np.nan)
    forest = tuple(np.ascontiguousarray(rows[name]) for name in shapes(0, 0))
    descend(forest, np.ascontiguousarray(features, np.float32), out)
    return out
