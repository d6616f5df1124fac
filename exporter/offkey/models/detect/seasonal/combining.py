"""Strangeness: a sample's own deviation, and all that speaks for an anomaly in a network that only rises with it."""

import math

import numpy as np

from offkey.core.frame import Array
from offkey.models.detect.seasonal import weights
from offkey.models.detect.seasonal.judging import power, strangeness
from offkey.models.detect.seasonal.layout import (
    ABOVE,
    BELOW,
    CHANGE,
    EVIDENCE_MEDIAN,
    EVIDENCE_RARE,
    EVIDENCE_SHARE,
    FAR,
    FIRM,
    FLAT,
    FLATS,
    HELD,
    HELD_CLIP,
    HOUR_JUMP,
    HOUR_WIDTH,
    LEVEL,
    LONG_RANGE,
    MEDIAN,
    NEAR,
    QUICK,
    RANGE,
    RARE,
    SLOW,
    SPREAD,
    STIR,
    Case,
    Memory,
    Prediction,
    Setting,
    Signs,
    Tails,
)
from offkey.models.kernels import door

# Units lie side by side, so that the compiler takes several at once.
BIAS, OUTER, DIRECT = np.array(weights.BIAS), np.array(weights.OUTER), np.array(weights.DIRECT)
INNER, OF_MEMORY = np.array(weights.INNER).T.copy(), np.array(weights.OF_MEMORY).T.copy()
OF_SETTING = np.array(weights.OF_SETTING).T.copy()
CENTRE, PER_SPAN = np.array(weights.CENTRE), 1.0 / np.array(weights.SPAN)
UNITS = len(BIAS)
ROOM = 3 * UNITS + 1
BENT = UNITS // 2  # units from here on grow without end, those before level off
MOST_SETTING = 3.0  # spans that a setting may differ from the centre


@door
def over(amount: float) -> float:
    """Return the logarithm of 1 plus an amount, 0 for amounts below 0."""
    return math.log(1.0 + amount) if amount > 0.0 else 0.0


@door
def share_off(x: float, side: float, p: Prediction) -> float:
    """Return how far a sample is on a side, from 0 at what is usual to 1 at a scale from it."""
    return min(1.0, max(0.0, side * (x - p.forecast) * p.per_jump, side * (x - p.usual) * p.per_width))


