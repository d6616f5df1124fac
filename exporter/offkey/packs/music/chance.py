"""Random draws that are pure functions of a seed, a name and an instant.

Every draw hashes its own key and place, so any stretch of time can be drawn alone, in any order, and a changed mean
of one series changes no other series.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from offkey.core.durations import MINUTE
from offkey.core.frame import Array, Axis
from offkey.core.labels import Labels

GRID = 5 * MINUTE  # seconds between the nodes of slow noise
EXACT = 30.0  # means below this are drawn by inversion
FORGOTTEN = 1e-13  # weight of the past at which slow noise has lost its start

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Chance:
    """The draws of one seed on one axis; a column stands for the time since the column before it."""

    seed: int
    axis: Axis

    def poisson(self, what: str, series: Sequence[Labels], mean: Array) -> Array:
        """Draw counted events.

        Args:
            what: name of the draw; the same series may be drawn under several.
            series: the S label sets the rows stand for.
            mean: expected events in each column, shape (S, T), >= 0.

        Returns:
            Whole numbers, shape (S, T).
        """
        return _poissons(self._keys(what, series), self._place, np.ascontiguousarray(mean, np.float64))

    def split(self, what: str, series: Sequence[Labels], total: Array, shares: Array) -> Array:
        """Share events out over kinds.

        Args:
            what: name of the draw.
            series: the S label sets the rows stand for.
            total: whole numbers, shape (S, T).
            shares: share of each of B kinds, shape (B, S, 1) or (B, S, T), positive, summing to 1 over B.

        Returns:
            Whole numbers that add up to `total`, shape (B, S, T).
        """
        counts = np.empty((len(shares), *total.shape))
        left, remaining = total, np.ones_like(shares[0])
        for kind, share in enumerate(shares[:-1]):
            chance = np.broadcast_to(np.clip(share / np.maximum(remaining, 1e-12), 0.0, 1.0), total.shape)
            keys = self._keys(f"{what}/{kind}", series)
            counts[kind] = _binomials(keys, self._place, np.ascontiguousarray(left), np.ascontiguousarray(chance))
            left, remaining = left - counts[kind], remaining - share
        counts[-1] = left
        return counts

    def wave(self, what: str, series: Sequence[Labels], persistence: float, spread: float) -> Array:
        """Draw slow noise: an autoregression on a 5-minute grid, straight lines between its nodes.

        Args:
            what: name of the draw.
            series: the S label sets the rows stand for.
            persistence: what is left of a deviation after 5 minutes, 0 to 1.
            spread: standard deviation.

        Returns:
            Noise in the middle of each column, shape (S, T), mean 0.
        """
        middle = self.axis.times - self.axis.step / 2
        first = int((middle[0] - GRID / 2) // GRID)
        size = int((middle[-1] - GRID / 2) // GRID) - first + 2
        warm_up = math.ceil(math.log(FORGOTTEN) / math.log(persistence))
        nodes = _autoregressions(self._keys(what, series, GRID), first, size, warm_up, persistence, spread)
        position = (middle - GRID / 2) / GRID - first
        node = np.minimum(position.astype(np.int64), size - 2)
        weight = position - node
        return np.asarray(nodes[:, node] * (1 - weight) + nodes[:, node + 1] * weight)

    @property
    def _place(self) -> int:
        return self.axis.start // self.axis.step

    def _keys(self, what: str, series: Sequence[Labels], step: int = 0) -> Keys:
        start = f"{self.seed}/{what}/{step or self.axis.step}/"
        words = [hashlib.blake2b(f"{start}{labels}".encode(), digest_size=8).digest() for labels in series]
        return np.frombuffer(b"".join(words), np.uint64).copy()


@njit(cache=True, nogil=True)
def _mix(word: np.uint64) -> np.uint64:
    """Scramble 64 bits. Source: Steele, Lea & Flood (2014), OOPSLA, the output function of SplitMix64."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@njit(cache=True, nogil=True)
