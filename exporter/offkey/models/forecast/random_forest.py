"""Trees that grew on the lags of all series say how far each will be from its usual day."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.frame import Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models.continued import Continued, Rows, Said
from offkey.models.lessons import FEATURES, SEED, expected, features, mean_of, past_of, planted, samples

OUTLYING = 5.0  # units from the usual day: the mean of a leaf is not to follow what is farther


@dataclass(frozen=True)
class Model(Continued):
    """Average trees over the season and the last hours, grown on all series together at `fit`."""

    pooled: ClassVar[bool] = True
    trees: int = 30
    least_leaf: int = 20  # samples a leaf must hold

    def _train(self, past: Frame) -> dict[str, AnyArray]:
        from sklearn.ensemble import RandomForestRegressor  # type: ignore[import-untyped]  # noqa: PLC0415 (slow to import; no types)

        told, came = samples(past)
        came = np.clip(came, -OUTLYING, OUTLYING)
        if len(came) < 2 * self.least_leaf:
            told, came = np.zeros((1, FEATURES)), np.zeros(1)
        grown = RandomForestRegressor(
            self.trees, min_samples_leaf=self.least_leaf, max_features=0.5, random_state=SEED, n_jobs=1
        ).fit(told, came)
        return planted(grown.estimators_)

    def _say(self, rows: Rows, shared: Rows, slots: IntArray, ahead: IntArray) -> Said:
        past = past_of(rows["weeks"][:, 0], rows["slot"])
        point = expected(past, slots) + past.unit[:, None] * mean_of(shared, features(past, slots, ahead))
        unit = np.where(np.isfinite(point), past.unit[:, None], np.nan)
        return Said(point, unit, unit)
