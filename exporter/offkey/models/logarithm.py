"""The natural logarithm and its inverse in plain arithmetic: code that works on many numbers at once takes no other."""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]  # it has no types
from numba.core import types
from numba.extending import intrinsic

from offkey.models.kernels import fused

MANTISSA = 52  # bits of a double
BIAS = 1023  # of its exponent
EXPONENT = 0xFFF
TOP = BIAS << MANTISSA
ROOT_OF_HALF = 0x3FE6A09E667F3BCD  # the bits of it
BIG = 2.0**MANTISSA
BIG_BITS = 0x433 << MANTISSA  # of it: a whole number in place of its mantissa is added to it
LN2 = 0.6931471805599453
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42fefa0000p-1"), float.fromhex("0x1.cf79abc9e3b3ap-40")  # its two halves
WHOLE = 1.5 * BIG  # added to a number it leaves the nearest whole one in its last bits
WHOLE_BITS = 0x4338 << (MANTISSA - 4)  # of it
MOST_POWER = 700.0  # of e that is told from more


def _as_bits(_typing: Any, number: Any) -> Any:  # noqa: ANN401 (numba passes its types and takes a signature and a code generator)
    def generate(_context: Any, builder: Any, _called: Any, given: Any) -> Any:  # noqa: ANN401 (as above)
        return builder.bitcast(given[0], ir.IntType(64))

    return types.int64(types.float64), generate


def _of_bits(_typing: Any, bits: Any) -> Any:  # noqa: ANN401 (as above)
    def generate(_context: Any, builder: Any, _called: Any, given: Any) -> Any:  # noqa: ANN401 (as above)
        return builder.bitcast(given[0], ir.DoubleType())

    return types.float64(types.int64), generate


as_bits = cast("Callable[[float], int]", intrinsic(_as_bits))
of_bits = cast("Callable[[int], float]", intrinsic(_of_bits))


@fused
def ln(x: float) -> float:
    """Return the natural logarithm of a normal number above 0, to the last digit or two; NaN of NaN and infinity.

    2 artanh((m - 1) / (m + 1)) of the mantissa m between the roots of a half and of two, by its power series.
    """
    bits = as_bits(x)
    raised = ((bits - ROOT_OF_HALF + TOP) >> MANTISSA) & EXPONENT
    power = of_bits(raised | BIG_BITS) - (BIG + BIAS)
    m = of_bits(bits - ((raised - BIAS) << MANTISSA))
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    tail = z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))
    rest = z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * (1 / 13 + tail))))))
    return power * LN2 + 2.0 * (s + s * rest) + (x - x)


@fused
def ex(x: float) -> float:
    """Return the exponential of a number, to the last digit or two; beyond +-700 that of 700; NaN of NaN and infinity.

    The power series of what is left of a whole number of halvings or doublings, at most half of one.
    """
    bounded = min(MOST_POWER, max(-MOST_POWER, x))
    shifted = bounded / LN2 + WHOLE
    whole = shifted - WHOLE
    r = bounded - whole * LN2_HIGH - whole * LN2_LOW
    tail = 1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * (1 / 39916800 + r * (1 / 479001600 + r / 6227020800))))
    rest = 1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * tail))))
    raised = of_bits((as_bits(shifted) - WHOLE_BITS + BIAS) << MANTISSA)
    return raised * (1.0 + r * (1.0 + r * (0.5 + r * rest))) + (x - x)