def _uniform(key: np.uint64, place: int, turn: int) -> float:
    """Return a number in (0, 1): the `turn`-th draw of a key at a place."""
    step = np.uint64(place) * np.uint64(2) + np.uint64(turn)
    word = _mix(key ^ _mix((step + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)))
    return (np.float64(word >> np.uint64(11)) + 0.5) * 2.0**-53


@njit(cache=True, nogil=True)
def _normal(key: np.uint64, place: int) -> float:
    """Return a standard normal draw. Source: Box & Muller (1958), Ann. Math. Stat. 29:610-611."""
    radius = math.sqrt(-2.0 * math.log(_uniform(key, place, 0)))
    return radius * math.cos(2.0 * math.pi * _uniform(key, place, 1))


@njit(cache=True, nogil=True)
def _skewed(key: np.uint64, place: int, mean: float, variance: float, skew: float) -> float:
    """Return a rounded normal draw, not below 0, bent by `skew` (skewness times deviation, in counts).

    Source: Cornish & Fisher (1938), Rev. Int. Stat. Inst. 5:307-320, first correction.
    """
    normal = _normal(key, place)
    value = mean + math.sqrt(variance) * normal + skew * (normal * normal - 1.0) / 6.0
    return max(0.0, math.floor(value + 0.5))


@njit(cache=True, nogil=True)
def _poissons(keys: Keys, first: int, mean: Array) -> Array:
    """Return Poisson draws (S, T): exact by inversion below a mean of 30, a bent normal above."""
    counts = np.empty_like(mean)
    for row in range(mean.shape[0]):
        for column in range(mean.shape[1]):
            middle, place = mean[row, column], first + column
            if middle >= EXACT:
                counts[row, column] = _skewed(keys[row], place, middle, middle, 1.0)
                continue
            uniform, share, count = _uniform(keys[row], place, 0), math.exp(-middle), 0
            reached = share
            while uniform > reached and share > 0.0:
                count += 1
                share *= middle / count
                reached += share
            counts[row, column] = count
    return counts


@njit(cache=True, nogil=True)
def _binomials(keys: Keys, first: int, trials: Array, chance: Array) -> Array:
    """Return binomial draws (S, T), drawn from the rarer side; the same two ways as `_poissons`."""
    counts = np.empty_like(trials)
    for row in range(trials.shape[0]):
        for column in range(trials.shape[1]):
            number, place = trials[row, column], first + column
            rare = min(chance[row, column], 1.0 - chance[row, column])
            if number * rare >= EXACT:
                middle = number * rare
                hits = _skewed(keys[row], place, middle, middle * (1.0 - rare), 1.0 - 2.0 * rare)
            else:
                hits = _few(_uniform(keys[row], place, 0), number, rare)
            hits = min(hits, number)
            counts[row, column] = hits if chance[row, column] <= 0.5 else number - hits
    return counts


@njit(cache=True, nogil=True)
def _few(uniform: float, number: float, rare: float) -> float:
    """Return the binomial count at a level of its distribution function, counting up from 0."""
    share = math.exp(number * math.log1p(-rare))
    reached, hits = share, 0.0
    while uniform > reached and hits < number and share > 0.0:
        share *= (number - hits) / (hits + 1.0) * rare / (1.0 - rare)
        hits += 1.0
        reached += share
    return hits


@njit(cache=True, nogil=True)
def _autoregressions(keys: Keys, first: int, size: int, warm_up: int, persistence: float, spread: float) -> Array:
    """Return first-order autoregressions (S, size) at grid nodes `first`, ...; stationary deviation `spread`."""
    nodes = np.empty((keys.shape[0], size))
    shock = spread * math.sqrt(1.0 - persistence * persistence)
    for row in range(keys.shape[0]):
        value = 0.0
        for node in range(-warm_up, size):
            value = persistence * value + shock * _normal(keys[row], first + node)
            if node >= 0:
                nodes[row, node] = value
    return nodes
