"""Ensemble: what several detectors say of a sample, as one score; by default Isolation Forest and DBSCAN."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from offkey.core import plugins
from offkey.core.errors import ConfigError
from offkey.core.frame import Array, Axis, BoolArray, Frame
from offkey.core.ports import Detector
from offkey.core.state import AnyArray, State
from offkey.models.refitted import Refitted, Rows

PACKAGE, OWN_NAME = __name__.rpartition(".")[::2]


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
        """What the members remember, each under its own name."""
        return {
            f"{name}.{key}": (array.shape[1:], array.dtype.type)
            for name, state in self._blank_states.items()
            for key, array in state.rows.items()
        }

    @property
    def trained(self) -> Rows:
        """Nothing: only the rarity of the combination is learned."""
        return {}

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return the strangeness that the members find, (S, T, members), and where all of them say something."""
        found = []
        for name, member in self._models.items():
            own = {key: rows[f"{name}.{key}"] for key in self._blank_states[name].rows}
            state = State(frame.series, own)
            found.append(member.score(state, frame))
            learned = member.update(state, frame)
            for key, array in own.items():
                if learned.rows[key] is not array:
                    array[:] = learned.rows[key]
        features = np.stack(found, axis=2)
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
    def _models(self) -> dict[str, Detector]:
        models = {name: plugins.model(PACKAGE, name) for name in self.members}
        for name, model in models.items():
            if model.context > 0:
                msg = f"members: {name} needs earlier samples in every frame and cannot be a member of an ensemble"
                raise ConfigError(msg)
        return models

    @cached_property
    def _blank_states(self) -> dict[str, State]:
        nobody = Frame((), np.empty((0, 0)), Axis(0, 300, 0))
        return {name: model.fit(nobody) for name, model in self._models.items()}
