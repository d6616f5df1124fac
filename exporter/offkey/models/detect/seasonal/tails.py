"""Counts of past sizes, and what half and 99 % of them stay below."""

from offkey.core.state import AnyArray
from offkey.models.detect.seasonal.layout import TAIL, TAIL_MOST, TAIL_PRIOR, TAIL_WIDTH
from offkey.models.detect.seasonal.weights import ORDINARY
from offkey.models.kernels import door


@door
def count(sizes: AnyArray, size: float) -> None:
    """Count one more size, at least 0."""
    sizes[min(TAIL - 1, int(size / TAIL_WIDTH))] += 1.0


@door
def renewed(sizes: AnyArray) -> tuple[float, float]:
    """Return the median and the hundredth of counted sizes, mixed with those of an ordinary series."""
    total = thinned(sizes)
    own = total / (total + TAIL_PRIOR)
    median, rare = ORDINARY
    if own <= 0.0:
        return median, rare
    median = own * quantile(sizes, 0.5 * total) + (1.0 - own) * median
    return median, own * quantile(sizes, 0.99 * total) + (1.0 - own) * rare


@door
def thinned(sizes: AnyArray) -> float:
    """Return how many sizes are counted; where they are many, all counts are halved, so that the past is forgotten."""
    total = 0.0
    for k in range(len(sizes)):
        total += sizes[k]
    if total > TAIL_MOST:
        for k in range(len(sizes)):
            sizes[k] *= 0.5
        total *= 0.5
    return total


@door
def quantile(sizes: AnyArray, below: float) -> float:
    """Return the size that so many of the counted ones stay below, interpolated within its bin."""
    for k in range(TAIL):
        if sizes[k] > 0 and sizes[k] >= below:
            return float(TAIL_WIDTH * (k + below / sizes[k]))
        below -= sizes[k]
    return TAIL_WIDTH * TAIL
