"""Who the series of an answer are: by position while nothing has changed, by their labels when something has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from offkey.adapters.decode.texts import is_same
from offkey.core.frame import IntArray
from offkey.core.labels import Labels, rank
from offkey.core.state import AnyArray
from offkey.models.kernels import door


@dataclass(frozen=True, slots=True)
class Roll:
    """The series of one answer.

    Attributes:
        series: S label sets, each once, in the labels' order, no more than the cap.
        rows: row in `series` of each entry of the answer, (E,); -1 = beyond the cap.
        dropped: ranks of the series beyond the cap.
        named: labels by the bytes they came as.
        text: those bytes, entry after entry.
        ends: where each entry's bytes end in `text`, (E,).
    """

    series: tuple[Labels, ...]
    rows: IntArray
    dropped: frozenset[bytes]
    named: dict[bytes, Labels]
    text: AnyArray
    ends: IntArray


class Roster:
    """Names the series of one query's answers; the same answer gives the very same tuple again.

    Args:
        read: makes labels of their bytes; may raise ValueError, TypeError or AttributeError.
        most: series kept of one answer; which ones depends on their labels alone.
    """

    def __init__(self, read: Callable[[bytes], Labels], most: int) -> None:
        self._read = read
        self._most = most
        self._last: Roll | None = None

    def roll(self, body: bytes, starts: IntArray, ends: IntArray) -> Roll:
        """Return who the entries of an answer are.

        Args:
            body: the answer.
            starts: where each entry's labels begin in it, (E,).
            ends: where they end.
        """
        last = self._last
        content = np.frombuffer(body, np.uint8)
        if last is not None and last.ends.size == ends.size and _same(content, starts, ends, last.text, last.ends):
            return last
        texts = [body[first:end] for first, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        known = last.named if last is not None else {}
        named = {text: known[text] if text in known else self._read(text) for text in dict.fromkeys(texts)}
        found = set(named.values())
        dropped = beyond(tuple(found), self._most)
        series = tuple(sorted(one for one in found if not dropped or rank(one) not in dropped))
        place = {labels: k for k, labels in enumerate(series)}
        places = {text: place.get(labels, -1) for text, labels in named.items()}
        rows = np.array([places[text] for text in texts], np.int64)
        text = np.frombuffer(b"".join(texts), np.uint8)
        self._last = Roll(series, rows, dropped, named, text, np.cumsum([len(one) for one in texts], dtype=np.int64))
        return self._last


def beyond(series: Sequence[Labels], most: int) -> frozenset[bytes]:
    """Return the ranks of the series that must go so that at most `most` stay."""
    return frozenset(sorted({rank(labels) for labels in series})[most:]) if len(series) > most else frozenset()


@door
def _same(body: AnyArray, starts: IntArray, ends: IntArray, text: AnyArray, expected: IntArray) -> bool:
    """Whether the entries' bytes are those expected."""
    first = 0
    for k in range(starts.size):
        size = ends[k] - starts[k]
        if first + size != expected[k] or not is_same(body, starts[k], text, first, size):
            return False
        first += size
    return True
