"""The seasonal detector's pass over all series and columns."""

import math

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.detect.seasonal.combining import (
    judge,
    memory,
    prepare,
    rarities,
    setting,
    share_off,
    signs,
    tails,
)
from offkey.models.detect.seasonal.edges import band
from offkey.models.detect.seasonal.judging import factors, power, predict
from offkey.models.detect.seasonal.layout import (
    BAND,
    LARGEST,
    LEARN,
    NEED,
    PARTS,
    SCORE,
    SEEN,
    SIGNS,
    Case,
    Clock,
    Now,
    Prediction,
    Rows,
)
from offkey.models.detect.seasonal.learning import count, learn
from offkey.models.kernels import door


@door
def parts(x: float, case: Case) -> tuple[float, float, float, float]:
    """Return the strangeness of a sample as what its jump, its season, its duration and the evidence add to it."""
    rarity, size, amount = judge(x, case)
    p, past = case.expected, case.past
    side = 1.0 if power(x, 1.0, p) >= power(x, -1.0, p) else -1.0
    up, residual, held = factors(x, side, p)
    jump, season, duration = 2.0 * math.log(up), math.log(residual), math.log(held)
    own, rest = rarities(size, amount, past)
    whole = rarity / max(1e-300, own + rest)
    each = own * whole / max(1e-300, jump + season + duration)
    return jump * each, season * each, duration * each, rest * whole


@door
def answer(mode: int, x: float, rarity: float, bound: float, case: Case, out: Array) -> None:
    """Write what is asked for about one sample of this strangeness to `out`."""
    if mode == BAND:
        out[0], out[1], out[2] = band(bound, case)
    elif mode == SCORE and not math.isnan(x):
        out[0] = rarity
    elif mode == PARTS and not math.isnan(x):
        out[0], out[1], out[2], out[3] = parts(x, case)


@door
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


@door
def describe(x: float, run: Array, hour: int, p: Prediction, out: Array) -> None:
    """Write the signs of the side on which a sample is further off, what was off lately, and the setting to `out`."""
    side = 1.0 if power(x, 1.0, p) >= power(x, -1.0, p) else -1.0
    now = share_off(x, side, p)
    found = signs(x, side, now, p)
    lately, kind = memory(run), setting(run, hour)
    for k in range(len(found)):
        out[k] = found[k]
    for k in range(len(lately)):
        out[len(found) + k] = now * lately[k]
    for k in range(len(kind)):
        out[len(found) + len(lately) + k] = kind[k]


@door
def copied(source: AnyArray, target: AnyArray) -> AnyArray:
    """Copy the numbers of one array to another, (N,) each, and return that one."""
    for k in range(len(source)):
        target[k] = source[k]
    return target


@door
def walk(mode: int, values: Array, clock: Clock, rates: Array, rows: Rows, bound: Array, out: Array) -> None:
    """Go through all series and columns.

    Args:
        mode: LEARN writes what was learned to the state; SCORE, BAND, PARTS and SIGNS leave it alone.
        values: samples, shape (S, T).
        clock: local time of every column.
        rates: from `Model.rates`, shape (RATES,).
        rows: the state.
        bound: strangeness the band is asked for, shape (S,); read by BAND.
        out: strangeness as (1, S, T), or expected, lower and upper as (3, S, T), or its four parts as (4, S, T), or
            what the network is told; left alone where nothing is known.
    """
    last = values.shape[1] - 1
    for s in range(values.shape[0]):
        run, learned = rows.running[s], rows.learned[s]
        if mode != LEARN and last > 0:
            run, learned = copied(run, rows.spare), copied(learned, rows.spared)
        for t in range(last + 1):
            x = values[s, t]
            if abs(x) > LARGEST:
                x = math.copysign(LARGEST, x)
            now = column(clock, clock.zone[s], t)
            p = predict(run, learned, now, rates)
            learns = mode == LEARN or t < last
            if run[SEEN] >= rates[NEED]:
                prepare(run, now.hour, rows.begun)
                case = Case(p, rows.begun, tails(run))
                rarity = 0.0
                if not math.isnan(x) and (learns or mode == SCORE):
                    rarity, size, amount = judge(x, case)
                    if learns:
                        count(learned, size, amount)
                answer(mode, x, rarity, bound[s], case, out[:, s, t])
                if mode == SIGNS and not math.isnan(x):
                    describe(x, run, now.hour, p, out[:, s, t])
            if learns:
                learn(run, learned, x, now, rates, p)
