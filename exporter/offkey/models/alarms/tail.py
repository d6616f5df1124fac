"""The tail of what is rarely seen: how strange the strangest of a week will be."""

from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array

HEAVIEST, LIGHTEST = 0.5, -0.5  # shapes beyond these come from a few odd peaks, not from a law


@dataclass(frozen=True, slots=True)
class Tail:
    """Peaks over a base level: a generalised Pareto law, and how many of them a week holds.

    Attributes:
        base: the level.
        scale: of the excesses, same unit.
        shape: 0 is an exponential tail, above 0 a heavy one.
        rate: peaks a week.
    """

    base: float
    scale: float
    shape: float
    rate: float

    @classmethod
    def of(cls, peaks: Array, base: float, weeks: float) -> "Tail":
        """Fit the law by probability-weighted moments, which a few real incidents do not carry away.

        Source: Hosking and Wallis (1987), Technometrics 29:339-349.

        Args:
            peaks: the highest sample of each episode above the base, (N,).
            base: the level.
            weeks: time they were seen in.
        """
        excess = np.sort(peaks - base)
        if excess.size < 2 or excess[-1] <= 0:
            return cls(base, float(excess.max(initial=1e-9)) or 1e-9, 0.0, peaks.size / weeks)
        first = excess.mean()
        weights = (excess.size - np.arange(excess.size) - 1) / (excess.size - 1)
        second = float((weights * excess).mean())
        if first <= 2 * second:
            return cls(base, float(first), HEAVIEST, peaks.size / weeks)
        shape = float(np.clip(2 - first / (first - 2 * second), LIGHTEST, HEAVIEST))
        return cls(base, float(first * (1 - shape)), shape, peaks.size / weeks)

    def above(self, level: float, rate: float) -> "Tail":
        """Return the same law from a higher base on, where so many peaks a week are known to be."""
        scale = self.scale + self.shape * max(0.0, level - self.base)
        return Tail(level, max(scale, 1e-9), self.shape, rate)

    def per_week(self, level: Array) -> Array:
        """Return how many peaks a week rise above levels, same shape; below the base as many as above it."""
        excess = np.maximum(level - self.base, 0.0) / self.scale
        if abs(self.shape) < 1e-9:
            return np.asarray(self.rate * np.exp(-excess))
        return np.asarray(self.rate * np.maximum(0.0, 1 + self.shape * excess) ** (-1 / self.shape))

    def level(self, per_week: float) -> float:
        """Return the level that so many peaks a week rise above; the base when that is more than there are."""
        if per_week >= self.rate:
            return self.base
        if abs(self.shape) < 1e-9:
            return float(self.base + self.scale * np.log(self.rate / per_week))
        return float(self.base + self.scale / self.shape * ((self.rate / per_week) ** self.shape - 1))

    def probability(self, level: Array) -> Array:
        """Return the chance that a week's strangest peak is above levels, for a Poisson stream of peaks."""
        return np.asarray(-np.expm1(-self.per_week(level)))
