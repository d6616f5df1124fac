"""What a model learned, as named arrays: it can be saved, moved and compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from offkey.core.labels import Labels
from offkey.core.places import places

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class State:
    """Named arrays a model learned.

    Attributes:
        series: whose rows these are, S label sets.
        rows: arrays that follow the series, first dimension S.
        shared: arrays that belong to no single series.
    """

    series: tuple[Labels, ...]
    rows: Mapping[str, AnyArray] = field(default_factory=dict)
    shared: Mapping[str, AnyArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, array in self.rows.items():
            if array.shape[:1] != (len(self.series),):
                msg = f'row array "{name}" has shape {array.shape} for {len(self.series)} series'
                raise ValueError(msg)

    def __getitem__(self, name: str) -> AnyArray:
        return self.rows[name] if name in self.rows else self.shared[name]

    def align(self, series: tuple[Labels, ...]) -> "State":
        """Return the state for exactly `series`; new ones start blank: NaN, 0 for integers, False for booleans.

        Equal series are taken over as the objects they are: to tell them from themselves later costs nothing.
        """
        if series is self.series:
            return self
        if series == self.series:
            return replace(self, series=series)
        index = places(series, self.series)
        return State(series, {name: _gather(array, index) for name, array in self.rows.items()}, self.shared)


def _gather(array: AnyArray, index: npt.NDArray[np.int64]) -> AnyArray:
    if not len(array):
        return np.full((len(index), *array.shape[1:]), _blank(array), array.dtype)
    taken: AnyArray = array[index]  # -1 takes the last row, which is blanked at once
    taken[index < 0] = _blank(array)
    return taken


def _blank(array: AnyArray) -> float:
    return np.nan if np.issubdtype(array.dtype, np.floating) else 0


@dataclass(frozen=True, slots=True)
class Learned:
    """Everything learned about one signal, and the last instant it has seen (Unix seconds)."""

    states: Mapping[str, State]
    until: int
