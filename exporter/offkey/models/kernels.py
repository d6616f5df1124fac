"""How arithmetic over many series is compiled."""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call, single-threaded, without the interpreter's lock; x / 0 is inf or NaN.

    The machine code is kept beside the source, or in numba's own cache folder, and reused by later processes. Its
    name holds a digest of every source file in the function's folder, because numba itself compares no more than
    the size and date of one file: what a kernel calls or reads must live in its folder. Where no folder can be
    written, each process compiles anew.
    """
    digest = blake2b(digest_size=6)
    for path in (Path(__file__), *sorted(Path(function.__code__.co_filename).parent.glob("*.py"))):
        digest.update(path.read_bytes())
    function.__qualname__ += f"_{digest.hexdigest()}"
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function)
    except RuntimeError:  # numba found no folder to keep the code in
        return numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)
