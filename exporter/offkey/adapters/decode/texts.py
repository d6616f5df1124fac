"""Comparing texts inside arrays of bytes. Compiled."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # it has no types
from numba.core import types
from numba.extending import intrinsic

from offkey.core.state import AnyArray
from offkey.models.kernels import door

WORD = 8  # bytes that are looked at together


def _word_at(_typing: Any, text: Any, _at: Any) -> Any:  # noqa: ANN401 (numba passes its types and takes a signature and a code generator)
    def generate(context: Any, builder: Any, called: Any, given: Any) -> Any:  # noqa: ANN401 (as above)
        begin = context.make_array(called.args[0])(context, builder, given[0]).data
        place = builder.bitcast(builder.gep(begin, [given[1]]), ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return types.uint64(text, types.intp), generate


# Inside compiled code: word_at(text, at) are the eight bytes from a place, in the machine's order. Nothing is checked.
word_at = cast("Callable[[AnyArray, int], np.uint64]", intrinsic(_word_at))


@door
def is_same(body: AnyArray, start: int, text: AnyArray, first: int, size: int) -> bool:
    """Tell whether so many bytes from a place on in one array are those from a place on in another.

    All are looked at, without a branch; the last words overlap where the size is no multiple of theirs.
    """
    if size < WORD:
        odd = np.uint8(0)
        for k in range(size):
            odd |= body[start + k] ^ text[first + k]
        return bool(odd == 0)
    last = size - WORD
    difference = word_at(body, start + last) ^ word_at(text, first + last)
    for k in range(0, last, WORD):
        difference |= word_at(body, start + k) ^ word_at(text, first + k)
    return bool(difference == 0)
