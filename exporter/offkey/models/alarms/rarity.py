"""How often an alert may be expected to page, by its bound: from what the past counted, and beyond it along a tail."""

from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.models.alarms.tail import Tail

# A level that was crossed c times, and is a c + 1st time just below, has a rate that is as likely above as below
# (c + 2/3) a past: the median of a gamma law. Source: Choi (1994), Proc. Am. Math. Soc. 121:245-251.
UNDECIDED = 2 / 3


@dataclass(frozen=True, slots=True)
class Rarity:
    """Pages a week by bound, each as likely to be too high as too low.

    Pages are whole numbers and a past is short: the rate above its j-th highest peak is known no better than a gamma
    law of shape j. Its mean, j a past, is carried by the few pasts that happened to be quiet; most futures stay far
    below it. A budget is to be met by most alerts, so that the middle of the law counts, not its mean.

    Attributes:
        levels: the lowest bound that gave each count, (N,), rising.
        logs: logarithm of the pages a week there, (N,), falling.
        beyond: the tail above the last level.
    """

    levels: Array
    logs: Array
    beyond: Tail

    @classmethod
    def of(cls, levels: Array, counts: IntArray, weeks: float, tail: Tail) -> "Rarity":
        """Return the rarity of levels that were replayed.

        Args:
            levels: bounds, (N,), rising.
            counts: pages each cost, (N,).
            weeks: time that was replayed.
            tail: of the peaks in it.
        """
        settled = np.maximum.accumulate(counts[::-1])[::-1]  # no higher bound told people more often
        lowest = np.flatnonzero(np.diff(settled, prepend=settled[0] + 1))
        per_week = (settled[lowest] + UNDECIDED) / weeks
        beyond = tail.above(float(levels[lowest[-1]]), float(per_week[-1]))
        return cls(levels[lowest], np.log(per_week), beyond)

    def per_week(self, bounds: Array) -> Array:
        """Return the pages a week of bounds, same shape; below the first level those of the first level."""
        within = np.exp(np.interp(bounds, self.levels, self.logs))
        return np.where(bounds > self.beyond.base, self.beyond.per_week(bounds), within)

    def level(self, per_week: float) -> float:
        """Return the bound that pages so often; the lowest level when that is more than any did."""
        if per_week < self.beyond.rate:
            return self.beyond.level(per_week)
        return float(np.interp(np.log(per_week), self.logs[::-1], self.levels[::-1]))
