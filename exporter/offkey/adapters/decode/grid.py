"""Samples with times of their own, on the instants of an axis."""

import numpy as np

from offkey.core.frame import Array, Axis, IntArray
from offkey.core.state import AnyArray
from offkey.models.kernels import door

NEVER = np.iinfo(np.int64).min
MISSING = np.uint64(0x7FF8000000000000)  # the NaN of a missing sample
STALE = np.uint64(0x7FF0000000000002)  # the NaN that ends a series. Source: Prometheus model/value/value.go


def place(series: int, axis: Axis, rows: IntArray, times: IntArray, values: Array) -> tuple[Array, int, int]:
    """Put the samples of a range answer on the instants they were evaluated at.

    A sample belongs to the first instant at or after it; of several for one instant the newest counts, of several with
    one time the last that came.

    Args:
        series: S.
        axis: T instants.
        rows: series of each sample, (N,).
        times: milliseconds, (N,).
        values: (N,).

    Returns:
        Values (S, T), samples that were between two instants, samples that are not in the values.
    """
    found = np.full((series, axis.size), np.nan)
    stamps = np.full((series, axis.size), NEVER)
    moved, kept = _place(axis.start * 1000, axis.step * 1000, rows, times, values, found, stamps)
    return found, moved, len(values) - kept


@door
def _place(
    start: int, step: int, rows: IntArray, times: IntArray, values: Array, found: Array, stamps: IntArray
) -> tuple[int, int]:
    """Fill the values; return how many samples were moved, and how many cells are filled."""
    moved, kept = 0, 0
    for k in range(times.size):
        late = times[k] - start
        column = -(-late // step)
        if late <= -step or column >= found.shape[1]:
            continue
        moved += column * step != late
        row = rows[k]
        kept += stamps[row, column] == NEVER
        if times[k] >= stamps[row, column]:
            stamps[row, column] = times[k]
            found[row, column] = values[k]
    return moved, kept


@door
def enter(time: int, value: np.uint64, start: int, step: int, last: int, stamps: IntArray, bits: AnyArray) -> int:
    """Remember a sample as the newest of its column: the first instant at or after it; those before are one column.

    Returns the column, a guess at the next sample's: mostly that one or the next, which saves a division.

    Args:
        time: milliseconds.
        value: its bits.
        start: first instant, milliseconds.
        step: milliseconds between instants.
        last: the guess.
        stamps: time of the newest sample of each column, (T,).
        bits: its value.
    """
    late = time - start - last * step
    column = last + (late > 0)
    if not -step < late <= step:
        column = max(0, -((start - time) // step))
    if column < stamps.size and time >= stamps[column]:
        stamps[column] = time
        bits[column] = value
    return column


@door
def hold(
    start: int,
    step: int,
    reach: int,
    samples: tuple[int, IntArray, AnyArray],
    last: tuple[int, int, np.uint64],
    found: AnyArray,
) -> tuple[tuple[int, int, np.uint64], int]:
    """Give instants the newest sample up to them, in one pass over samples in the order of time.

    The same as `enter` for each of them and `settle` at the end, without the arrays in between, which take longer than
    decoding the samples does.

    Args:
        start: first instant, milliseconds.
        step: milliseconds between instants.
        reach: greatest age of a sample, milliseconds.
        samples: how many there are; their times, milliseconds; their values. Others may follow.
        last: first column that is still open; time and value of the sample before these.
        found: the bits of the values, (T,), NaN beforehand.

    Returns:
        What `last` is for the samples after these, and how many instants got a value; -1 when the samples are not in
        the order of time, and some instants have a wrong one.
    """
    column, newest, value = last
    count, times, bits = samples
    instant, given = start + column * step, 0
    for k in range(count):
        time = times[k]
        if time < newest:
            return (column, newest, value), -1
        while instant < time and column < found.size:
            if value != STALE and instant - newest <= reach:
                found[column] = value
                given += 1
            column += 1
            instant += step
        newest, value = time, bits[k]
    return (column, newest, value), given


@door
def close(start: int, step: int, reach: int, last: tuple[int, int, np.uint64], found: AnyArray) -> int:
    """Give the instants after the last sample what they hold, see `hold`; return how many got a value."""
    column, newest, value = last
    if value == STALE or newest == NEVER:
        return 0
    first = column
    while column < found.size and start + column * step - newest <= reach:
        found[column] = value
        column += 1
    return column - first


@door
def settle(start: int, step: int, reach: int, stamps: IntArray, bits: AnyArray, found: AnyArray) -> bool:
    """Give each instant the newest sample up to it, as an instant query does; return whether there was any.

    A sample lasts `reach` milliseconds, until the next one, or until the mark that ends its series.
    Source: Prometheus promql/engine.go, vectorSelectorSingle.

    Args:
        start: first instant, milliseconds.
        step: milliseconds between instants.
        reach: greatest age of a sample, milliseconds.
        stamps: time of the newest sample of each column, (T,).
        bits: its value; afterwards free.
        found: the bits of the values, (T,), NaN beforehand.
    """
    newest, value, is_there = NEVER, STALE, False
    for column in range(stamps.size):
        if stamps[column] > newest:
            newest, value = stamps[column], bits[column]
        if value != STALE and start + column * step - newest <= reach:
            found[column] = value
            is_there = True
    return is_there
