"""The seasonal detector's pass over all series and columns."""

import math

import numpy as np

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.detect.seasonal.judging import edge, factors, largest_within, power, predict, size, strangeness
from offkey.models.detect.seasonal.layout import (
    BAND,
    LARGEST,
    LEARN,
    LEARNED,
    MEDIAN,
    NEED,
    PARTS,
    RARE,
    RUNNING,
    SCORE,
    SEEN,
    Clock,
    Now,
    Prediction,
)
from offkey.models.detect.seasonal.learning import learn
from offkey.models.kernels import compiled


@compiled
def band(bound: float, median: float, rare: float, p: Prediction) -> tuple[float, float, float]:
    """Return the expected sample and the edges at which strangeness reaches the bound.

    Where season and recent level disagree so much that every sample is stranger than the bound, the edges meet, just
    crossed, so that no sample lies between them.
    """
    largest = largest_within(bound, median, rare)
    lower, upper = edge(largest, -1.0, p), edge(largest, 1.0, p)
    if lower <= upper:
        return min(upper, max(lower, p.forecast)), lower, upper
    middle = 0.5 * (lower + upper)
    return middle, float(np.nextafter(middle, np.inf)), float(np.nextafter(middle, -np.inf))


@compiled
def parts(x: float, median: float, rare: float, p: Prediction) -> tuple[float, float, float]:
    """Return the strangeness of a sample as what its jump, its season and its duration add to it."""
    side = 1.0 if power(x, 1.0, p) >= power(x, -1.0, p) else -1.0
    up, residual, held = factors(x, side, p)
    jump, season, duration = 2.0 * math.log(up), math.log(residual), math.log(held)
    each = strangeness(size(x, p), median, rare) / max(1e-300, jump + season + duration)
    return jump * each, season * each, duration * each


@compiled
def column(clock: Clock, z: int, t: int) -> Now:
    """Return one column of a clock in one zone."""
    return Now(
        clock.bin[z, t],
        clock.cell[z, t],
        clock.hour[z, t],
        clock.left[z, t],
        clock.right[z, t],
        clock.share[z, t],
    )


@compiled
def walk(
    mode: int, values: Array, clock: Clock, rates: Array, state: tuple[Array, AnyArray], bound: Array, out: Array
) -> None:
    """Go through all series and columns.

    Args:
        mode: LEARN writes what was learned to `state`; SCORE, BAND and PARTS leave it alone.
        values: samples, shape (S, T).
        clock: local time of every column.
        rates: from `Model.rates`, shape (RATES,).
        state: `running` (S, RUNNING) and `learned` (S, LEARNED).
        bound: strangeness the band is asked for, shape (S,); read by BAND.
        out: strangeness as (1, S, T), or expected, lower and upper, or its three parts, as (3, S, T); left alone where
            nothing is known.
    """
    spare, spared = np.empty(RUNNING), np.empty(LEARNED, np.float32)
    last = values.shape[1] - 1
    for s in range(values.shape[0]):
        run, learned = state[0][s], state[1][s]
        if mode != LEARN and last > 0:
            spare[:] = run
            spared[:] = learned
            run, learned = spare, spared
        for t in range(last + 1):
            x = values[s, t]
            if abs(x) > LARGEST:
                x = math.copysign(LARGEST, x)
            now = column(clock, clock.zone[s], t)
            p = predict(run, learned, now, rates)
            if run[SEEN] >= rates[NEED]:
                if mode == SCORE and not math.isnan(x):
                    out[0, s, t] = strangeness(size(x, p), run[MEDIAN], run[RARE])
                if mode == PARTS and not math.isnan(x):
                    out[0, s, t], out[1, s, t], out[2, s, t] = parts(x, run[MEDIAN], run[RARE], p)
                if mode == BAND:
                    out[0, s, t], out[1, s, t], out[2, s, t] = band(bound[s], run[MEDIAN], run[RARE], p)
            if mode == LEARN or t < last:
                learn(run, learned, x, now, rates, p)
