"""Ensemble: what several detectors say of a sample, as one score; by default Isolation Forest and DBSCAN."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from offkey.core.errors import ConfigError
from offkey.core.frame import Array, BoolArray, Frame
from offkey.core.state import AnyArray
from offkey.models.members import Members
from offkey.models.refitted import Refitted, Rows

OWN_NAME = __name__.rpartition(".")[2]


@dataclass(frozen=True)
class Model(Refitted):
    """Combine the strangeness of any detectors, and measure how rare the combination was in the past.

    Attributes:
        members: names of detectors.
        how: whether the members' decades are averaged, or the highest or the lowest counts.

    Source: Aggarwal (2013), Outlier Ensembles, SIGKDD Explorations 14:49-58.
    """

    members: tuple[str, ...] = ("isolation_forest", "dbscan")
    how: Literal["mean", "highest", "lowest"] = "mean"

    def __post_init__(self) -> None:
        if not self.members or OWN_NAME in self.members or len(set(self.members)) < len(self.members):
            msg = f"members: found {list(self.members)}; name at least one detector, each once, and not {OWN_NAME}"
            raise ConfigError(msg)

    @property
    def picked(self) -> tuple[int, ...]:
        """One feature for each member: its strangeness."""
        return tuple(range(len(self.members)))

    @property
    def watched(self) -> Rows:
        """What the members remember."""
        return self._members.rows

    @property
    def trained(self) -> Rows:
        """Nothing: only the rarity of the combination is learned."""
        return {}

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return the strangeness that the members find, (S, T, members), and where all of them say something."""
        features = self._members.strangeness(rows, frame)
        return features, np.asarray(~np.isnan(features).any(axis=2))

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Learn nothing beyond the rarity of what was kept."""
        return {}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the members' decades as one number, (S, T); members that cannot say are left out."""
        known = ~np.isnan(features)
        if self.how == "highest":
            found = features.max(axis=2, initial=0.0, where=known)
        elif self.how == "lowest":
            found = features.min(axis=2, initial=np.inf, where=known)
        else:
            found = features.sum(axis=2, where=known) / np.maximum(known.sum(axis=2), 1)
        return np.where(known.any(axis=2), found, np.nan)

    @cached_property
    def _members(self) -> Members:
        return Members(self.members)
