"""What a detector knows of a sample before it is there."""

from collections.abc import Callable
from dataclasses import dataclass

from offkey.core.findings import Band
from offkey.core.frame import Array, Frame
from offkey.core.state import State


@dataclass(frozen=True, slots=True)
class Foresight:
    """All that can be said of the samples of one instant, S series, before they come.

    Attributes:
        state: what it was worked out from.
        coming: the column of that instant; its values say nothing.
        bound: strangeness at the edges of the band, (S,).
        band: what is expected and its edges, (S, 1) each.
        ready: as `Detector.ready` says it of the state, (S,).
        weigh: returns the strangeness of samples, (S, 1) both, for as long as nothing more was learned.
    """

    state: State
    coming: Frame
    bound: Array
    band: Band
    ready: Array
    weigh: Callable[[Array], Array]

    def is_for(self, state: State, frame: Frame, bound: Array) -> bool:
        """Whether it was worked out from these very arrays, not equal ones, for the instant of a frame."""
        mine = self.coming
        if self.state.rows is not state.rows or self.bound is not bound or mine.axis != frame.axis:
            return False
        pairs = (mine.series, frame.series), (mine.zones, frame.zones)
        return all(one is other or one == other for one, other in pairs)  # comparing 100,000 takes a while
