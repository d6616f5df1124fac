"""Comparing texts inside arrays of bytes. Compiled."""

import numpy as np

from offkey.core.state import AnyArray
from offkey.models.kernels import compiled


@compiled
def is_same(body: AnyArray, start: int, text: AnyArray, first: int, size: int) -> bool:
    """Tell whether so many bytes from a place on in one array are those from a place on in another.

    All are looked at, without a branch, so that many are compared at once.
    """
    difference = np.uint8(0)
    for k in range(size):
        difference |= body[start + k] ^ text[first + k]
    return bool(difference == 0)
