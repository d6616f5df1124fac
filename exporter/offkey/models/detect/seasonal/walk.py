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
from offkey.models.detect.seasonal.edges import band, is_within
from offkey.models.detect.seasonal.judging import factors, power, predict
from offkey.models.detect.seasonal.layout import (
    GLANCE,
    LARGEST,
    LEARN,
    NEED,
    PARTS,
    SCORE,
    SEEN,
    SIGNS,
    SWEEP,
    Case,
    Clock,
    Now,
    Prediction,
    Rows,
)
from offkey.models.detect.seasonal.learning import count, learn
from offkey.models.kernels import door


@door
def parts(x: float, found: tuple[float, float, float], case: Case) -> tuple[float, float, float, float]:
    """Return what `judge` found as what the sample's jump, its season, its duration and the evidence add to it."""
    rarity, size, amount = found
    p, past = case.expected, case.past
    side = 1.0 if power(x, 1.0, p) >= power(x, -1.0, p) else -1.0
    up, residual, held = factors(x, side, p)
    jump, season, duration = 2.0 * math.log(up), math.log(residual), math.log(held)
    own, rest = rarities(size, amount, past)
    whole = rarity / max(1e-300, own + rest)
    each = own * whole / max(1e-300, jump + season + duration)
    return jump * each, season * each, duration * each, rest * whole


@door
def answer(mode: int, x: float, found: tuple[float, float, float], bound: float, case: Case, out: Array) -> None:
    """Write what is asked for about one sample, of which `judge` found so much, to `out`."""
    if mode == PARTS:
        if not math.isnan(x):
            out[0], out[1], out[2], out[3] = parts(x, found, case)
        return
    if not math.isnan(x):
        out[0] = found[0]
    if mode == GLANCE and is_within(bound, case):
        out[1] = case.expected.usual
    elif mode != SCORE:
        expected, lower, upper = band(bound, case)
        out[1] = expected
        if mode == SWEEP:
            out[2], out[3] = lower, upper


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
    if math.isnan(x):
        return
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
        mode: LEARN writes what was learned to the state; the others leave it alone.
        values: samples, shape (S, T).
        clock: local time of every column.
        rates: from `Model.rates`, shape (RATES,).
        rows: the state.
        bound: strangeness the band is asked for, shape (S,); read by GLANCE and SWEEP.
        out: strangeness as (1, S, T); with the expected value behind it (GLANCE); and the edges behind that (SWEEP);
            or its four parts as (4, S, T); or what the network is told. Left alone where nothing is known.
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
                found = judge(x, case) if not math.isnan(x) else (0.0, 0.0, 0.0)
                if learns and not math.isnan(x):
                    count(learned, found[1], found[2])
                if mode == SIGNS:
                    describe(x, run, now.hour, p, out[:, s, t])
                elif mode != LEARN:
                    answer(mode, x, found, bound[s], case, out[:, s, t])
            if learns:
                learn(run, learned, x, now, rates, p)
