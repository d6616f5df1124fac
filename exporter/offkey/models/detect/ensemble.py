"""Ensemble: what several detectors say of a sample, as one score; by default Isolation Forest and DBSCAN."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from offkey.core.errors import ConfigError
from offkey.core.findings import Band
from offkey.core.frame import Array, Frame
from offkey.core.state import State
from offkey.models.members import Members

OWN_NAME = __name__.rpartition(".")[2]


@dataclass(frozen=True)
class Model:
    """Combine the decades of rarity that any detectors find, so that the result is one too, whatever they share.

    Each member says how rare a sample is, 10 ** -decades. Whatever the members have in common, the geometric mean of
    such probabilities times e is one, and so is the smallest times their number, and the largest as it is.

    Attributes:
        members: names of detectors.
        how: whether the members' decades are averaged, or the highest or the lowest counts.

    Source: Vovk and Wang (2020), Combining p-values via averaging, Biometrika 107:791-808.
    """

    members: tuple[str, ...] = ("isolation_forest", "dbscan")
    how: Literal["mean", "highest", "lowest"] = "mean"
    context: int = 0  # past samples needed before a new one: the members remember them

    def __post_init__(self) -> None:
        if not self.members or OWN_NAME in self.members or len(set(self.members)) < len(self.members):
            msg = f"members: found {list(self.members)}; name at least one detector, each once, and not {OWN_NAME}"
            raise ConfigError(msg)

    def fit(self, frame: Frame) -> State:
        """Have every member learn from a history."""
        return self._members.fit(frame)

    def update(self, state: State, frame: Frame) -> State:
        """Have every member learn the frame's samples; the arrays of `state` may be used on."""
        return self._members.update(state, frame)

    def score(self, state: State, frame: Frame) -> Array:
        """Return the combined decades of rarity, shape (S, T); NaN while any member cannot say."""
        return self.combined(self._members.score(state, frame))

    def combined(self, decades: Array) -> Array:
        """Return the decades of all members (S, T, members) as one number, (S, T).

        Args:
            decades: what each member says, NaN where it cannot.
        """
        count = decades.shape[2]
        if self.how == "highest":
            found = decades.max(axis=2) - np.log10(count)
        elif self.how == "lowest":
            found = decades.min(axis=2)
        else:
            found = decades.mean(axis=2) - (math.log10(math.e) if count > 1 else 0.0)
        return np.asarray(np.maximum(found, 0.0))

    def ready(self, state: State) -> Array:
        """Return the share of what the slowest member needs, shape (S,)."""
        return np.asarray(self._members.ready(state).min(axis=1))

    def band(self, state: State, frame: Frame, bound: Array) -> Band:
        """Return no band: many samples together make one strange, so no single value is its edge."""
        none = np.full(frame.values.shape, np.nan)
        return Band(none, none, none)

    @cached_property
    def _members(self) -> Members:
        return Members(self.members)
