"""Prometheus' protobuf messages: how they are cut into series, labels and samples.

Source: Prometheus prompb/types.proto and prompb/remote.proto (v1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from offkey.core.frame import IntArray
from offkey.core.labels import Labels
from offkey.core.state import AnyArray
from offkey.models.kernels import door

PADDING = bytes(32)  # who decodes chunks looks a little past the end
LABEL, SAMPLE, HISTOGRAM = 0x0A, 0x12, 0x22  # tags inside a TimeSeries
_USUAL_SERIES = 64  # bytes; what a first guess at the number of series divides by
_PAIR = (0x0A, 0x12)  # tags of a label's name and value
_SINGLE = tuple(bytes([value]) for value in range(128))
_SEVEN = np.uint64(7)


@dataclass(frozen=True, slots=True)
class Outline:
    """Where the entries of a message are: their labels from `starts` to `ends`, their samples from there to `stops`."""

    starts: IntArray
    ends: IntArray
    stops: IntArray

    @classmethod
    def of(cls, kernel: Any, text: AnyArray, *span: int) -> "Outline | None":  # noqa: ANN401 (a compiled function)
        """Return what a kernel finds in a text, however many entries there are; None when it is malformed."""
        room = text.size // _USUAL_SERIES + 16
        while True:
            marks = np.empty((3, room), np.int64)
            found = kernel(text, *span, marks)
            if found <= room:
                return None if found < 0 else cls(*marks[:, :found])
            room *= 4


def padded(body: bytes) -> AnyArray:
    """Return a body as an array whose end may be looked past."""
    return np.frombuffer(body + PADDING, np.uint8)


def varint(value: int) -> bytes:
    """Return a whole number of at most 64 bits, seven bits a byte."""
    if 0 <= value < 128:  # as nearly all are
        return _SINGLE[value]
    text = bytearray()
    while value > 127:
        text.append(value & 127 | 128)
        value >>= 7
    return bytes([*text, value])


def field(number: int, content: bytes) -> bytes:
    """Return a field that holds text or a message."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def write_labels(labels: Iterable[tuple[str, str]]) -> bytes:
    """Return label pairs as fields of a TimeSeries; halves of characters, which UTF-8 cannot carry, become `?`."""
    return b"".join(
        field(1, b"".join(field(k, text.encode("utf-8", "replace")) for k, text in enumerate(pair, 1)))
        for pair in labels
    )


def read_labels(text: bytes) -> Labels:
    """Return the labels of a TimeSeries.

    Raises:
        ValueError: they are malformed.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        tag, at = _read_varint(text, at)
        size, at = _read_varint(text, at)
        if tag != LABEL or at + size > len(text):
            raise _malformed()
        name, value = _read_pair(text[at : at + size])
        found[name] = value
        at += size
    return Labels.of(found)


@lru_cache(maxsize=1 << 14)
def _read_pair(text: bytes) -> tuple[str, str]:
    """Return a label; many series have the same ones, and to know them is quicker than to read them."""
    pair = ["", ""]
    at = 0
    while at < len(text):
        tag, at = _read_varint(text, at)
        size, at = _read_varint(text, at)
        if tag not in _PAIR or at + size > len(text):
            raise _malformed()
        pair[_PAIR.index(tag)] = text[at : at + size].decode()
        at += size
    return pair[0], pair[1]


def _malformed() -> ValueError:
    return ValueError("the labels of a series are malformed")


def _read_varint(text: bytes, at: int) -> tuple[int, int]:
    if at < len(text) and text[at] < 128:  # as nearly all are
        return text[at], at + 1
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(text):
            break
        value |= (text[at] & 127) << shift
        at += 1
        if text[at - 1] < 128:
            return value, at
    raise _malformed()


@door
def signed(value: np.uint64) -> int:
    """Return 64 bits as an integer with a sign; mixed with others, integers without one would become floats."""
    return np.int64(value)  # type: ignore[return-value]  # a kernel's int


@door
def number(text: AnyArray, at: int, end: int) -> tuple[np.uint64, int]:
    """Return the whole number at a position and the position after it; -1 when it does not end before `end`."""
    value, shift = np.uint64(0), np.uint64(0)
    while at < end and shift < 64:
        byte = np.uint64(text[at])
        at += 1
        value |= (byte & np.uint64(127)) << shift
        if byte < 128:
            return value, at
        shift += _SEVEN
    return np.uint64(0), -1


@door
def size_at(text: AnyArray, at: int, end: int) -> tuple[int, int]:
    """Return where the content at a position begins and ends, both before `end`; -1 when it does not."""
    size, at = number(text, at, end)
    if at < 0 or size > np.uint64(end - at):
        return -1, -1
    return at, at + signed(size)


@door
def skipped(text: AnyArray, tag: np.uint64, at: int, end: int) -> int:
    """Return the position after a field whose tag was read; -1 when it is malformed."""
    kind = tag & np.uint64(7)
    if kind == 0:
        return number(text, at, end)[1]
    if kind == 2:
        return size_at(text, at, end)[1]
    at += 8 if kind == 1 else 4
    return at if kind in (1, 5) and at <= end else -1


@door
def entries(text: AnyArray, at: int, end: int, first: int, marks: IntArray) -> int:
    """Mark the entries (field 1) of a message; return how many there are, also when there is no room, or -1.

    Args:
        text: bytes.
        at: where the message begins.
        end: where it ends.
        first: entries already marked.
        marks: starts, ends and stops of the entries, (3, room).
    """
    while at < end:
        tag, at = number(text, at, end)
        if at < 0:
            return -1
        if tag != LABEL:
            at = skipped(text, tag, at, end)
            if at < 0:
                return -1
            continue
        start, stop = size_at(text, at, end)
        at = start
        while 0 <= at < stop and text[at] == LABEL:
            _, at = size_at(text, at + 1, stop)
        if at < 0:
            return -1
        if first < marks.shape[1]:
            marks[0, first], marks[1, first], marks[2, first] = start, at, stop
        first += 1
        at = stop
    return first


@door
def series_of(text: AnyArray, at: int, end: int, marks: IntArray) -> int:
    """Mark the series of a WriteRequest, or of one query's result."""
    return entries(text, at, end, 0, marks)


@door
def sample(text: AnyArray, at: int, end: int) -> tuple[int, np.uint64, bool]:
    """Return time (milliseconds) and value (bits) of a Sample, and whether it is well-formed."""
    time, value = np.uint64(0), np.uint64(0)
    while at < end:
        tag = text[at]
        if tag == 0x09 and at + 9 <= end:
            value = np.uint64(0)
            for k in range(8):
                value |= np.uint64(text[at + 1 + k]) << np.uint64(8 * k)
            at += 9
        elif tag == 0x10:
            time, at = number(text, at + 1, end)
            if at < 0:
                return 0, value, False
        else:
            return 0, value, False
    return signed(time), value, at == end
