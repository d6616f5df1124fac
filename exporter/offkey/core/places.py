"""Where label sets stand among others, remembered for as long as both are the same objects."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from offkey.core.labels import Labels

# Answers remembered for each function. Where there are more signals than that they are small, and so is the work.
REMEMBERED = 32

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, eq=False)
class _Itself:
    """An argument that equals nothing but itself: comparing 100,000 label sets takes as long as what is saved."""

    value: object

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.value is other.value


def by_identity(function: F) -> F:
    """Remember a function's answers for the very same arguments; the answers must not be changed."""

    @lru_cache(maxsize=REMEMBERED)
    def remembered(*given: _Itself) -> Any:  # noqa: ANN401 (whatever the function returns)
        return function(*(one.value for one in given))

    return cast("F", lambda *given: remembered(*map(_Itself, given)))


@by_identity
def places(series: tuple[Labels, ...], among: tuple[Labels, ...]) -> npt.NDArray[np.int64]:
    """Return where each of S series stands among others, shape (S,); -1 where it does not."""
    place = {labels: k for k, labels in enumerate(among)}
    found = np.fromiter((place.get(labels, -1) for labels in series), np.int64, len(series))
    found.flags.writeable = False
    return found
