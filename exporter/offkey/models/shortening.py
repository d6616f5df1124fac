"""Numbers of eight binary digits in two bytes: the upper half of single precision. Compiled."""

import numpy as np

from offkey.models.kernels import part


@part
def shortened(value: float) -> int:
    """Return the upper half of a number in single precision, rounded: of any size, within 1/256 of itself."""
    return int(np.float32(value).view(np.uint32)) + 0x8000 >> 16


@part
def lengthened(short: int) -> float:
    """Return the number whose upper half this is."""
    return float(np.uint32(int(short) << 16).view(np.float32))
