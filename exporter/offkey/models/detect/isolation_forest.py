"""Isolation Forest: how few random cuts set a sample and its last hour apart from the past."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models import trees
from offkey.models.lags.layout import OF_NEIGHBOURS
from offkey.models.refitted import Refitted, Rows

EULER = 0.5772156649  # Euler and Mascheroni's constant, in the mean path of an unsuccessful search


@dataclass(frozen=True)
class Model(Refitted):
    """Measure strangeness as isolation: short paths down random trees, and how far outside everything ever kept.

    Attributes:
        trees: trees of the forest.
        samples: samples that each tree is grown from.
        seed: where the random cuts begin.

    Source: Liu, Ting and Zhou (2008), Isolation Forest, ICDM.
    """

    trees: int = 40
    samples: int = 128
    seed: int = 0

    @property
    def picked(self) -> tuple[int, ...]:
        """The features that are cut."""
        return OF_NEIGHBOURS

    @property
    def trained(self) -> Rows:
        """The forest, and the box around everything kept."""
        box: Rows = {name: ((self.features,), np.float64) for name in ("least", "most", "span")}
        return {**trees.shapes(self.trees, 2 * self.samples), **box}

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Grow the forest."""
        from sklearn import config_context  # type: ignore[import-untyped]  # noqa: PLC0415 (no types; heavy)
        from sklearn.tree import ExtraTreeRegressor  # type: ignore[import-untyped]  # noqa: PLC0415 (the same)

        used = min(self.samples, len(kept))
        deepest = max(1, int(np.ceil(np.log2(used))))
        chance = np.random.default_rng(self.seed)
        samples, grown, cuts = kept.astype(np.float32), [], np.random.RandomState(self.seed)
        for _ in range(self.trees):
            # what scikit-learn's IsolationForest is made of, without its costs for each tree
            tree = ExtraTreeRegressor(max_features=1, max_depth=deepest, random_state=cuts)
            chosen = samples[chance.permutation(len(kept))[:used]]
            with config_context(skip_parameter_validation=True):
                grown.append(tree.fit(chosen, chance.random(used), check_input=False).tree_)
        usual = max(float(mean_path(np.array([used]))[0]), 1.0)
        paths = [(_depths(tree) + mean_path(tree.n_node_samples)) / usual for tree in grown]
        least, most = kept.min(axis=0), kept.max(axis=0)
        span = np.maximum(most - least, 1e-3)
        return {**trees.pack(grown, paths, 2 * self.samples), "least": least, "most": most, "span": span}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return 2 ** -(mean path) plus the distance outside the box, in its widths, (S, T)."""
        outside = np.zeros(features.shape[:2])
        for k in range(self.features):
            least, most, span = (rows[name][:, k, None] for name in ("least", "most", "span"))
            outside += np.maximum(np.maximum(least - features[..., k], features[..., k] - most), 0.0) / span
        isolation = np.exp2(-trees.ask(rows, features))
        return np.asarray(isolation + outside, np.float64)

    def recall(self, rows: Mapping[str, AnyArray], kept: Array) -> Array:
        """Return the measure of each half of the past by a forest of the other half, (N,).

        Nothing is outside of a box that was drawn around it, so a past beside its own box says nothing of what is new.
        """
        return self.recall_by_halves(kept)


def mean_path(samples: AnyArray) -> Array:
    """Return the mean length of an unsuccessful search among so many samples, same shape."""
    count = samples.astype(np.float64)
    long = 2.0 * (np.log(np.maximum(count - 1.0, 1.0)) + EULER) - 2.0 * (count - 1.0) / np.maximum(count, 1.0)
    return np.where(count > 2, long, np.where(count == 2, 1.0, 0.0))


def _depths(tree: object) -> Array:
    """Return the depth of each node of a fitted tree."""
    left, right = tree.children_left, tree.children_right  # type: ignore[attr-defined]  # scikit-learn has no types
    depths = np.zeros(len(left))
    for node in range(len(left)):  # children come after their parent
        if left[node] != trees.NO_CHILD:
            depths[left[node]] = depths[right[node]] = depths[node] + 1.0
    return depths
