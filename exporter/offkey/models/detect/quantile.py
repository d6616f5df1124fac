"""Quantiles: how far a sample is beyond what this hour of the day has seen on that side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.lags import layout
from offkey.models.refitted import Rows
from offkey.models.residual import ABSOLUTE, DEVIATION, Residual

HOURS, HOUR_SLOTS = 24, 12
SLOT = len(ABSOLUTE)
LEAST = 0.3  # share of the whole day's quantile that every hour is given
ENOUGH = 20  # samples of an hour and its neighbours without which the whole day's quantile is taken


@dataclass(frozen=True)
class Model(Residual):
    """Measure strangeness as the distance from the season, in quantiles of that side and hour of the day.

    Attributes:
        share: share of the past that lies within the quantile on each side.
    """

    share: Annotated[float, Interval(gt=0.5, lt=1.0)] = 0.95

    @property
    def picked(self) -> tuple[int, ...]:
        """The deviation and the time of week."""
        return (*ABSOLUTE, layout.SLOT)

    @property
    def trained(self) -> Rows:
        """The quantile of each hour of the day on each side, in scales."""
        return {"below": ((HOURS,), np.float64), "above": ((HOURS,), np.float64)}

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Read the quantiles off the past, each hour together with its neighbours."""
        hours = _hours(kept)
        quantiles = np.array([self._sides(kept[:, DEVIATION])] * HOURS)
        for hour in range(HOURS):
            near = np.isin(hours, [(hour - 1) % HOURS, hour, (hour + 1) % HOURS])
            if np.count_nonzero(near) >= ENOUGH:
                own = self._sides(kept[near, DEVIATION])
                quantiles[hour] = np.maximum(own, LEAST * quantiles[hour])
        return {"below": quantiles[:, 0], "above": quantiles[:, 1]}

    def expect(self, rows: Mapping[str, AnyArray], features: Array) -> tuple[Array, Array, Array]:
        """Return the season, and the quantiles of the hour, (S, T) each."""
        hours = _hours(np.nan_to_num(features))
        below, above = (np.take_along_axis(rows[name], hours, axis=1) for name in ("below", "above"))
        return np.zeros(hours.shape), below, above

    def _sides(self, deviations: Array) -> Array:
        """Return the quantile on each side, never none."""
        low, high = np.quantile(deviations, (1.0 - self.share, self.share))
        return np.maximum([-low, high], 1e-3)


def _hours(features: Array) -> AnyArray:
    """Return the hour of the day of each sample."""
    return (features[..., SLOT] // HOUR_SLOTS % HOURS).astype(np.int64)
