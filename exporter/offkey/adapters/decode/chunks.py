"""Streamed remote read: frames of chunks, and the samples in them.

Source: Prometheus storage/remote/chunked.go, tsdb/chunkenc/xor.go (the format of Pelkonen et al. (2015), Gorilla, VLDB
8:1816-1827).
"""

import numpy as np

from offkey.adapters.decode.messages import entries, number, signed, size_at, skipped
from offkey.core.frame import IntArray
from offkey.core.state import AnyArray
from offkey.models.kernels import door

MOST_SAMPLES = 65_535  # of a chunk: two bytes say how many
MALFORMED, OF_HISTOGRAMS = -1, -2  # instead of a number of samples
_CHECKSUM = 4  # bytes in front of each frame; TCP has checked them already
_ONE, _SIGN = np.uint64(1), np.uint64(63)
_SURE = 57  # bits that one look gives, wherever it begins in a byte


@door
def frames(text: AnyArray, size: int, marks: IntArray) -> int:
    """Mark the series in a stream of frames; return how many entries there are, also when there is no room, or -1."""
    at, found = 0, 0
    while at < size:
        length, at = number(text, at, size)
        if at < 0 or length > np.uint64(size - at) or signed(length) + _CHECKSUM > size - at:
            return -1
        at += _CHECKSUM
        found = entries(text, at, at + signed(length), found, marks)
        if found < 0:
            return -1
        at += signed(length)
    return found


@door
def samples_of(text: AnyArray, at: int, end: int, span: tuple[int, int], times: IntArray, bits: AnyArray) -> int:
    """Decode the samples of a Chunk; return how many there are.

    Args:
        text: bytes, padded.
        at: where the chunk begins.
        end: where it ends.
        span: first and last time that matter, milliseconds; a chunk that lies outside is not decoded.
        times: of the samples, milliseconds, room for MOST_SAMPLES.
        bits: their values.

    Returns:
        MALFORMED when it is not well-formed, OF_HISTOGRAMS when it holds histograms instead.
    """
    kind, first, last, start, stop = np.uint64(0), np.uint64(0), np.uint64(0), 0, 0
    while at < end:
        tag, at = number(text, at, end)
        if at < 0:
            return MALFORMED
        if tag == 0x22:
            start, stop = size_at(text, at, end)
            at = stop
        elif tag == 0x18:
            kind, at = number(text, at, end)
        elif tag == 0x08:
            first, at = number(text, at, end)
        elif tag == 0x10:
            last, at = number(text, at, end)
        else:
            at = skipped(text, tag, at, end)
        if at < 0:
            return MALFORMED
    if kind != 1:
        return OF_HISTOGRAMS
    if signed(first) > span[1] or signed(last) < span[0] or stop == start:
        return 0
    return _decoded(text, start, stop, times, bits)


@door
def _decoded(text: AnyArray, at: int, stop: int, times: IntArray, bits: AnyArray) -> int:
    """Decode XOR-encoded data; return the number of samples or MALFORMED."""
    if stop - at < 2:
        return MALFORMED
    time, delta, value = 0, 0, np.uint64(0)
    leading, width, place = 0, 64, 0
    count = int(text[at]) << 8 | int(text[at + 1])
    for k in range(count):
        if k == 0:
            zigzag, after = number(text, at + 2, stop)
            time = signed(zigzag >> _ONE) ^ -signed(zigzag & _ONE)
            value = _bits(text, max(0, after) * 8, 64)
            place = after * 8 + 64 if after >= 0 else -1
        else:
            if k == 1:
                first, after = number(text, place >> 3, stop)
                delta = signed(first)
                place = after * 8 if after >= 0 else -1
            else:
                change, place = _change(text, place)
                delta += change
            time += delta
            if place >= 0:
                leading, width, difference, place = _difference(text, place, leading, width)
                value ^= difference
        if place < 0 or place > stop * 8:
            return MALFORMED
        times[k], bits[k] = time, value
    return count


@door
def _change(text: AnyArray, place: int) -> tuple[int, int]:
    """Return how the step between two times differs from the one before, and the bit position after it."""
    word = _peek(text, place)
    if word >> _SIGN == 0:
        return 0, place + 1
    if word >> np.uint64(60) == 15:
        return signed(_bits(text, place + 4, 64)), place + 68
    mark, span = (2, 14) if word >> np.uint64(62) == 2 else (3, 17) if word >> np.uint64(61) == 6 else (4, 20)
    change = signed((word << np.uint64(mark)) >> np.uint64(64 - span))
    if change > 1 << (span - 1):
        change -= 1 << span
    return change, place + mark + span


@door
def _difference(text: AnyArray, place: int, leading: int, width: int) -> tuple[int, int, np.uint64, int]:
    """Return the bits in which a value differs from the one before, framed by their window, and the position after.

    Args:
        text: bytes.
        place: bit position.
        leading: zeros before the window, as it was.
        width: bits of the window.

    Returns:
        Leading, width, difference and position; -1 when the window is wider than a value.
    """
    word = _peek(text, place)
    if word >> _SIGN == 0:
        return leading, width, np.uint64(0), place + 1
    if word >> np.uint64(62) == 3:
        leading = signed((word >> np.uint64(57)) & np.uint64(31))
        width = signed((word >> np.uint64(51)) & np.uint64(63))
        width = width if width else 64
        place += 11
        if leading + width > 64:
            return leading, width, np.uint64(0), -1
    place += 2
    found = _peek(text, place) >> np.uint64(64 - width) if width <= _SURE else _bits(text, place, width)
    return leading, width, found << np.uint64(64 - leading - width), place + width


@door
def _peek(text: AnyArray, place: int) -> np.uint64:
    """Return 64 bits from a bit position on, of which the first 57 are to be relied on."""
    at = np.uint64(place >> 3)  # without a sign, so that no index is checked for being one
    word = (
        np.uint64(text[at]) << np.uint64(56)
        | np.uint64(text[at + np.uint64(1)]) << np.uint64(48)
        | np.uint64(text[at + np.uint64(2)]) << np.uint64(40)
        | np.uint64(text[at + np.uint64(3)]) << np.uint64(32)
        | np.uint64(text[at + np.uint64(4)]) << np.uint64(24)
        | np.uint64(text[at + np.uint64(5)]) << np.uint64(16)
        | np.uint64(text[at + np.uint64(6)]) << np.uint64(8)
        | np.uint64(text[at + np.uint64(7)])
    )
    return word << np.uint64(place & 7)


@door
def _bits(text: AnyArray, place: int, count: int) -> np.uint64:
    """Return 33 to 64 bits from a bit position on."""
    rest = count - 32
    high = _peek(text, place) >> np.uint64(32)
    return high << np.uint64(rest) | _peek(text, place + 32) >> np.uint64(64 - rest)
