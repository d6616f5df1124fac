"""Write the TimeSeries of remote write: prepared bytes are copied, and only numbers are made anew."""

from dataclasses import dataclass

import numpy as np

from offkey.adapters.decode.messages import LABEL, SAMPLE
from offkey.adapters.sinks._text import Tails
from offkey.core.frame import Array, IntArray
from offkey.models.kernels import ByteArray, compiled, copy_bytes

VALUE, TIME = 0x09, 0x10  # tags inside a Sample
AROUND = 32  # bytes that tags, lengths and the sample take at most


@dataclass(frozen=True, slots=True)
class Column:
    """Samples of one metric that share their extra label.

    Attributes:
        name: field of the metric's name.
        added: field of the extra label; empty without one.
        before: fields of each series' labels in front of the metric's name, S of them.
        after: those behind it.
        cuts: where in `after` the extra label belongs, (S,).
        rows: which series have a sample, (N,).
        values: shape (S,).
        times: milliseconds, (S,).
    """

    name: bytes
    added: bytes
    before: Tails
    after: Tails
    cuts: IntArray
    rows: IntArray
    values: Array
    times: IntArray

    def __len__(self) -> int:
        return self.rows.size

    def text(self, first: int, last: int) -> bytes:
        """Return the entries of samples first <= k < last, one after the other."""
        rows, both = self.rows[first:last], (self.before.ends, self.after.ends)
        labels = sum(int((ends[rows + 1] - ends[rows]).sum()) for ends in both)
        text = np.empty(labels + rows.size * (len(self.name) + len(self.added) + AROUND), np.uint8)
        size = write_series(
            text,
            (np.frombuffer(self.name, np.uint8), np.frombuffer(self.added, np.uint8)),
            (self.before.text, self.before.ends),
            (self.after.text, self.after.ends),
            self.cuts,
            rows,
            (np.ascontiguousarray(self.values, "<f8").view(np.uint8), self.times),
        )
        return text[:size].tobytes()


@compiled
def write_series(
    text: ByteArray,
    shared: tuple[ByteArray, ByteArray],
    before: tuple[ByteArray, IntArray],
    after: tuple[ByteArray, IntArray],
    cuts: IntArray,
    rows: IntArray,
    samples: tuple[ByteArray, IntArray],
) -> int:
    """Write one entry for each row and return how many bytes they take.

    Args:
        text: written to, long enough.
        shared: fields of the metric's name and of the extra label.
        before: texts and their ends, as in `Tails`.
        after: likewise.
        cuts: see `Column`.
        rows: see `Column`.
        samples: values, eight bytes for each series, little-endian; times, see `Column`.
    """
    at = 0
    (name, added), (values, times) = shared, samples
    stamp = np.empty(10, np.uint8)
    for k in range(rows.size):
        row = rows[k]
        head, tail, cut = before[1][row], after[1][row], cuts[row]
        head_size, tail_size = before[1][row + 1] - head, after[1][row + 1] - tail
        sample = 10 + write_number(stamp, 0, times[row])
        text[at] = LABEL
        at = write_number(text, at + 1, head_size + name.size + tail_size + added.size + 2 + sample)
        copy_bytes(text, at, before[0], head, head_size)
        at += head_size
        copy_bytes(text, at, name, 0, name.size)
        at += name.size
        copy_bytes(text, at, after[0], tail, cut)
        at += cut
        copy_bytes(text, at, added, 0, added.size)
        at += added.size
        copy_bytes(text, at, after[0], tail + cut, tail_size - cut)
        at += tail_size - cut
        text[at], text[at + 1], text[at + 2] = SAMPLE, sample, VALUE
        copy_bytes(text, at + 3, values, 8 * row, 8)
        text[at + 11] = TIME
        copy_bytes(text, at + 12, stamp, 0, sample - 10)
        at += 2 + sample
    return at


@compiled
def write_number(text: ByteArray, at: int, number: int) -> int:
    """Write a whole number >= 0, seven bits a byte, and return the position after it."""
    while number > 127:
        text[at] = number & 127 | 128
        number >>= 7
        at += 1
    text[at] = number
    return at + 1
