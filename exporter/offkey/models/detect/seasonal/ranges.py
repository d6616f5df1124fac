"""Where a series has ever been, and where it was at this hour: means, extremes and scales that forget slowly."""

from offkey.core.frame import Array
from offkey.models.detect.seasonal.layout import (
    CLIP,
    COUNT,
    FAR_FROM_MEAN,
    FORGOTTEN,
    HOUR_LEVEL,
    HOUR_SECONDS,
    HOUR_SEEN,
    HOUR_SPREAD,
    LONG_HIGH,
    LONG_LOW,
    LONG_MEAN,
    LONG_RANGE,
    LONG_SPREAD,
    MEAN,
    NEED,
    R_DAYS,
    R_EXTREME,
    R_FAR,
    R_HOUR,
    R_LONG,
    RANGE,
    SEEN,
    SPREAD_CLIP,
    STEP,
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


@door
def learn_days(run: Array, level: float, hour: int, rates: Array) -> None:
    """Move the level of an hour of the day by one sample, as far as a single day may, and the scale of what is off."""
    seen, step, spread = run[hour + HOUR_SEEN], rates[STEP], run[hour + HOUR_SPREAD]
    off = level - run[hour + HOUR_LEVEL]
    is_new = spread <= 0.0 or seen <= 2.0 * HOUR_SECONDS
    limit = 1e300 if is_new else CLIP * spread
    gain = step / (seen + step)
    if seen > HOUR_SECONDS:
        gain = max(rates[R_DAYS], gain)
    run[hour + HOUR_LEVEL] += gain * min(limit, max(-limit, off))
    if run[SEEN] >= rates[NEED]:
        limit = 1e300 if is_new else SPREAD_CLIP * spread
        gain = max(rates[R_HOUR], step / (max(0.0, seen - HOUR_SECONDS) + step))
        run[hour + HOUR_SPREAD] += gain * (1.25 * min(abs(off), limit) - spread)
