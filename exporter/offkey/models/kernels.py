"""How arithmetic over many series is compiled."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]  # it has no types
from numba.core import cgutils, types
from numba.extending import intrinsic

from offkey.core.state import AnyArray

P = ParamSpec("P")
R = TypeVar("R")
ByteArray = npt.NDArray[np.uint8]
ROWS_APIECE = 2_500  # series that are worth a thread: some milliseconds of work
THREADS = 4  # at most: a container that sees all processors of its machine may use few of them


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call, single-threaded, without the interpreter's lock; x / 0 is inf or NaN.

    The machine code is kept beside the source, or in numba's own cache folder, and reused by later processes. Its
    name holds a digest of every source file in the function's folder and in this one, because numba itself compares
    no more than the size and date of one file: what a kernel calls or reads must live there. Where no folder can be
    written, each process compiles anew.
    """
    return _compile(function, {})


def door(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that makes no array, neither itself nor in the parts it calls, as `compiled` does.

    References to arrays are then not counted, which for views of a few numbers takes longer than the arithmetic.
    """
    return _compile(function, {"_nrt": False})


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile what only a `door` and other parts call; without a way in from Python it is compiled a third sooner."""
    return _compile(function, {"no_cpython_wrapper": True, "_nrt": False})


def fused(function: Callable[P, R]) -> Callable[P, R]:
    """Compile as `door` does a function whose products and sums may be done in one step, without rounding between."""
    return _compile(function, {"_nrt": False, "fastmath": {"contract"}})


def shared_out(rows: int, work: Callable[[int, int], None], together: int = 1) -> None:
    """Have compiled code work on all rows, on up to four processors where rows are many.

    Args:
        rows: how many.
        work: given the first row and the one after the last, does those and no others.
        together: rows that are kept together: the first row is a multiple of it.
    """
    pieces = max(1, min(os.cpu_count() or 1, THREADS, rows // ROWS_APIECE))
    edges = [*(rows * k // pieces // together * together for k in range(pieces)), rows]
    others = [_threads().submit(work, first, last) for first, last in pairwise(edges[1:])]
    try:
        work(0, edges[1])
    finally:
        wait(others)
    for other in others:
        other.result()


@cache
def _threads() -> ThreadPoolExecutor:
    """Return the threads of `shared_out`, which stay: to start them for each call is felt in every cycle."""
    return ThreadPoolExecutor(THREADS - 1, thread_name_prefix="kernels")


os.register_at_fork(after_in_child=_threads.cache_clear)  # a forked process has none of them


def _compile(function: Callable[P, R], options: dict[str, Any]) -> Callable[P, R]:
    digest = blake2b(digest_size=6)
    for folder in (Path(__file__).parent, Path(function.__code__.co_filename).parent):
        for path in sorted(folder.glob("*.py")):
            digest.update(path.read_bytes())
    function.__qualname__ += f"_{digest.hexdigest()}"
    options |= {"nogil": True, "error_model": "numpy", "forceinline": True}
    try:
        return cast("Callable[P, R]", numba.njit(cache=True, **options)(function))
    except RuntimeError:  # numba found no folder to keep the code in
        return cast("Callable[P, R]", numba.njit(**options)(function))


def _copy_bytes(_typing: Any, target: Any, at: Any, source: Any, start: Any, size: Any) -> Any:  # noqa: ANN401 (numba passes its types and takes a signature and a code generator)
    signature = types.void(target, types.intp, source, types.intp, types.intp)

    def generate(context: Any, builder: Any, called: Any, given: Any) -> Any:  # noqa: ANN401 (as above)
        to, begin = (context.make_array(called.args[k])(context, builder, given[k]).data for k in (0, 2))
        places = builder.gep(to, [given[1]]), builder.gep(begin, [given[3]])
        cgutils.raw_memcpy(builder, *places, given[4], 1)  # type: ignore[no-untyped-call]  # numba has no types there
        return context.get_dummy_value()

    return signature, generate


# Inside compiled code: copy_bytes(target, at, source, start, size) copies bytes from a place in one array to a place in
# another; nothing is checked. A loop or a slice over bytes takes three times as long as the machine's own copy.
copy_bytes = cast("Callable[[ByteArray, int, ByteArray, int, int], None]", intrinsic(_copy_bytes))


def _fetch_early(_typing: Any, source: Any, at: Any) -> Any:  # noqa: ANN401 (as above)
    signature = types.void(source, types.intp)

    def generate(context: Any, builder: Any, called: Any, given: Any) -> Any:  # noqa: ANN401 (as above)
        begin = context.make_array(called.args[0])(context, builder, given[0]).data
        place = builder.bitcast(builder.gep(begin, [given[1]]), cgutils.voidptr_t)
        number = ir.IntType(32)
        shape = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        fetch = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]  # as below
        builder.call(fetch, [place, number(0), number(3), number(1)])  # to read, soon again, no instructions
        return context.get_dummy_value()

    return signature, generate


# Inside compiled code: fetch_early(array, at) has the memory around a place of an array, counted from its first number,
# brought near, and does not wait for it. Rows of many kilobytes come too late otherwise.
fetch_early = cast("Callable[[AnyArray, int], None]", intrinsic(_fetch_early))
