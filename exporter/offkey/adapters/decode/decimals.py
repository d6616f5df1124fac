"""Decimal numbers as servers write them, to float64, every digit counted."""

import numpy as np

from offkey.core.state import AnyArray
from offkey.models.kernels import compiled

_LEAST, _MOST = -342, 308  # powers of ten beyond which 19 digits are 0 or infinite
_DIGITS = 19  # that fit into 64 bits
_INFINITE, _QUIET = np.uint64(0x7FF << 52), np.uint64(0x7FF8 << 48)
_LOW = np.uint64(0xFFFFFFFF)
_ZERO, _ONE, _TWO, _THREE = (np.uint64(k) for k in range(4))
_HALF_WORD, _TOP = np.uint64(32), np.uint64(63)
_NEAR_HALF = np.uint64(0x1FF)
_FRACTION, _IMPLIED = np.uint64((1 << 52) - 1), np.uint64(1 << 52)


def _power(q: int) -> int:
    """Return the first 128 bits of 5**q, rounded down (up for negative q)."""
    if q >= 0:
        power = int(5**q)
        return power >> (power.bit_length() - 128) if power.bit_length() > 128 else power << (128 - power.bit_length())
    divisor = int(5**-q)
    size = (divisor - 1).bit_length()
    found = (1 << (size + 127 if q >= -27 else 2 * size + 128)) // divisor + 1
    return found >> max(0, found.bit_length() - 128)


_POWERS = [_power(q) for q in range(_LEAST, _MOST + 1)]
FIVES: AnyArray = np.array([[power >> 64, power & ((1 << 64) - 1)] for power in _POWERS], np.uint64)


@compiled
def product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the high and low half of a product of two 64-bit integers."""
    a0, a1, b0, b1 = a & _LOW, a >> _HALF_WORD, b & _LOW, b >> _HALF_WORD
    low, middle, cross, high = a0 * b0, a1 * b0, a0 * b1, a1 * b1
    carried = (low >> _HALF_WORD) + (middle & _LOW) + (cross & _LOW)
    return (
        high + (middle >> _HALF_WORD) + (cross >> _HALF_WORD) + (carried >> _HALF_WORD),
        (low & _LOW) | (carried << _HALF_WORD),
    )


@compiled
def nearest(digits: np.uint64, exponent: int) -> np.uint64:
    """Return the bits of the float nearest to digits * 10**exponent, a tie to the even one.

    Source: Lemire (2021), Number parsing at a gigabyte per second, Softw. Pract. Exp. 51:1700-1727; without its slow
    path after Mushtak and Lemire (2023), Fast number parsing without fallback.
    """
    if digits == _ZERO or exponent < _LEAST:
        return _ZERO
    if exponent > _MOST:
        return _INFINITE
    zeros = 0
    for size in (32, 16, 8, 4, 2, 1):
        if (digits >> np.uint64(64 - size)) == _ZERO:
            digits = digits << np.uint64(size)
            zeros += size
    high, low = product(digits, FIVES[exponent - _LEAST, 0])
    if high & _NEAR_HALF == _NEAR_HALF:
        more, _ = product(digits, FIVES[exponent - _LEAST, 1])
        low = low + more
        if more > low:
            high = high + _ONE
    upper = np.int64(high >> _TOP)
    mantissa = high >> np.uint64(upper + 9)
    power = ((217706 * exponent) >> 16) + 63 + upper - zeros + 1023
    if power <= 0:
        if 1 - power >= 64:
            return _ZERO
        mantissa = mantissa >> np.uint64(1 - power)
        mantissa = (mantissa + (mantissa & _ONE)) >> _ONE
        return mantissa  # what grows to 2**52 is the least normal number, and these are its bits
    is_tie = low <= _ONE and -4 <= exponent <= 23 and mantissa & _THREE == _ONE
    if is_tie and (mantissa << np.uint64(upper + 9)) == high:
        mantissa = mantissa & ~_ONE
    mantissa = (mantissa + (mantissa & _ONE)) >> _ONE
    if mantissa >= _IMPLIED << _ONE:
        mantissa = _IMPLIED
        power += 1
    if power >= 0x7FF:
        return _INFINITE
    return (mantissa & _FRACTION) | (np.uint64(power) << np.uint64(52))


@compiled
def decimal(text: AnyArray, at: int) -> tuple[np.uint64, int]:
    """Return the bits of the float at a position, and the position after it; -1 when there is none to be sure of.

    Known are JSON numbers of up to 19 digits that matter, with a sign in front, and NaN, +Inf, -Inf, Inf.

    Args:
        text: bytes, followed by at least one that belongs to no number.
        at: where the number begins.
    """
    sign = _ZERO
    if text[at] == 45 or text[at] == 43:
        sign = np.uint64(text[at] == 45) << _TOP
        at += 1
    if text[at] == 78 and text[at + 1] == 97 and text[at + 2] == 78:
        return _QUIET, at + 3
    if text[at] == 73 and text[at + 1] == 110 and text[at + 2] == 102:
        return sign | _INFINITE, at + 3
    digits, size, exponent, first = _ZERO, 0, 0, at
    is_fraction = False
    while True:
        digit = int(text[at]) - 48
        if digit == -2 and not is_fraction and at > first:
            is_fraction = True
            at += 1
            if not 48 <= text[at] <= 57:
                return _ZERO, -1
            continue
        if digit < 0 or digit > 9:
            break
        if size < _DIGITS:
            digits = digits * np.uint64(10) + np.uint64(digit)
            size += digits != _ZERO
            exponent -= is_fraction
        elif digit:
            return _ZERO, -1
        else:
            exponent += not is_fraction
        at += 1
    if at == first:
        return _ZERO, -1
    if text[at] == 101 or text[at] == 69:
        power, at = whole(text, at + 1)
        exponent += power
        if at < 0:
            return _ZERO, -1
    found = nearest(digits, exponent)
    return sign | found, (at if found < _INFINITE else -1)


@compiled
def whole(text: AnyArray, at: int) -> tuple[int, int]:
    """Return the signed integer of up to five digits at a position, and the position after it or -1."""
    is_negative = text[at] == 45
    if is_negative or text[at] == 43:
        at += 1
    first, value = at, 0
    while 48 <= text[at] <= 57 and at - first < 6:
        value = value * 10 + int(text[at]) - 48
        at += 1
    return (-value if is_negative else value), (at if 1 <= at - first <= 5 else -1)
