"""The way down the trees."""

import math

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.kernels import compiled


@compiled
def descend(forest: tuple[AnyArray, ...], features: AnyArray, out: Array) -> None:
    """Write the mean leaf value of all trees for each sample; NaN stays where the sample is NaN."""
    feature, cut, left, right, value = forest
    trees = feature.shape[1]
    for s in range(features.shape[0]):
        for t in range(features.shape[1]):
            x = features[s, t]
            if math.isnan(x[0]):
                continue
            total = 0.0
            for k in range(trees):
                node = 0
                while left[s, k, node] > 0:
                    below = x[feature[s, k, node]] <= cut[s, k, node]
                    node = left[s, k, node] if below else right[s, k, node]
                total += value[s, k, node]
            out[s, t] = total / trees
