"""Ranges that hold too few raw samples give values that look like a dip and are none."""

from dataclasses import dataclass

import numpy as np

from offkey.core.durations import HOUR
from offkey.core.frame import Array, BoolArray
from offkey.core.state import AnyArray

# A range may lack one sample, or this share of them, before its value is doubted.
SPARE_SHARE = 0.1
# A lower number of samples that lasts this long is how the series is scraped now.
ADOPTED_AFTER = HOUR


@dataclass(frozen=True, slots=True)
class Scraped:
    """What is known of the raw samples behind each series: `full` in a whole range, `low` seconds with fewer, (S,)."""

    full: Array
    low: AnyArray


def incomplete(counts: Array, known: Scraped, step: int) -> tuple[BoolArray, Scraped]:
    """Return where ranges lack samples, (S, T), and what is known after the last column.

    At both ends of a gap `rate` and its like see part of their range only and extrapolate no further than to the
    middle of the next missing sample, so that sums sag although nothing changed
    (Prometheus, promql/functions.go, extrapolatedRate).

    Args:
        counts: raw samples inside each range, (S, T); NaN where there are none.
        known: what was known before; NaN = nothing.
        step: seconds between columns.
    """
    few = np.zeros(counts.shape, bool)
    full, low = known.full, known.low
    for column in range(counts.shape[1]):
        count = counts[:, column]
        full = np.fmax(full, count)
        with np.errstate(invalid="ignore"):
            lacking = count < full - np.maximum(1.0, SPARE_SHARE * full)
        low = np.where(lacking, low + step, 0)
        adopted = lacking & (low >= ADOPTED_AFTER)
        full = np.where(adopted, count, full)
        few[:, column] = lacking & ~adopted
    return few, Scraped(full, low)
