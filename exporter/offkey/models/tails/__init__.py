"""How rare a value is beside the ones of the past: from a model's own measure to decades that mean the same everywhere.

The bulk is read off quantiles; the tail beyond the 95th percentile is a generalised Pareto law (Pickands (1975), Ann.
Stat. 3:119-131), whose shape comes from probability-weighted moments (Hosking and Wallis (1987), Technometrics
29:339-349) and whose scale comes from the median excess, so that a few real incidents in the past do not hide the next.
"""

import numpy as np

from offkey.core.frame import Array
from offkey.models.tails.rarity import rarity, value_at

KNOTS = 6  # lowest, median, 80th and 95th percentile, scale and shape of the tail
SHAPES = (0.0, 0.5)  # never a law that ends, never one without a variance
USUAL_SHAPE, USUAL_WEIGHT = 0.1, 50.0  # what the shape is before many excesses were seen, and how many that is worth
LARGEST_EXCESS = 10.0  # median excesses; larger ones are incidents rather than a tail


def tail_of(past: Array) -> Array:
    """Return the knots of the values of the past, shape (KNOTS,).

    Args:
        past: values >= 0, shape (N,), N > 0, without NaN.
    """
    lowest, half, fifth, far = np.quantile(past, (0.02, 0.5, 0.8, 0.95))
    excess = np.sort(past[past > far]) - far
    middle = float(np.median(excess)) if excess.size else 0.0
    excess = np.minimum(excess, LARGEST_EXCESS * middle)
    shape = _shape(excess) if excess.size > 2 and middle > 0 else USUAL_SHAPE
    # the median of the law is scale (2 ** shape - 1) / shape
    scale = middle / (np.expm1(shape * np.log(2.0)) / shape if shape > 0 else np.log(2.0))
    least = 1e-3 * abs(far) + 1e-9
    return np.array([lowest, half, fifth, far, max(float(scale), least, 0.1 * float(far - half)), shape])


def decades(knots: Array, values: Array) -> Array:
    """Return -log10 of the share of the past that was larger, shape (S, T); 0 for the lowest, NaN where not known.

    Args:
        knots: from `tail_of`, shape (S, KNOTS); NaN where nothing is known.
        values: shape (S, T).
    """
    out = np.full(values.shape, np.nan)
    rarity(np.ascontiguousarray(knots), np.ascontiguousarray(values), out)
    return out


def values_at(knots: Array, rarities: Array) -> Array:
    """Return the value of each series that is so many decades rare, shape (S,); NaN where nothing is known."""
    return np.array([value_at(own, float(wanted)) for own, wanted in zip(knots, rarities, strict=True)], np.float64)


def _shape(excess: Array) -> float:
    """Return the shape of the Pareto law of sorted excesses, drawn towards the usual one."""
    count = excess.size
    mean = float(excess.mean())
    weighted = float(np.mean(excess * (1.0 - (np.arange(1, count + 1) - 0.35) / count)))
    found = 2.0 - mean / max(mean - 2.0 * weighted, 1e-12 * mean)
    found = (count * found + USUAL_WEIGHT * USUAL_SHAPE) / (count + USUAL_WEIGHT)
    return float(np.clip(found, *SHAPES))
