"""Peers: how unlike its siblings a series is now, whatever all of them do together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array, BoolArray, Frame
from offkey.core.state import AnyArray
from offkey.models.grouped import Grouped, look
from offkey.models.lags import layout
from offkey.models.refitted import Rows

SIBLINGS = 5  # without which there is no crowd to be unlike
NORMAL = 1.4826  # a normal law's standard deviation, in median absolute deviations


@dataclass(frozen=True)
class Model(Grouped):
    """Measure strangeness as the distance of a series' residual from the middle of its group's at the same instant.

    Distances are in the group's spread, or in the series' own usual scale where the group is closer together. A
    series of a group without enough members is judged by its own residual.

    Attributes:
        by: labels whose values siblings share; without any, all series of the signal are siblings.

    Source: Hampel (1974), The influence curve and its role in robust estimation, JASA 69:383-393.
    """

    by: tuple[str, ...] = ()

    @property
    def picked(self) -> tuple[int, ...]:
        """One feature: the distance from the group."""
        return (0,)

    @property
    def trained(self) -> Rows:
        """Nothing: only the rarity of the distance is learned."""
        return {}

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return the distances within one group, (S, T, 1), and where they are known."""
        features, known = look(rows, frame, (layout.RESIDUAL,))
        residuals = features[..., 0]
        if len(frame.series) <= SIBLINGS:
            return np.abs(residuals)[..., None], known
        residuals[~known] = np.nan
        away = unlike(residuals)
        return away[..., None], known & ~np.isnan(away)

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Learn nothing beyond the rarity of what was kept."""
        return {}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the distance from the group, (S, T)."""
        return np.asarray(features[..., 0])


def unlike(residuals: Array) -> Array:
    """Return how far each residual is from its column's median, same shape; NaN in columns with too few of them.

    The median and the spread take in the series itself, which alone among six can move neither far.
    """
    out = np.full(residuals.shape, np.nan)
    crowd = np.count_nonzero(~np.isnan(residuals), axis=0) > SIBLINGS
    if crowd.any():
        away = residuals[:, crowd] - np.nanmedian(residuals[:, crowd], axis=0)
        distance = np.abs(away)
        out[:, crowd] = distance / np.maximum(1.0, NORMAL * np.nanmedian(distance, axis=0))
    return out
