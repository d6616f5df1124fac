"""Trees that grew on the lags of all series say how far each will be from its usual day."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.frame import Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models.continued import Continued, Rows, Said
from offkey.models.lessons import expected, features, forest, mean_of, past_of


@dataclass(frozen=True)
class Model(Continued):
    """Average trees over the season and the last hours, grown on all series together at `fit`."""

    pooled: ClassVar[bool] = True
    trees: int = 30
    least_leaf: int = 20  # samples a leaf must hold

    def _train(self, past: Frame) -> dict[str, AnyArray]:
        return forest(past, self.trees, self.least_leaf)

    def _say(self, rows: Rows, shared: Rows, slots: IntArray, ahead: IntArray) -> Said:
        past = past_of(rows["weeks"][:, 0], rows["slot"])
        point = expected(past, slots) + past.unit[:, None] * mean_of(shared, features(past, slots, ahead))
        unit = np.where(np.isfinite(point), past.unit[:, None], np.nan)
        return Said(point, unit, unit)
