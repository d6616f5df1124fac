"""Where a series has ever been: means, extremes and scales that forget slowly and adopt no shift."""

from offkey.core.frame import Array
from offkey.models.detect.seasonal.layout import (
    CLIP,
    COUNT,
    FAR_FROM_MEAN,
    FORGOTTEN,
    LONG_HIGH,
    LONG_LOW,
    LONG_MEAN,
    LONG_RANGE,
    LONG_SPREAD,
    MEAN,
    NEED,
    R_EXTREME,
    R_FAR,
    R_LONG,
    RANGE,
    SEEN,
    WARM,
)
from offkey.models.kernels import door


@door
def learn_range(run: Array, x: float, above: float, rates: Array) -> None:
    """Move the means, extremes and mean distances of two days and two weeks by one sample.

    Args:
        run: the running values.
        x: the sample.
        above: its deviation from the season on the slow level, which adopts no shift.
        rates: from `Model.rates`.
    """
    warm = run[COUNT] > WARM
    gain = max(rates[R_FAR], 1.0 / (run[COUNT] + 1.0))
    run[MEAN] += gain * (x - run[MEAN])
    run[RANGE] += gain * (abs(x - run[MEAN]) - run[RANGE])
    gain = max(rates[R_LONG], 1.0 / (run[COUNT] + 1.0))
    limit = FAR_FROM_MEAN * run[LONG_RANGE] if warm else 1e300
    away = min(limit, max(-limit, x - run[LONG_MEAN]))
    run[LONG_MEAN] += gain * away
    run[LONG_RANGE] += gain * (abs(away) - run[LONG_RANGE])
    limit = CLIP * run[LONG_SPREAD] if warm else 1e300
    run[LONG_SPREAD] += gain * (min(abs(above), limit) - run[LONG_SPREAD])
    out, back = rates[R_EXTREME] if run[SEEN] >= rates[NEED] else 1.0, FORGOTTEN * rates[R_LONG]
    run[LONG_HIGH] += (out if x > run[LONG_HIGH] else back) * (x - run[LONG_HIGH])
    run[LONG_LOW] += (out if x < run[LONG_LOW] else back) * (x - run[LONG_LOW])
