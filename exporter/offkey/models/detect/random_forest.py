"""Random Forest: how wrong a forest was that knows the season and the last samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from offkey.core.errors import ConfigError
from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models import trees
from offkey.models.lags.layout import OF_REGRESSION
from offkey.models.refitted import Rows
from offkey.models.residual import ABSOLUTE, DEVIATION, Residual

HALVES = 2


@dataclass(frozen=True)
class Model(Residual):
    """Measure strangeness as the distance from what a forest expects of the next residual.

    One half of the trees learns from the first half of the past and the other half from the second, so that each half
    of the past can be judged by trees that have not seen it.

    Attributes:
        trees: trees of the forest; even.
        depth: questions that a tree asks at most.
        seed: where its random choices begin.

    Source: Breiman (2001), Random forests, Machine Learning 45:5-32.
    """

    trees: int = 16
    depth: Annotated[int, Interval(ge=1, le=12)] = 6
    seed: int = 0

    def __post_init__(self) -> None:
        if self.trees < HALVES or self.trees % HALVES:
            msg = f"trees: found {self.trees}; write an even number"
            raise ConfigError(msg)

    @property
    def picked(self) -> tuple[int, ...]:
        """The deviation, and what was known before it."""
        return (*ABSOLUTE, *OF_REGRESSION)

    @property
    def trained(self) -> Rows:
        """The forest."""
        return trees.shapes(self.trees, 2 << self.depth)

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Grow both halves of the forest."""
        from sklearn.ensemble import RandomForestRegressor  # type: ignore[import-untyped]  # noqa: PLC0415 (heavy)

        grown = []
        for half, part in enumerate(np.array_split(kept, HALVES)):
            forest = RandomForestRegressor(
                self.trees // HALVES,
                max_depth=self.depth,
                min_samples_leaf=min(5, len(part)),
                max_features=0.5,
                random_state=self.seed + half,
            )
            fitted = forest.fit(part[:, len(ABSOLUTE) :], part[:, DEVIATION])
            grown += [tree.tree_ for tree in fitted.estimators_]
        return trees.pack(grown, [tree.value[:, 0, 0] for tree in grown], 2 << self.depth)

    def expect(self, rows: Mapping[str, AnyArray], features: Array) -> tuple[Array, Array, Array]:
        """Return what the forest expects, with the same scale on both sides."""
        expected = trees.ask(rows, features[..., len(ABSOLUTE) :])
        one = np.ones(features.shape[:2])
        return expected, one, one

    def recall(self, rows: Mapping[str, AnyArray], kept: Array) -> Array:
        """Return the error about each half of the past of the trees that have not seen it, (N,)."""
        forest = {name: np.split(rows[name], HALVES, axis=1) for name in trees.shapes(0, 0)}
        parts = np.array_split(kept, HALVES)
        unseen = [{name: halves[1 - k] for name, halves in forest.items()} for k in range(HALVES)]
        return np.hstack([self.judge(rows, part[None])[0] for rows, part in zip(unseen, parts, strict=True)])
