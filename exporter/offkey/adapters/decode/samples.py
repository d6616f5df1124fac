"""Answers of remote read as samples, straight onto the instants of an axis."""

from dataclasses import dataclass

import numpy as np

from offkey.adapters.decode.chunks import enter_chunk, frames
from offkey.adapters.decode.grid import NEVER, enter, settle
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
from offkey.models.kernels import compiled

_HISTOGRAMS = 2  # what an entry that holds some is told by


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
    text = padded(body)
    outline = Outline.of(frames, text, len(body)) if is_stream else _outline(text, len(body))
    if outline is None:
        msg = "not a stream of chunks" if is_stream else "not a list of series"
        raise ValueError(msg)
    roll = roster.roll(body, outline.starts, outline.ends)
    bits = np.full((len(roll.series), axis.size), np.nan).view(np.uint64)
    present, histograms = np.zeros((2, len(roll.series)), bool)
    shape = np.array([axis.start * 1000, axis.step * 1000, reach], np.int64)
    spans = np.array([outline.ends, outline.stops])
    if not _fill(text, spans, roll.rows, shape, is_stream, bits, present, histograms):
        msg = "the samples of a series are malformed"
        raise ValueError(msg)
    return Held(roll, bits.view(np.float64), present, histograms)


def _outline(text: AnyArray, size: int) -> Outline | None:
    """Return the series of the one result in a ReadResponse."""
    if size == 0:
        return Outline(*np.empty((3, 0), np.int64))
    start, stop = size_at(text, 1, size)
    return Outline.of(series_of, text, start, stop) if text[0] == 0x0A and stop == size else None


@compiled
def _fill(
    text: AnyArray,
    spans: IntArray,
    rows: IntArray,
    shape: IntArray,
    is_stream: bool,
    bits: AnyArray,
    present: BoolArray,
    histograms: BoolArray,
) -> bool:
    """Fill the values entry by entry; those of one series stand together. Return whether all was well-formed."""
    start, step, reach = shape[0], shape[1], shape[2]
    stamps, newest = np.full(bits.shape[1], NEVER), np.empty(bits.shape[1], np.uint64)
    for k in range(rows.size):
        row = rows[k]
        if row < 0:
            continue
        kind = _enter(text, spans[0, k], spans[1, k], shape, is_stream, stamps, newest)
        if kind == 0:
            return False
        histograms[row] |= kind == _HISTOGRAMS
        if k + 1 == rows.size or rows[k + 1] != row:
            present[row] |= settle(start, step, reach, stamps, newest, bits[row])
            stamps[:] = NEVER
    return True


@compiled
def _enter(
    text: AnyArray, at: int, stop: int, shape: IntArray, is_stream: bool, stamps: IntArray, newest: AnyArray
) -> int:
    """Remember the samples of one entry; return 1, 2 when some are histograms, 0 when it is malformed."""
    found, column, oldest = 1, 0, shape[0] - shape[2]
    latest = shape[0] + shape[1] * (stamps.size - 1)
    while at < stop:
        tag, at = number(text, at, stop)
        if at < 0 or tag == LABEL:
            return 0
        if tag != SAMPLE:
            found = _HISTOGRAMS if tag == HISTOGRAM else found
            at = skipped(text, tag, at, stop)
            if at < 0:
                return 0
            continue
        at, end = size_at(text, at, stop)
        if at < 0:
            return 0
        if is_stream:
            kind = enter_chunk(text, at, end, oldest, latest, shape, stamps, newest)
            if kind == 0:
                return 0
            found = max(found, kind)
        else:
            time, value, is_whole = sample(text, at, end)
            if not is_whole:
                return 0
            if oldest <= time <= latest:
                column = enter(time, value, shape[0], shape[1], column, stamps, newest)
        at = end
    return found
