"""Range answers of the query API, as servers write them without spaces."""

from dataclasses import dataclass

import numpy as np

from offkey.adapters.decode.decimals import decimal
from offkey.core.frame import IntArray
from offkey.core.state import AnyArray
from offkey.models.kernels import compiled

PADDING = bytes(16)  # kernels may look a little past the end
_METRIC, _VALUES = (np.frombuffer(text, np.uint8) for text in (b'{"metric":{', b',"values":['))
_LEAST_SERIES, _LEAST_SAMPLE = 30, 8  # bytes of `{"metric":{},"values":[[1,"2"]]}` and of `[1,"2"],`


@dataclass(frozen=True, slots=True)
class Scanned:
    """A list of series, decoded.

    Attributes:
        starts: where each series' labels begin, the brace included, (S,).
        ends: where they end.
        counts: samples of each series, (S,).
        times: milliseconds, (N,), series after series.
        values: (N,).
        stop: where the list ends: the place of its closing bracket.
    """

    starts: IntArray
    ends: IntArray
    counts: IntArray
    times: IntArray
    values: AnyArray
    stop: int


def scan(body: bytes, at: int) -> Scanned | None:
    """Return the series of a list that begins at a position; None when it is not written as servers do.

    Args:
        body: the whole answer.
        at: the place after the opening bracket.
    """
    text = np.frombuffer(body + PADDING, np.uint8)
    most, samples = len(body) // _LEAST_SERIES + 1, len(body) // _LEAST_SAMPLE + 1
    marks = np.empty((3, most), np.int64)
    times, values = np.empty(samples, np.int64), np.empty(samples)
    series, size, stop = _scan(text, len(body), at, marks, times, values.view(np.uint64))
    if stop < 0:
        return None
    starts, ends, counts = marks[:, :series]
    return Scanned(starts, ends, counts, times[:size], values[:size], stop)


@compiled
def _scan(text: AnyArray, size: int, at: int, marks: IntArray, times: IntArray, bits: AnyArray) -> tuple[int, int, int]:
    """Return the numbers of series and of samples, and the place of the closing bracket or -1."""
    series, samples = 0, 0
    while series < marks.shape[1] and at < size:
        if text[at] == 93 and series == 0:
            return 0, 0, at
        at = after(text, at, _METRIC)
        marks[0, series] = at - 1
        at = object_end(text, at, size)
        marks[1, series] = at
        at = after(text, at, _VALUES)
        first = samples
        while at >= 0 and text[at] == 91 and samples < times.size:
            times[samples], at = _milliseconds(text, at + 1)
            if at < 0 or text[at] != 44 or text[at + 1] != 34:
                return 0, 0, -1
            bits[samples], at = decimal(text, at + 2)
            if at < 0 or text[at] != 34 or text[at + 1] != 93:
                return 0, 0, -1
            samples += 1
            at += 2
            if text[at] == 44 and text[at + 1] == 91:
                at += 1
            elif text[at] != 93:
                return 0, 0, -1
        if at < 0 or samples == first or text[at] != 93 or text[at + 1] != 125:
            return 0, 0, -1
        marks[2, series] = samples - first
        series += 1
        at += 2
        if text[at] == 93:
            return series, samples, (at if at < size else -1)
        if text[at] != 44:
            return 0, 0, -1
        at += 1
    return 0, 0, -1


@compiled
def after(text: AnyArray, at: int, expected: AnyArray) -> int:
    """Return the place after an expected text, -1 when another stands there."""
    if at < 0 or at + expected.size > text.size:
        return -1
    for k in range(expected.size):
        if text[at + k] != expected[k]:
            return -1
    return at + expected.size


@compiled
def object_end(text: AnyArray, at: int, size: int) -> int:
    """Return the place after the brace that closes an object of texts, -1 when there is none."""
    is_inside = False
    while 0 <= at < size:
        byte = text[at]
        if byte == 34:
            is_inside = not is_inside
        elif byte == 92:
            at += 1
        elif not is_inside and byte == 125:
            return at + 1
        elif not is_inside and byte in (91, 123):
            return -1
        at += 1
    return -1


@compiled
def _milliseconds(text: AnyArray, at: int) -> tuple[int, int]:
    """Return a time in milliseconds, written as seconds with at most three decimals, and the place after it or -1."""
    first, time = at, 0
    while 48 <= text[at] <= 57 and at - first < 12:
        time = time * 10 + int(text[at]) - 48
        at += 1
    if at == first:
        return 0, -1
    time *= 1000
    if text[at] == 46:
        unit, first = 100, at + 1
        at = first
        while 48 <= text[at] <= 57 and unit:
            time += unit * (int(text[at]) - 48)
            unit //= 10
            at += 1
        if at == first:
            return 0, -1
    return time, at
