"""How arithmetic over many series is compiled."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call, single-threaded, without the interpreter's lock.

    The machine code is kept beside the source (or in numba's own cache folder) and reused by later processes, as
    long as the file that holds `function` is unchanged: whatever a kernel calls or reads lives in its own file.
    Where no folder can be written, each process compiles anew.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no folder to keep the code in
        return numba.njit(nogil=True)(function)
