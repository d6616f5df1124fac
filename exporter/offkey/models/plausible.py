"""Which samples can be true: one pass over all of them."""

import numpy as np
import numpy.typing as npt

from offkey.core.frame import Array, BoolArray
from offkey.models.kernels import compiled

NOT_FINITE, TOO_LARGE, OUT_OF_RANGE, GAP = 1, 2, 4, 8

Flags = npt.NDArray[np.uint8]


def sifted(
    values: Array, bounds: tuple[float, float, float], few: BoolArray | None, volume: Array | None, floor: float
) -> tuple[Array, Flags]:
    """Return the samples that can be true and were measured on enough.

    Args:
        values: samples, shape (S, T), NaN is missing.
        bounds: lowest and highest value that can be true, and the largest magnitude arithmetic can bear.
        few: where too few raw samples lie behind a value, (S, T); None = nowhere.
        volume: how much there was to measure, (S, T), NaN = nothing; None = enough everywhere.
        floor: least volume, in its own unit.

    Returns:
        The samples, NaN where they are not to be used, (S, T), and what is wrong with each series' last one, (S,):
        a sum of NOT_FINITE, TOO_LARGE, OUT_OF_RANGE and GAP.
    """
    found = np.empty_like(values)
    newest = np.zeros(len(values), np.uint8)
    gaps = np.zeros((0, 0), bool) if few is None else few
    amount = np.zeros((0, 0)) if volume is None else volume
    _sift(values, np.array([*bounds, floor]), gaps, amount, found, newest)
    return found, newest


@compiled
def _sift(values: Array, limits: Array, few: BoolArray, volume: Array, found: Array, newest: Flags) -> None:
    low, high, largest, floor = limits
    knows_gaps, knows_volume = few.size > 0, volume.size > 0
    for row in range(values.shape[0]):
        flags = 0
        for column in range(values.shape[1]):
            value = values[row, column]
            flags = 0
            if not low <= value <= high or abs(value) > largest:
                if abs(value) == np.inf:
                    flags = NOT_FINITE
                elif value == value:  # noqa: PLR0124 (NaN is missing, which is no fault)
                    flags = (TOO_LARGE if abs(value) > largest else 0) | (0 if low <= value <= high else OUT_OF_RANGE)
            if knows_gaps and few[row, column] and value == value:  # noqa: PLR0124 (as above)
                flags |= GAP
            is_enough = not knows_volume or volume[row, column] >= floor
            found[row, column] = value if flags == 0 and is_enough else np.nan
        newest[row] = flags
