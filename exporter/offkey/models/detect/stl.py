"""STL: how far a sample is from the season that a robust decomposition of the last week finds."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from offkey.core.frame import Array
from offkey.models.decomposed import DAY_SLOTS, Decomposed

JUMP = 0.1  # share of a smoother's width between two places where it is evaluated; the rest is interpolated


@dataclass(frozen=True)
class Model(Decomposed):
    """Measure strangeness as the distance from the season of an STL decomposition, in scales of its remainder.

    Attributes:
        smooth: days over which the shape of a day may change; odd.
        rounds: how often outliers are weighted down and the decomposition is repeated.

    Source: Cleveland, Cleveland, McRae and Terpenning (1990), STL, J. Off. Stat. 6:3-73.
    """

    smooth: Annotated[int, Ge(3)] = 7

    def decompose(self, line: Array) -> Array:
        """Return season and mean level of an unbroken line."""
        from statsmodels.tsa.seasonal import STL  # type: ignore[import-untyped]  # noqa: PLC0415 (no types; heavy)

        trend_width = 2 * DAY_SLOTS + 1
        found = STL(
            line,
            period=DAY_SLOTS,
            seasonal=self.smooth | 1,
            trend=trend_width,
            robust=self.rounds > 0,
            trend_jump=int(JUMP * trend_width),
            low_pass_jump=int(JUMP * DAY_SLOTS),
        ).fit(inner_iter=2, outer_iter=self.rounds)
        return np.asarray(found.seasonal + np.median(found.trend), np.float64)
