"""STL: how far a sample is from the season that a robust decomposition of the last week finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.lags import layout
from offkey.models.refitted import Rows
from offkey.models.residual import ABSOLUTE, DEVIATION, WIDTH, Residual

SEASON, SLOT = len(ABSOLUTE), len(ABSOLUTE) + 1
DAY_SLOTS, WEEK_SLOTS = layout.DAY_BINS, layout.WEEK_BINS
JUMP = 0.1  # share of a smoother's width between two places where it is evaluated; the rest is interpolated
FEWEST = 3  # days in which a decomposition finds a season; before, the one of the features is taken


@dataclass(frozen=True)
class Model(Residual):
    """Measure strangeness as the distance from the season of an STL decomposition, in scales of its remainder.

    Attributes:
        smooth: days over which the shape of a day may change; odd.
        rounds: how often outliers are weighted down and the decomposition is repeated.

    Source: Cleveland, Cleveland, McRae and Terpenning (1990), STL, J. Off. Stat. 6:3-73.
    """

    smooth: Annotated[int, Ge(3)] = 7
    rounds: Annotated[int, Ge(0)] = 3

    @property
    def picked(self) -> tuple[int, ...]:
        """The deviation, where it was measured from, and the time of week."""
        return (*ABSOLUTE, layout.SEASON, layout.SLOT)

    @property
    def trained(self) -> Rows:
        """The season at each time of day, as deviation from the level."""
        return {"season": ((DAY_SLOTS,), np.float64)}

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Decompose the last week; the last day of its season remains."""
        slots = kept[:, SLOT].astype(np.int64)
        days = np.cumsum(np.diff(slots // DAY_SLOTS, prepend=slots[0] // DAY_SLOTS) != 0)
        place = days * DAY_SLOTS + slots % DAY_SLOTS
        line = np.full((int(days[-1]) + 1) * DAY_SLOTS, np.nan)
        line[place] = kept[:, DEVIATION] * kept[:, WIDTH] + kept[:, SEASON]
        grid = line.reshape(-1, DAY_SLOTS)
        if len(grid) < FEWEST:
            return {"season": np.full(DAY_SLOTS, np.nan)}
        whole = np.where(np.isnan(grid), _filled(_middle(grid)), grid).ravel()
        return {"season": self._season(whole)[-DAY_SLOTS:]}

    def expect(self, rows: Mapping[str, AnyArray], features: Array) -> tuple[Array, Array, Array]:
        """Return the season of the decomposition beside that of the features, and one scale for both sides."""
        slots = (np.nan_to_num(features[..., SLOT]) % DAY_SLOTS).astype(np.int64)
        season = np.take_along_axis(rows["season"], slots, axis=1)
        beside = (season - features[..., SEASON]) / features[..., WIDTH]
        one = np.ones(slots.shape)
        return np.where(np.isnan(season), 0.0, beside), one, one

    def _season(self, line: Array) -> Array:
        """Return season and mean level of an unbroken line."""
        from statsmodels.tsa.seasonal import STL  # type: ignore[import-untyped]  # noqa: PLC0415 (no types; heavy)

        trend_width = 2 * DAY_SLOTS + 1
        decomposition = STL(
            line,
            period=DAY_SLOTS,
            seasonal=self.smooth | 1,
            trend=trend_width,
            robust=self.rounds > 0,
            trend_jump=int(JUMP * trend_width),
            low_pass_jump=int(JUMP * DAY_SLOTS),
        ).fit(inner_iter=2, outer_iter=self.rounds)
        return np.asarray(decomposition.seasonal + np.median(decomposition.trend), np.float64)


def _middle(grid: Array) -> Array:
    """Return the median of each column (N, P), NaN where it is empty."""
    middle = np.full(grid.shape[1], np.nan)
    filled = ~np.isnan(grid).all(axis=0)
    middle[filled] = np.nanmedian(grid[:, filled], axis=0)
    return middle


def _filled(cycle: Array) -> Array:
    """Return a day whose missing times lie on the line between their neighbours, around midnight too."""
    known = np.flatnonzero(~np.isnan(cycle))
    return np.interp(np.arange(cycle.size), known, cycle[known], period=cycle.size)
