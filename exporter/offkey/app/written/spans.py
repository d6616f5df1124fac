"""Where each character of a value stands in the file, whatever YAML style it is written in."""

from bisect import bisect_right

from offkey.app.written.document import Scalar
from offkey.app.yamlfile import Place

_HEX = {"x": 2, "u": 4, "U": 8}
# Source: YAML 1.1, section 5.6 (escape sequences of double-quoted text); those for blanks need no place.
_SAME = frozenset('"\\/')


def offsets(text: str, scalar: Scalar) -> list[int]:
    """Return the offset of each character of a value in the file; blanks get that of the character before them.

    Args:
        text: the whole file.
        scalar: one of its values.

    Raises:
        ValueError: the value does not stand there as it reads, as an escape in the middle of a query makes it.
    """
    raw = _Raw(text, scalar)
    found: list[int] = []
    for letter in scalar.value:
        if letter.isspace():
            found.append(found[-1] if found else raw.at)
        else:
            found.append(raw.find(letter))
    return found


class LineIndex:
    """Line and column of many offsets into one text."""

    def __init__(self, text: str) -> None:
        self.starts = [0, *(place + 1 for place, letter in enumerate(text) if letter == "\n")]

    def place(self, offset: int) -> Place:
        """Return line and column of an offset."""
        line = bisect_right(self.starts, offset)
        return Place(line, offset - self.starts[line - 1] + 1)


class _Raw:
    """A reader of one scalar's own characters, blanks left out."""

    def __init__(self, text: str, scalar: Scalar) -> None:
        self.text = text
        self.end = scalar.end
        self.style = scalar.style
        self.at = scalar.start
        if self.style in ("|", ">"):
            self.at = text.index("\n", scalar.start) + 1  # the header may hold a comment
        elif self.style:
            self.at += 1

    def find(self, letter: str) -> int:
        """Return the offset of the next character that is no blank, and step over it.

        Raises:
            ValueError: it is another one.
        """
        while self.at < self.end:
            start, found = self.at, self._next()
            if found == letter:
                return start
            if not found.isspace():
                break
        msg = f"{letter!r} does not stand where it should"
        raise ValueError(msg)

    def _next(self) -> str:
        """Return the next character the raw text stands for; an escaped line break is a blank."""
        letter = self.text[self.at]
        self.at += 1
        if self.style == "'" and letter == "'":
            self.at += 1
        if self.style != '"' or letter != "\\":
            return letter
        escape = self.text[self.at]
        self.at += 1
        if escape in _HEX:
            digits = self.text[self.at : self.at + _HEX[escape]]
            self.at += len(digits)
            return chr(int(digits, 16))
        return escape if escape in _SAME else " "