@door
def signs(x: float, side: float, now: float, p: Prediction) -> Signs:
    """Return the signs of an anomaly on one side; each is at least 0 and never falls as the sample moves that way.

    Near what is usual they count in proportion to `now`, from `share_off`; on the other side of it they are 0.
    """
    if now <= 0.0:
        return Signs(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    residual = min(HELD_CLIP, max(-HELD_CLIP, side * (x - p.usual) * p.per_width))
    return Signs(
        0.5 * math.log(power(x, side, p)),
        now * over(side * (x - p.usual) * p.per_spread),
        now * over(side * p.held + p.slow_share * residual),
        now * over(max(side * (x - p.mean) * p.per_range, side * (x - p.long_mean) * p.per_long)),
        now * over(side * (x - (p.high if side > 0.0 else p.low)) * p.per_reach),
        now * over(side * (x - p.base) * p.per_base),
    )


@door
def memory(run: Array) -> Memory:
    """Return what was off lately."""
    return Memory(
        run[FIRM],
        run[STIR],
        abs(run[HELD]),
        abs(run[QUICK]),
        abs(run[SLOW]),
        max(run[ABOVE], run[BELOW]),
    )


@door
def setting(run: Array, hour: int) -> Setting:
    """Return what kind of series it is at this hour, each within three spans of the centre."""
    floor = 0.05 * run[FAR] + 0.02 * run[SPREAD] + 1e-14 * abs(run[LEVEL]) + 1e-12
    per_far = 1.0 / (run[FAR] + floor)
    return Setting(
        math.log((run[NEAR] + floor) * per_far),
        math.log((run[hour + HOUR_JUMP] + floor) * per_far),
        math.log((run[SPREAD] + floor) * per_far),
        math.log((run[hour + HOUR_WIDTH] + floor) * per_far),
        math.log((run[RANGE] + floor) * per_far),
        math.log((run[LONG_RANGE] + floor) * per_far),
        math.log((run[CHANGE] + floor) * per_far),
        run[FLAT] / (run[FLATS] + 3.0),
    )


@door
def said(z: Array) -> float:
    """Return what units with these inputs say, weighted: the first half levels off at 3, the others do not.

    No exponentials, which would cost more than all the rest.
    """
    for k in range(BENT):
        z[k] = 1.5 * OUTER[k] * (1.0 + z[k] / math.sqrt(1.0 + z[k] * z[k]))
    for k in range(BENT, UNITS):
        z[k] = 0.5 * OUTER[k] * (z[k] + math.sqrt(1.0 + z[k] * z[k]))
    total = 0.0
    for k in range(UNITS):
        total += z[k]
    return total


@door
def apart(kind: Setting, m: int) -> float:
    """Return how far one number of a setting is from the centre, in spans, within the most that counts."""
    return float(min(MOST_SETTING, max(-MOST_SETTING, (kind[m] - CENTRE[m]) * PER_SPAN[m])))


@door
def prepare(run: Array, hour: int, begun: Array) -> None:
    """Write what the network says before the sample is seen to `begun`, shape (ROOM,).

    First the input of each unit, then what was off lately adds to it, then what is to be subtracted so that nothing
    off makes no evidence, then room.
    """
    kind, lately = setting(run, hour), memory(run)
    a, b, c, d = apart(kind, 0), apart(kind, 1), apart(kind, 2), apart(kind, 3)
    e, f, g, h = apart(kind, 4), apart(kind, 5), apart(kind, 6), apart(kind, 7)
    q, r, s, t, u, v = lately
    room, w, y = begun[2 * UNITS + 1 :], OF_SETTING, OF_MEMORY
    for k in range(UNITS):  # sums written out: a loop over m goes through memory and takes three times as long
        z = BIAS[k] + w[0, k] * a + w[1, k] * b + w[2, k] * c + w[3, k] * d
        z += w[4, k] * e + w[5, k] * f + w[6, k] * g + w[7, k] * h
        begun[k] = room[k] = z
        begun[UNITS + k] = y[0, k] * q + y[1, k] * r + y[2, k] * s + y[3, k] * t + y[4, k] * u + y[5, k] * v
    begun[2 * UNITS] = said(room)


@door
def evidence(now: float, found: Signs, begun: Array) -> float:
    """Return how much speaks for an anomaly, >= 0: it never falls when the sample is further off or a sign grows."""
    total = -begun[2 * UNITS]
    room = begun[2 * UNITS + 1 :]
    for k in range(UNITS):
        room[k] = begun[k] + now * begun[UNITS + k]
    for m in range(len(DIRECT)):
        total += DIRECT[m] * found[m]
        for k in range(UNITS):
            room[k] += INNER[m, k] * found[m]
    return float(max(0.0, total + said(room)))


@door
def tails(run: Array) -> Tails:
    """Return what the past of a series was like."""
    return Tails(run[MEDIAN], run[RARE], run[EVIDENCE_MEDIAN], run[EVIDENCE_RARE])


@door
def rarities(size: float, amount: float, past: Tails) -> tuple[float, float]:
    """Return what the size of a deviation, and the evidence, add to strangeness."""
    own = (1.0 - EVIDENCE_SHARE) * strangeness(size, past.median, past.rare)
    return own, EVIDENCE_SHARE * strangeness(amount, past.evidence_median, past.evidence_rare)


@door
def one_sided(x: float, side: float, case: Case) -> tuple[float, float, float]:
    """Return the strangeness of a sample on one side, the size of its deviation, and the evidence.

    None of them falls as the sample moves that way.
    """
    now = share_off(x, side, case.expected)
    found = signs(x, side, now, case.expected)
    amount = evidence(now, found, case.begun)
    own, rest = rarities(found.power, amount, case.past)
    return own + rest, found.power, amount


@door
def judge(x: float, case: Case) -> tuple[float, float, float]:
    """Return the same for the side on which it is larger, each by itself."""
    rarity = size = amount = 0.0
    for side in (1.0, -1.0):  # a loop, so that the signs are compiled once
        found = one_sided(x, side, case)
        rarity, size, amount = max(rarity, found[0]), max(size, found[1]), max(amount, found[2])
    return rarity, size, amount
