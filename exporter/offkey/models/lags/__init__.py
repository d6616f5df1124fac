"""What a sample looks like beside its own recent past and its season: the lag and seasonal features of detectors.

Nothing here says what is strange. A sample is set against the median of the same time of day on the last seven days,
against a running forecast, and against its own last samples, in scales learned for its hour of the day.
"""

import math
from collections.abc import Mapping

import numpy as np

from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.frame import Array, BoolArray, Frame
from offkey.core.state import AnyArray
from offkey.models.lags import layout
from offkey.models.lags.walk import walk

ROWS: Mapping[str, tuple[tuple[int, ...], type]] = {
    "run": ((layout.RUN,), np.float64),
    "week": ((layout.WEEK_BINS,), np.float64),
}


def look(rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
    """Go through the frame's columns, learning as it goes.

    Args:
        rows: `run` and `week` of each series, as `ROWS` shapes them; written to.
        frame: the columns that follow.

    Returns:
        Features (S, T, layout.FEATURES), see `layout`, and where they are known, (S, T): a sample is there and its
        time of day was seen before.
    """
    features = np.full((*frame.values.shape, layout.FEATURES), np.nan)
    known = np.zeros(frame.values.shape, bool)
    clocks, zone = frame.local_week()
    walk(
        np.ascontiguousarray(frame.values, np.float64),
        np.ascontiguousarray(clocks),
        zone,
        _rates(frame.axis.step),
        (rows["run"], rows["week"]),
        (features, known),
    )
    return features, known


def _rates(step: int) -> Array:
    """Return how far one sample moves each running value, for samples `step` seconds apart."""
    rates = np.zeros(layout.RATES)
    rates[layout.STEP] = step
    constants: dict[int, float] = {
        layout.R_LEVEL: DAY,
        layout.R_NEAR: 2 * HOUR,
        layout.R_FAR: 2 * DAY,
        layout.R_HOUR: 4 * HOUR,
        layout.R_HELD: 20 * MINUTE,
    }
    for place, seconds in constants.items():
        rates[place] = -math.expm1(-step / seconds)
    return rates
