"""The pieces of one answer, until all are there."""

from collections.abc import Callable, Iterator

import numpy as np

from offkey.adapters.bodies import BodyTooLarge
from offkey.adapters.decode.roster import beyond
from offkey.adapters.sources._matrix import Envelope, Piece
from offkey.core.frame import Axis, Frame
from offkey.core.labels import rank
from offkey.core.ports import Answer

_FILLED = 0.6  # share of the largest body that a piece should take


class Gathered:
    """Takes pieces in any order, gives one frame."""

    def __init__(self, axis: Axis, most: int) -> None:
        self._axis, self._most = axis, most
        self._pieces: list[tuple[int, Piece]] = []
        self._partial = False
        self._said: dict[str, None] = {}

    def add(self, first: int, envelope: Envelope | None, piece: Piece) -> int:
        """Take a piece that starts at column `first`; return how many series the server sent."""
        self._pieces.append((first, piece))
        if envelope is not None:
            self._partial |= envelope.partial
            self._said.update(dict.fromkeys(envelope.warnings))
        return len(piece.series) + len(piece.dropped)

    def fill(self, points: int, most: int, ask: Callable[[Axis], tuple[int, Piece]]) -> None:
        """Take the axis in pieces whose bodies stay well below a size, and halve those that do not.

        Args:
            points: of the first piece, from which the others are learned.
            most: bytes a body may have.
            ask: returns the size of the body for a part of the axis, and what is in it.

        Raises:
            BodyTooLarge: even the body for a single instant is too large.
        """
        axis = self._axis
        first, width, widest = 0, points, axis.size
        while first < axis.size:
            part = axis.cut(first, min(first + width, axis.size))
            try:
                size, piece = ask(part)
            except BodyTooLarge:
                if part.size == 1:
                    raise
                width = widest = part.size // 2
                continue
            self.add(first, None, piece)
            first += part.size
            width = max(1, min(widest, int(part.size * _FILLED * most / max(size, 1))))

    def answer(self) -> Answer:
        """Return all pieces as one: series united by their labels, in the labels' order."""
        told = (*self._said, *self._remarks())
        if len(self._pieces) == 1:
            piece = self._pieces[0][1]
            return Answer(Frame(piece.series, piece.values, self._axis), self._partial, told, len(piece.dropped))
        if self._pieces and self._is_steady():
            same = self._pieces[0][1].series
            parts = [piece.values for _, piece in sorted(self._pieces, key=lambda one: one[0])]
            dropped = frozenset[bytes]().union(*(piece.dropped for _, piece in self._pieces))
            return Answer(Frame(same, np.hstack(parts), self._axis), self._partial, told, len(dropped))
        found = tuple({labels for _, piece in self._pieces for labels in piece.series})
        dropped = beyond(found, self._most)
        kept = (labels for labels in found if rank(labels) not in dropped) if dropped else found
        series = tuple(sorted(kept, key=lambda labels: labels.pairs))
        row = {labels: k for k, labels in enumerate(series)}
        values = np.full((len(series), self._axis.size), np.nan)
        for first, piece in self._pieces:
            there = np.array([row.get(labels, -1) for labels in piece.series], np.int64)
            values[there[there >= 0], first : first + piece.values.shape[1]] = piece.values[there >= 0]
        dropped = dropped.union(*(piece.dropped for _, piece in self._pieces))
        return Answer(Frame(series, values, self._axis), self._partial, told, len(dropped))

    def _is_steady(self) -> bool:
        """Whether nobody came or went between the pieces."""
        return all(piece.series is self._pieces[0][1].series for _, piece in self._pieces)

    def _remarks(self) -> Iterator[str]:
        """Say what had to be mended."""
        pieces = [piece for _, piece in self._pieces]
        if moved := sum(piece.moved for piece in pieces):
            yield f"{moved} samples lay between the instants asked for; each was taken for the next instant"
        if lost := sum(piece.lost for piece in pieces):
            yield f"{lost} samples were outside the range or second for one instant; the newest was kept"
        if repeated := max((piece.repeated for piece in pieces), default=0):
            yield f"{repeated} label sets came more than once; the last sample of each instant was kept"
        if names := sorted(frozenset().union(*(piece.histograms for piece in pieces))):
            yield f"native histograms cannot be scored: {', '.join(names)}; query a quantile or rate of them"
