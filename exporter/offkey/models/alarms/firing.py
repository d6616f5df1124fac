"""When an alert on strangeness fires: the bound, `for`, the dead band and `keep_firing_for` together."""

import numpy as np

from offkey.core.frame import Array, BoolArray, IntArray
from offkey.models.kernels import compiled


@compiled
def firing(strangeness: Array, bound: float, release: float, hold: int, keep: int) -> BoolArray:
    """Return where an alert on one series fires, (T,), as Prometheus evaluates it at every sample.

    Args:
        strangeness: shape (T,); NaN is no breach.
        bound: a breach is above it.
        release: while the alert fires, a breach is above this.
        hold: samples a breach must last after its first.
        keep: samples the alert stays after the breach.
    """
    out = np.zeros(strangeness.size, np.bool_)
    since, left, fires = -1, -1, False
    for t in range(strangeness.size):
        if strangeness[t] > (release if fires else bound):
            left = -1
            if since < 0:
                since = t
            fires = fires or t - since >= hold
        elif fires and keep > 0:
            if left < 0:
                left = t
            if t - left >= keep:
                fires, since, left = False, -1, -1
        else:
            fires, since, left = False, -1, -1
        out[t] = fires
    return out


@compiled
def pages(fires: BoolArray, gap: int) -> IntArray:
    """Return the first sample of each page, (N,): firing again within `gap` samples tells nobody anything new."""
    count, last = 0, -gap - 2
    starts = np.zeros(fires.size, np.int64)
    for t in range(fires.size):
        if fires[t]:
            if t - last > gap + 1:
                starts[count] = t
                count += 1
            last = t
    return starts[:count]
