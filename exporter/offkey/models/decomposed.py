"""Detectors that decompose a series' past into seasons and a trend: strange is what is far from the season found."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from offkey.core.frame import Array, IntArray
from offkey.core.state import AnyArray
from offkey.models.lags import layout
from offkey.models.refitted import Rows
from offkey.models.residual import ABSOLUTE, DEVIATION, WIDTH, Residual

SEASON, SLOT = len(ABSOLUTE), len(ABSOLUTE) + 1
DAY_SLOTS, WEEK_SLOTS = layout.DAY_BINS, layout.WEEK_BINS
BACK = 24  # slots that a clock is set back by at most; a larger step back is a new week
LONGEST = 4 * WEEK_SLOTS  # slots of the past that are decomposed


@dataclass(frozen=True)
class Decomposed(Residual):
    """A detector whose expectation is the last cycle of the seasons of a robust decomposition.

    Attributes:
        rounds: how often outliers are weighted down and the decomposition is repeated.
    """

    rounds: Annotated[int, Ge(0)] = 3

    width: ClassVar[int] = 1  # five-minute slots in one of the decomposition's
    cycle: ClassVar[int] = DAY_SLOTS  # five-minute slots after which the season repeats
    fewest: ClassVar[int] = 3  # days in which a season is found; before, the one of the features is taken

    @property
    def picked(self) -> tuple[int, ...]:
        """The deviation, where it was measured from, and the time of week."""
        return (*ABSOLUTE, layout.SEASON, layout.SLOT)

    @property
    def trained(self) -> Rows:
        """The season in each slot of its cycle, as deviation from the level."""
        return {"season": ((self.cycle // self.width,), np.float64)}

    @abstractmethod
    def decompose(self, line: Array) -> Array:
        """Return the seasons and the mean level of an unbroken line of whole days, shape (N,), same shape."""

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Decompose the past; the last cycle of its season remains."""
        days, first = laid_out(kept[:, SLOT].astype(np.int64), _from_level(kept), self.width)
        season = np.full(self.cycle // self.width, np.nan)
        if np.count_nonzero(~np.isnan(days).all(axis=1)) >= self.fewest:
            found = self.decompose(filled(days, self.width).ravel())
            slots = (first // self.width + np.arange(found.size)) % season.size
            season[slots[-season.size :]] = found[-season.size :]
            if found.size < season.size:
                season = found[-days.shape[1] :][np.arange(season.size) % days.shape[1]]
        return {"season": season}

    def expect(self, rows: Mapping[str, AnyArray], features: Array) -> tuple[Array, Array, Array]:
        """Return the season of the decomposition beside that of the features, and one scale for both sides."""
        slots = np.nan_to_num(features[..., SLOT]).astype(np.int64)
        low, share = slots // self.width, slots % self.width / self.width
        season, size = rows["season"], self.cycle // self.width
        at, after = (np.take_along_axis(season, place % size, axis=1) for place in (low, low + 1))
        beside = ((1.0 - share) * at + share * after - features[..., SEASON]) / features[..., WIDTH]
        one = np.ones(slots.shape)
        return np.where(np.isnan(beside), 0.0, beside), one, one


def laid_out(slots: IntArray, values: Array, width: int) -> tuple[Array, int]:
    """Return samples on an even grid of whole days, (days, slots of a day), NaN where none fell, and the first slot.

    Args:
        slots: five-minute slot of the week of each sample, in the order of time, (N,), N > 0.
        values: the samples, (N,).
        width: five-minute slots in one slot of the grid; the last sample in it counts.
    """
    steps = np.diff(slots) % WEEK_SLOTS
    steps = np.where(steps > WEEK_SLOTS - BACK, steps - WEEK_SLOTS, steps)
    at = slots[0] + np.concatenate([[0], np.cumsum(steps)])
    recent = at > at.max() - LONGEST
    first = int(at[recent].min()) // DAY_SLOTS * DAY_SLOTS
    size = (int(at.max()) - first) // DAY_SLOTS + 1
    grid = np.full(size * DAY_SLOTS // width, np.nan)
    grid[(at[recent] - first) // width] = values[recent]
    return grid.reshape(size, -1), first


def filled(days: Array, width: int) -> Array:
    """Return a grid without holes: across short ones the distance from the usual day goes on in a line.

    Args:
        days: shape (days, slots of a day), NaN is missing, not all of it.
        width: five-minute slots in one slot of the grid.
    """
    usual = _unbroken(_middle(days))
    rest = (days - usual).ravel()
    known = np.flatnonzero(~np.isnan(rest))
    holes = np.flatnonzero(np.isnan(rest))
    after = np.searchsorted(known, holes)
    inside = (after > 0) & (after < known.size)
    near = np.zeros(holes.size, bool)
    near[inside] = known[after[inside]] - known[after[inside] - 1] <= DAY_SLOTS // (8 * width)
    rest[holes] = np.where(near, np.interp(holes, known, rest[known]), 0.0)
    return np.asarray(rest.reshape(days.shape) + usual)


def _from_level(kept: Array) -> Array:
    """Return each sample's distance from the level of its time, the series' own unit."""
    return np.asarray(kept[:, DEVIATION] * kept[:, WIDTH] + kept[:, SEASON])


def _middle(grid: Array) -> Array:
    """Return the median of each column (N, P), NaN where it is empty."""
    middle = np.full(grid.shape[1], np.nan)
    seen = ~np.isnan(grid).all(axis=0)
    middle[seen] = np.nanmedian(grid[:, seen], axis=0)
    return middle


def _unbroken(day: Array) -> Array:
    """Return a day whose missing times lie on the line between their neighbours, around midnight too."""
    known = np.flatnonzero(~np.isnan(day))
    return np.interp(np.arange(day.size), known, day[known], period=day.size)
