"""Three rows of small trees, grown on the lags of all series, say the median and both bounds."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.frame import Array, Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models.continued import Continued, Rows, Said
from offkey.models.lessons import FEATURES, SEED, expected, features, mean_of, past_of, planted, samples

QUANTILES = {"lower": 0.05, "point": 0.5, "upper": 0.95}
LEAST_SIDE = 0.05  # part of the usual distance a bound is at least away from the point


@dataclass(frozen=True)
class Model(Continued):
    """Boost trees over the season and the last hours, grown on all series together at `fit`."""

    pooled: ClassVar[bool] = True
    trees: int = 50  # for each of the three
    pace: float = 0.1  # how much of what it finds each tree adds
    depth: int = 4

    def _train(self, past: Frame) -> dict[str, AnyArray]:
        from sklearn.ensemble import GradientBoostingRegressor  # type: ignore[import-untyped]  # noqa: PLC0415 (slow to import; no types)

        told, came = samples(past)
        if len(came) < 100:
            told, came = np.zeros((100, FEATURES)), np.zeros(100)
        learned: dict[str, AnyArray] = {}
        for name, quantile in QUANTILES.items():
            grown = GradientBoostingRegressor(
                loss="quantile",
                alpha=quantile,
                n_estimators=self.trees,
                learning_rate=self.pace,
                max_depth=self.depth,
                min_samples_leaf=20,
                subsample=0.5,
                max_features=0.5,
                random_state=SEED,
            ).fit(told, came)
            learned |= planted(grown.estimators_[:, 0], f"{name}_")
            learned[f"{name}_start"] = np.array([np.quantile(came, quantile)])
        return learned

    def _say(self, rows: Rows, shared: Rows, slots: IntArray, ahead: IntArray) -> Said:
        past = past_of(rows["weeks"][:, 0], rows["slot"])
        told = features(past, slots, ahead)
        lower, point, upper = (self._sum(shared, name, told) for name in QUANTILES)
        unit = past.unit[:, None]
        base = expected(past, slots) + unit * point
        known = np.where(np.isfinite(base), unit, np.nan)
        return Said(base, known * np.maximum(point - lower, LEAST_SIDE), known * np.maximum(upper - point, LEAST_SIDE))

    def _sum(self, shared: Rows, name: str, told: Array) -> Array:
        each = mean_of(shared, told, f"{name}_")
        return np.asarray(shared[f"{name}_start"][0] + self.pace * self.trees * each)
