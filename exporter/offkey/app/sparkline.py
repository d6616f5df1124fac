"""A line of a terminal that shows a series."""

import numpy as np

from offkey.core.frame import Array

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Array, width: int) -> str:
    """Return values (T,) as at most `width` blocks, lowest to highest; a missing one is a blank.

    Each block is the mean of the samples that share it.
    """
    size = min(width, values.size)
    if size == 0:
        return ""
    cells = np.array([_mean(part) for part in np.array_split(values, size)])
    known = cells[np.isfinite(cells)]
    if known.size == 0:
        return " " * size
    low, high = float(known.min()), float(known.max())
    span = high - low or 1.0
    return "".join(_block((cell - low) / span if np.isfinite(cell) else float("nan"), high > low) for cell in cells)


def _mean(part: Array) -> float:
    known = part[np.isfinite(part)]
    return float(known.mean()) if known.size else float("nan")


def _block(share: float, varies: bool) -> str:
    if share != share:  # noqa: PLR0124 (NaN is not itself)
        return " "
    return _BLOCKS[min(int(share * len(_BLOCKS)), len(_BLOCKS) - 1)] if varies else _BLOCKS[3]
