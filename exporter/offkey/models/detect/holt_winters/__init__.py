"""Holt-Winters: how wrong exponential smoothing of level, trend and time of day was about a sample."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from offkey.core.frame import Array, BoolArray, Frame
from offkey.core.state import AnyArray
from offkey.models.detect.holt_winters.smoothing import RUN, SLOTS, smooth
from offkey.models.refitted import Rows
from offkey.models.residual import ABSOLUTE, Residual

Rate = Annotated[float, Interval(gt=0.0, lt=1.0)]


@dataclass(frozen=True)
class Model(Residual):
    """Measure strangeness as the one-step error of additive Holt-Winters, in running mean errors.

    Attributes:
        level: share of an error that the level follows.
        trend: share of that share that the trend follows.
        season: share of an error that its five minutes of the day follow.

    Source: Winters (1960), Management Science 6:324-342.
    """

    level: Rate = 0.1
    trend: Rate = 0.001
    season: Rate = 0.1

    @property
    def picked(self) -> tuple[int, ...]:
        """The error, the forecast and the scale."""
        return tuple(range(len(ABSOLUTE)))

    @property
    def watched(self) -> Rows:
        """Level, trend and scale, and the season."""
        return {"run": ((RUN,), np.float64), "season": ((SLOTS,), np.float64)}

    @property
    def trained(self) -> Rows:
        """Nothing: only the rarity of errors is learned."""
        return {}

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return error, forecast and scale (S, T, 3), and where the season was known."""
        features = np.full((*frame.values.shape, len(ABSOLUTE)), np.nan)
        known = np.zeros(frame.values.shape, bool)
        clocks, zone = frame.local_week()
        rates = np.array([self.level, self.trend, self.season, frame.axis.step])
        smooth(
            np.ascontiguousarray(frame.values), clocks, zone, rates, (rows["run"], rows["season"]), (features, known)
        )
        return features, known

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Learn nothing beyond the rarity of what was kept."""
        return {}

    def expect(self, rows: Mapping[str, AnyArray], features: Array) -> tuple[Array, Array, Array]:
        """Return what smoothing says, with the same scale on both sides."""
        one = np.ones(features.shape[:2])
        return 0.0 * one, one, one
