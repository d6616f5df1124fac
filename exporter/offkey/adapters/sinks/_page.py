"""Write a page of samples: prepared bytes are copied, and only the numbers are made anew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from offkey.adapters.sinks._text import Tails
from offkey.core.frame import Array, IntArray
from offkey.models.kernels import ByteArray, compiled, copy_bytes

# The longest number that reads back as the same float, `-1.2345678901234567e-100`, and the end of its line.
NUMBER = 25
COMMA, BRACKET, NEWLINE = b",]\n"
INFINITE, NEGATIVE = (np.frombuffer(text, np.uint8) for text in (b"+Inf", b"-Inf"))


@dataclass(frozen=True, slots=True)
class Lines:
    """Samples of one metric that share their extra labels.

    Attributes:
        head: the metric's name, the brace and the extra labels, UTF-8.
        tails: rest of each line up to its value, L lines.
        values: shape (L,); NaN = no line; written in the shortest digits that read back as the same number.
    """

    head: bytes
    tails: Tails
    values: Array


def header(name: str, meaning: str) -> bytes:
    """Return the HELP and TYPE lines of a gauge."""
    return f"# HELP {name} {meaning}\n# TYPE {name} gauge\n".encode()


def page(parts: Sequence[bytes | Lines]) -> memoryview:
    """Return all parts in their order as one text."""
    found = [part if isinstance(part, bytes) else _Numbered.of(part) for part in parts]
    text = np.empty(sum(len(part) if isinstance(part, bytes) else part.most for part in found), np.uint8)
    at = 0
    for part in found:
        if isinstance(part, bytes):
            text[at : at + len(part)] = np.frombuffer(part, np.uint8)
            at += len(part)
        else:
            at = part.write(text, at)
    return text.data[:at]


@dataclass(frozen=True, slots=True)
class _Numbered:
    """Lines whose values are there: `index` (N,) of them, and as `digits` the JSON list of their values."""

    lines: Lines
    index: IntArray
    values: Array
    digits: ByteArray

    @classmethod
    def of(cls, lines: Lines) -> "_Numbered":
        index = np.flatnonzero(~np.isnan(lines.values))
        values = np.ascontiguousarray(lines.values if index.size == lines.values.size else lines.values[index])
        digits = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY) + bytes(NUMBER)
        return cls(lines, index, values, np.frombuffer(digits, np.uint8))

    @property
    def most(self) -> int:
        """Bytes that are enough for the lines, and for what is copied beyond the end of the last number."""
        ends = self.lines.tails.ends
        tails = int((ends[self.index + 1] - ends[self.index]).sum())
        return tails + self.index.size * (len(self.lines.head) + NUMBER) + NUMBER

    def write(self, text: ByteArray, at: int) -> int:
        head, tails = np.frombuffer(self.lines.head, np.uint8), self.lines.tails
        return write_lines(text, at, head, (tails.text, tails.ends), self.index, self.values, self.digits)


@compiled
def write_lines(
    text: ByteArray,
    at: int,
    head: ByteArray,
    tails: tuple[ByteArray, IntArray],
    index: IntArray,
    values: Array,
    digits: ByteArray,
) -> int:
    """Write one line for each value and return where the next may begin.

    Args:
        text: written to, long enough, with room for one number more behind the last line.
        at: where the first line begins.
        head: start of every line.
        tails: from `Tails`.
        index: which tails, shape (N,).
        values: shape (N,), not NaN.
        digits: the values as a JSON list, with room for one number more behind it; infinities are null in JSON.
    """
    begin = 1
    for k in range(index.size):
        copy_bytes(text, at, head, 0, head.size)
        at += head.size
        start = tails[1][index[k]]
        size = tails[1][index[k] + 1] - start
        copy_bytes(text, at, tails[0], start, size)
        at += size
        end = begin
        while digits[end] != COMMA and digits[end] != BRACKET:
            end += 1
        if np.isinf(values[k]):
            copy_bytes(text, at, INFINITE if values[k] > 0 else NEGATIVE, 0, 4)
            at += 4
        else:
            copy_bytes(text, at, digits, begin, NUMBER)
            at += end - begin
        text[at] = NEWLINE
        at += 1
        begin = end + 1
    return at
