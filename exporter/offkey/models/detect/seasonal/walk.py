"""The seasonal detector's pass over all series and columns."""

import math

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.detect.seasonal.combining import case_of, judge, one_sided, share_off, signs, traces
from offkey.models.detect.seasonal.edges import band, is_within
from offkey.models.detect.seasonal.judging import factors, power, predict, strangeness
from offkey.models.detect.seasonal.lanes import ask, bounded, finish
from offkey.models.detect.seasonal.layout import (
    BINS,
    CELLS,
    GLANCE,
    HOURLY,
    LARGEST,
    LEARN,
    NEED,
    PARTS,
    RUNNING,
    SCORE,
    SEEN,
    SIGNS,
    SWEEP,
    Case,
    Clock,
    Found,
    Learned,
    Now,
    Rows,
)
from offkey.models.detect.seasonal.learning import learn, note
from offkey.models.detect.seasonal.restless import learn_restless
from offkey.models.detect.seasonal.weights import OF_SIGNS
from offkey.models.kernels import door, fetch_early

AHEAD = 2  # series whose memory is on its way
LINE = 8  # numbers of `running` that come together


@door
def parts(x: float, case: Case) -> tuple[float, float, float, float]:
    """Return the strangeness of a sample as what its jump, its season, its duration and its range add to it."""
    p = case.expected
    above, below = one_sided(x, 1.0, case, 0.0), one_sided(x, -1.0, case, 0.0)
    side, found = (1.0, above) if above.rarity >= below.rarity else (-1.0, below)
    if found.size <= 0.0:
        return 0.0, 0.0, found.rarity, 0.0
    up, residual, held = factors(x, side, p)
    now = share_off(x, side, p)
    seen = signs(x, side, now, p)
    jump = OF_SIGNS[0] * math.log(up)
    season = OF_SIGNS[0] * 0.5 * math.log(residual) + OF_SIGNS[1] * seen.spread
    duration = OF_SIGNS[0] * 0.5 * math.log(held) + OF_SIGNS[2] * seen.held + now * case.lately
    each = min(found.rarity, strangeness(found.size, case.past)) / found.size
    far = (found.size - jump - season - duration) * each
    return jump * each, season * each, found.rarity - (jump + season) * each - far, far


@door
def answer(mode: int, x: float, found: Found, bound: float, case: Case, out: Array) -> None:
    """Write what is asked for about one sample, of which `judge` found so much, to `out`."""
    is_known = not math.isnan(x)
    if mode == PARTS and is_known:
        out[0], out[1], out[2], out[3] = parts(x, case)
    elif mode in (SCORE, GLANCE, SWEEP) and is_known:
        out[0] = found.rarity
    if mode == GLANCE and is_within(bound, case):
        out[1] = case.expected.usual
    elif mode == GLANCE:
        out[1] = band(bound, case)[0]


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
def describe(x: float, case: Case, out: Array) -> None:
    """Write the signs of the side on which a sample is further off, what was off lately, and the traces, to `out`."""
    p = case.expected
    if math.isnan(x):
        return
    side = 1.0 if power(x, 1.0, p) >= power(x, -1.0, p) else -1.0
    now = share_off(x, side, p)
    found, left = signs(x, side, now, p), traces(x, side, case)
    for k in range(len(found)):
        out[k] = found[k]
    for k in range(len(case.memory)):
        out[len(found) + k] = now * case.memory[k]
    for k in range(len(left)):
        out[len(found) + len(case.memory) + k] = left[k]


@door
def copied(source: AnyArray, target: AnyArray) -> AnyArray:
    """Copy the numbers of one array to another, (N,) each, and return that one."""
    for k in range(len(source)):
        target[k] = source[k]
    return target


@door
def spared(of: Learned, room: Learned) -> Learned:
    """Copy what was learned about one series to some room, and return that."""
    copied(of.profile, room.profile)
    copied(of.visits, room.visits)
    copied(of.week, room.week)
    copied(of.lately, room.lately)
    copied(of.sizes, room.sizes)
    copied(of.restless, room.restless)
    return room


@door
def learned_of(learned: Learned, s: int) -> Learned:
    """Return what was learned about one series."""
    return Learned(
        learned.profile[s],
        learned.visits[s],
        learned.week[s],
        learned.lately[s],
        learned.sizes[s],
        learned.restless[s],
    )


@door
def come_near(rows: Rows, s: int, t: int, now: Now) -> None:
    """Have the memory brought near that the first sample of a series is judged by."""
    if s < rows.last and t == 0:
        first = s * RUNNING
        for k in range(0, HOURLY + LINE, LINE):
            fetch_early(rows.running, first + k)
        fetch_early(rows.running, first + now.hour)
        fetch_early(rows.learned.profile, s * BINS + now.left)
        fetch_early(rows.learned.visits, s * BINS + now.left)
        fetch_early(rows.learned.week, s * CELLS + now.cell)


@door
def walk(mode: int, values: Array, clock: Clock, rates: Array, rows: Rows, bound: Array, out: Array) -> None:
    """Go through some series and all columns.

    Args:
        mode: LEARN writes what was learned to the state; the others leave it alone.
        values: samples, shape (S, T).
        clock: local time of every column.
        rates: from `Model.rates`, shape (RATES,).
        rows: the state, and which series.
        bound: strangeness the band is asked for, shape (S,); read by GLANCE and SWEEP.
        out: strangeness as (1, S, T); with the expected value behind it (GLANCE); and the edges behind that (SWEEP);
            or its four parts as (4, S, T) (PARTS); or its signs (SIGNS). Left alone where nothing is known.
    """
    last, taken = values.shape[1] - 1, 0
    for s in range(rows.first, rows.last):
        if mode == GLANCE and last == 0 and math.isnan(values[s, 0]):
            continue  # of a message that brings some series, most are missing
        run, learned = rows.running[s], learned_of(rows.learned, s)
        if mode != LEARN and last > 0:
            run, learned = copied(run, rows.spare), spared(learned, rows.spared)
        for t in range(last + 1):
            x = bounded(values[s, t])
            now = column(clock, clock.zone[s], t)
            come_near(rows, s + AHEAD, t, now)
            p = predict(run, learned, now, rates)
            learns = mode == LEARN or t < last
            if run[SEEN] >= rates[NEED]:
                case = case_of(run, p)
                found = judge(x, case, LARGEST if mode == LEARN else 0.0)
                if learns and not math.isnan(x):
                    note(run, learned, found, rates)
                    learn_restless(run, learned.restless, x, found, rates, p)
                if mode == SIGNS:
                    describe(x, case, out[:, s, t])
                elif mode != LEARN:
                    answer(mode, x, found, bound[s], case, out[:, s, t])
                taken = ask(rows, taken, (s, t), bound[s], case, out) if mode == SWEEP else taken
            if learns:
                learn(run, learned, x, now, rates, p)
    finish(rows, taken, out)
