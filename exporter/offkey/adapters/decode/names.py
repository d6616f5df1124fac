"""Numbers for the series of messages that come again and again, in nearly the same order."""

import numpy as np

from offkey.adapters.decode.texts import is_same
from offkey.core.frame import IntArray
from offkey.core.state import AnyArray
from offkey.models.kernels import door

_ROOM = 1024  # texts that fit at first
_USUAL_TEXT = 128  # bytes


class Names:
    """Numbers texts from 0 in the order they first come.

    Whoever sends the same series over and over sends them in the same order: a text is first compared with the one that
    came after the text before it last time, and looked up only where it is another one.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}
        self._texts = np.empty(_ROOM * _USUAL_TEXT, np.uint8)
        self._bounds = np.zeros(_ROOM + 1, np.int64)
        self._after = np.full(_ROOM + 1, -1, np.int64)  # first what began a message

    def __len__(self) -> int:
        return len(self._known)

    def numbers(self, body: bytes, starts: IntArray, ends: IntArray) -> IntArray:
        """Return the number of each text, (E,).

        Args:
            body: a message.
            starts: where each text begins in it, (E,).
            ends: where they end.
        """
        found = np.empty(starts.size, np.int64)
        content, at = np.frombuffer(body, np.uint8), 0
        while (
            at := _followed(content, starts, ends, (self._texts, self._bounds, self._after), found, at)
        ) < found.size:
            found[at] = self._number(body[starts[at] : ends[at]])
            self._after[found[at - 1] + 1 if at else 0] = found[at]
            at += 1
        return found

    def _number(self, text: bytes) -> int:
        number = self._known.setdefault(text, len(self._known))
        if number == len(self._known) - 1:
            self._keep(number, text)
        return number

    def _keep(self, number: int, text: bytes) -> None:
        first = int(self._bounds[number])
        last = first + len(text)
        if number + 1 == self._bounds.size:
            self._bounds = np.concatenate([self._bounds, np.zeros_like(self._bounds)])
            self._after = np.concatenate([self._after, np.full_like(self._after, -1)])
        if last > self._texts.size:
            self._texts = np.concatenate([self._texts, np.empty(max(self._texts.size, len(text)), np.uint8)])
        self._texts[first:last] = np.frombuffer(text, np.uint8)
        self._bounds[number + 1] = last


@door
def _followed(
    body: AnyArray,
    starts: IntArray,
    ends: IntArray,
    known: tuple[AnyArray, IntArray, IntArray],
    numbers: IntArray,
    at: int,
) -> int:
    """Number texts from a place on while each is the one that came next last time; return where that ends."""
    texts, bounds, after = known
    for k in range(at, starts.size):
        number = after[numbers[k - 1] + 1 if k > 0 else 0]
        if number < 0:
            return k
        first, size = bounds[number], ends[k] - starts[k]
        if bounds[number + 1] - first != size or not is_same(body, starts[k], texts, first, size):
            return k
        numbers[k] = number
    return int(starts.size)
