"""The pass of Holt-Winters over all series and columns."""

import math

from offkey.core.frame import Array, BoolArray, IntArray
from offkey.models.kernels import compiled

COUNT, ORIGIN, LEVEL, TREND, SPREAD, DAY, RUN = range(7)
SLOTS, SLOT_SECONDS, DAY_SECONDS = 288, 300, 86_400
CLIP = 4.0  # scales that one error may teach
WARM = 30  # samples before that
SLOWEST = 0.002  # share of an error that the scale follows
LARGEST = 1e30  # samples beyond are taken for this much


@compiled
def smooth(
    values: Array,
    clocks: IntArray,
    zone: IntArray,
    rates: Array,
    state: tuple[Array, Array],
    out: tuple[Array, BoolArray],
) -> None:
    """Go through all series and columns; `state` and `out` are written to.

    A slot of the day that was never seen is filled with the sample; level and trend stay as they are.
    """
    for s in range(values.shape[0]):
        run, season = state[0][s], state[1][s]
        for t in range(values.shape[1]):
            if math.isnan(values[s, t]):
                continue
            x = min(LARGEST, max(-LARGEST, values[s, t]))
            if not run[DAY] > 0.0:
                run[:] = 0.0
                season[:] = math.nan
                run[ORIGIN] = x
            slot = clocks[zone[s], t] % DAY_SECONDS // SLOT_SECONDS
            one_step(run, season, x - run[ORIGIN], slot, rates, out[0][s, t])
            out[1][s, t] = run[DAY] >= DAY_SECONDS
            run[DAY] += rates[3]


@compiled
def one_step(run: Array, season: Array, x: float, slot: int, rates: Array, out: Array) -> None:
    """Write error, forecast and scale of one sample, and learn it."""
    usual = season[slot] if not math.isnan(season[slot]) else x - run[LEVEL]
    forecast = run[LEVEL] + run[TREND] + usual
    floor = max(1e-12 * abs(run[ORIGIN] + run[LEVEL]), 1e-30)
    scale = max(run[SPREAD], floor)
    error = x - forecast
    out[0], out[1], out[2] = error / scale, run[ORIGIN] + forecast, scale
    if math.isnan(season[slot]):
        for k in range(max(1, int(rates[3]) // SLOT_SECONDS)):
            season[(slot + k) % SLOTS] = usual
        if run[DAY] < DAY_SECONDS:
            return
    run[COUNT] += 1.0
    limit = CLIP * scale if run[COUNT] > WARM and run[SPREAD] > 0.0 else abs(error)
    error = min(limit, max(-limit, error))
    run[SPREAD] += max(SLOWEST, 1.0 / run[COUNT]) * (1.25 * abs(error) - run[SPREAD])
    run[LEVEL] += run[TREND] + rates[0] * error
    run[TREND] += rates[0] * rates[1] * error
    share = -math.expm1(math.log1p(-rates[2]) * min(1.0, rates[3] / SLOT_SECONDS))
    season[slot] += share * (1.0 - rates[0]) * error
