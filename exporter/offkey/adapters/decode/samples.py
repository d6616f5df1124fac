"""Answers of remote read as samples, straight onto the instants of an axis."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from offkey.adapters.decode.chunks import MALFORMED, MOST_SAMPLES, OF_HISTOGRAMS, frames, samples_of
from offkey.adapters.decode.grid import MISSING, NEVER, STALE, close, enter, hold, settle
from offkey.adapters.decode.messages import (
    HISTOGRAM,
    LABEL,
    SAMPLE,
    Outline,
    number,
    padded,
    sample,
    series_of,
    size_at,
    skipped,
)
from offkey.adapters.decode.roster import Roll, Roster
from offkey.core.frame import Array, Axis, BoolArray, IntArray
from offkey.core.state import AnyArray
from offkey.models.kernels import door

_DISORDERED = -3  # instead of a number of instants


@dataclass(frozen=True, slots=True)
class Held:
    """What was read of a selector.

    Attributes:
        roll: the series.
        values: (S, T), each instant with the newest sample up to it; NaN is missing.
        present: which series have a sample at any instant, (S,).
        histograms: which have native histograms, (S,).
    """

    roll: Roll
    values: Array
    present: BoolArray
    histograms: BoolArray


def held(body: bytes, axis: Axis, reach: int, roster: Roster, *, is_stream: bool) -> Held:
    """Return the series of a remote-read answer on the instants of an axis.

    Args:
        body: a ReadResponse, or a stream of frames with ChunkedReadResponses.
        axis: T instants.
        reach: greatest age of a sample that counts for an instant, milliseconds.
        roster: knows the series of earlier answers.
        is_stream: whether it is the stream.

    Raises:
        ValueError: the body is malformed.
    """
    text = padded(body) if is_stream else np.frombuffer(body, np.uint8)
    outline = Outline.of(frames, text, len(body)) if is_stream else _outline(text, len(body))
    if outline is None:
        msg = "not a stream of chunks" if is_stream else "not a list of series"
        raise ValueError(msg)
    roll = roster.roll(body, outline.starts, outline.ends)
    bits = np.full((len(roll.series), axis.size), np.nan).view(np.uint64)
    present, histograms = np.zeros((2, len(roll.series)), bool)
    shape = np.array([axis.start * 1000, axis.step * 1000, reach], np.int64)
    spans = np.array([outline.ends, outline.stops])
    room = MOST_SAMPLES if is_stream else 1
    free = Free(
        np.empty(room, np.int64),
        np.empty(room, np.uint64),
        np.empty(axis.size, np.int64),
        np.empty(axis.size, np.uint64),
    )
    if not _fill(text, spans, roll.rows, shape, is_stream, free, bits, present, histograms):
        msg = "the samples of a series are malformed"
        raise ValueError(msg)
    return Held(roll, bits.view(np.float64), present, histograms)


def _outline(text: AnyArray, size: int) -> Outline | None:
    """Return the series of the one result in a ReadResponse."""
    if size == 0:
        return Outline(*np.empty((3, 0), np.int64))
    start, stop = size_at(text, 1, size)
    return Outline.of(series_of, text, start, stop) if text[0] == 0x0A and stop == size else None


class Free(NamedTuple):
    """Room for what is decoded: samples of an entry (N,), and of a series whose samples are in disorder (T,)."""

    times: IntArray
    values: AnyArray
    stamps: IntArray
    newest: AnyArray


@door
def _fill(
    text: AnyArray,
    spans: IntArray,
    rows: IntArray,
    shape: IntArray,
    is_stream: bool,
    free: Free,
    bits: AnyArray,
    present: BoolArray,
    histograms: BoolArray,
) -> bool:
    """Fill the values series by series, whose entries stand together. Return whether all was well-formed."""
    k = 0
    while k < rows.size:
        row, first = rows[k], k
        while k < rows.size and rows[k] == row:
            k += 1
        if row < 0:
            continue
        given, has_histograms, is_ordered = _DISORDERED, False, True
        while given == _DISORDERED:
            given, has_histograms = _series(text, spans[:, first:k], shape, is_stream, is_ordered, free, bits[row])
            is_ordered = False
        if given < 0:
            return False
        present[row] |= given > 0
        histograms[row] |= has_histograms
    return True


@door
def _series(
    text: AnyArray,
    parts: IntArray,
    shape: IntArray,
    is_stream: bool,
    is_ordered: bool,
    free: Free,
    found: AnyArray,
) -> tuple[int, bool]:
    """Fill one series, in one pass where its samples are in the order of time.

    Returns:
        How many instants got a value, MALFORMED, or _DISORDERED where they are not; whether it has native histograms.
    """
    start, step, reach = shape[0], shape[1], shape[2]
    span = (start - reach, start + step * (found.size - 1))
    last, given, column, has_histograms = (0, NEVER, STALE), 0, 0, False
    times, values, stamps, newest = free
    if not is_ordered:
        stamps[:] = NEVER
    for k in range(parts.shape[1]):
        at, stop = parts[0, k], parts[1, k]
        while at < stop:
            count, at = _decoded(text, at, stop, span, is_stream, times, values)
            if count == MALFORMED:
                return MALFORMED, False
            has_histograms |= count == OF_HISTOGRAMS
            if is_ordered:
                last, more = hold(start, step, reach, (count, times, values), last, found)
                if more < 0:
                    found[:] = MISSING
                    return _DISORDERED, False
                given += more
            else:
                for place in range(count):
                    if span[0] <= times[place] <= span[1]:
                        column = enter(times[place], values[place], start, step, column, stamps, newest)
    if not is_ordered:
        return int(settle(start, step, reach, stamps, newest, found)), has_histograms
    return given + close(start, step, reach, last, found), has_histograms


@door
def _decoded(
    text: AnyArray, at: int, stop: int, span: tuple[int, int], is_stream: bool, times: IntArray, values: AnyArray
) -> tuple[int, int]:
    """Decode what one field of an entry holds; return the number of samples, or what is wrong, and where it ends."""
    tag, at = number(text, at, stop)
    if at < 0 or tag == LABEL:
        return MALFORMED, stop
    if tag != SAMPLE:
        at = skipped(text, tag, at, stop)
        if at < 0:
            return MALFORMED, stop
        return (OF_HISTOGRAMS if tag == HISTOGRAM else 0), at
    at, end = size_at(text, at, stop)
    if at < 0:
        return MALFORMED, stop
    if is_stream:
        return samples_of(text, at, end, span, times, values), end
    times[0], values[0], is_whole = sample(text, at, end)
    return (1 if is_whole else MALFORMED), end
