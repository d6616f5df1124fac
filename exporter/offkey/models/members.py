"""Other detectors inside a detector: loaded by name, their memories kept among its own rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from offkey.core import plugins
from offkey.core.errors import ConfigError
from offkey.core.frame import Array, Axis, Frame
from offkey.core.labels import Labels
from offkey.core.ports import Detector
from offkey.core.state import AnyArray, State
from offkey.models.refitted import Rows

PACKAGE = "offkey.models.detect"


@dataclass(frozen=True)
class Members:
    """Detectors with their default options.

    Attributes:
        names: which, each once.
    """

    names: tuple[str, ...]

    @cached_property
    def models(self) -> dict[str, Detector]:
        """The detectors by name.

        Raises:
            UnknownPlugin: no detector of that name.
            ConfigError: one that needs more than its own rows to judge.
        """
        models: dict[str, Detector] = {name: plugins.model(PACKAGE, name) for name in self.names}
        for name, model in models.items():
            if model.context > 0:
                msg = f"members: {name} needs earlier samples in every frame and cannot be part of another detector"
                raise ConfigError(msg)
        return models

    @cached_property
    def rows(self) -> Rows:
        """Shape and type of what the members remember of a series, each under its own name."""
        return {
            f"{name}.{key}": (array.shape[1:], array.dtype.type)
            for name, state in self._blank.items()
            for key, array in state.rows.items()
        }

    def fit(self, frame: Frame) -> State:
        """Return what the members learn from a history, together."""
        return self._together(frame.series, {name: model.fit(frame) for name, model in self.models.items()})

    def update(self, state: State, frame: Frame) -> State:
        """Return what they know after the frame; the arrays of `state` may be used on."""
        learned = {name: model.update(self._own(state, name), frame) for name, model in self.models.items()}
        return self._together(frame.series, learned)

    def score(self, state: State, frame: Frame) -> Array:
        """Return the strangeness that each member finds, (S, T, members)."""
        return np.stack([model.score(self._own(state, name), frame) for name, model in self.models.items()], axis=2)

    def ready(self, state: State) -> Array:
        """Return the share of what each member needs that was seen, (S, members)."""
        return np.stack([model.ready(self._own(state, name)) for name, model in self.models.items()], axis=1)

    def strangeness(self, rows: Mapping[str, AnyArray], frame: Frame) -> Array:
        """Return the strangeness that each member finds, (S, T, members), as they learn: their rows are written to."""
        found = [np.empty((*frame.values.shape, 0))]
        for name, member in self.models.items():
            own = {key: rows[f"{name}.{key}"] for key in self._blank[name].rows}
            state = State(frame.series, own)
            found.append(member.score(state, frame)[..., None])
            learned = member.update(state, frame)
            for key, array in own.items():
                if learned.rows[key] is not array:
                    array[:] = learned.rows[key]
        return np.concatenate(found, axis=2)

    def edges(self, rows: Mapping[str, AnyArray], frame: Frame, decades: float) -> tuple[Array, Array]:
        """Return where each member's strangeness reaches so many decades, (S, T, members) each; rows are left alone."""
        bound = np.full(len(frame.series), decades)
        found = []
        for name, member in self.models.items():
            own = {key: rows[f"{name}.{key}"] for key in self._blank[name].rows}
            found.append(member.band(State(frame.series, own), frame, bound))
        return np.stack([band.lower for band in found], axis=2), np.stack([band.upper for band in found], axis=2)

    def _own(self, state: State, name: str) -> State:
        """Return one member's part."""
        return State(state.series, {key: state.rows[f"{name}.{key}"] for key in self._blank[name].rows})

    def _together(self, series: tuple[Labels, ...], states: Mapping[str, State]) -> State:
        """Return the members' states as one."""
        rows = {f"{name}.{key}": array for name, state in states.items() for key, array in state.rows.items()}
        return State(series, rows)

    @cached_property
    def _blank(self) -> dict[str, State]:
        nobody = Frame((), np.empty((0, 0)), Axis(0, 300, 0))
        return {name: model.fit(nobody) for name, model in self.models.items()}
