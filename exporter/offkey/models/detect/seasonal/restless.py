"""How restless a series was over the last samples, as rarity in its own past.

What `unrest` tells of steps and swings is weighed by what labels say; this is not, and so counts on series of any kind.
Told by three mean squares: how far samples were from their forecast, from the days before, and outwards from the means
of two days and two weeks. Each kind is counted as sizes are, so that a decade means the same on every series.
"""

import math

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.detect.seasonal.judging import strangeness
from offkey.models.detect.seasonal.layout import (
    HALF,
    KINDS,
    R_RESTLESS,
    R_UNREST,
    RESTLESS,
    RESTLESS_NOW,
    RESTLESS_TAILS,
    SURE,
    TAIL,
    TAIL_PRIOR,
    Found,
    Prediction,
    Tails,
)
from offkey.models.detect.seasonal.tails import count, quantile, thinned
from offkey.models.kernels import door
from offkey.models.logarithm import ln

FINE = 4.0  # of a size, for each unit of the logarithm: restlessness is a mean, and varies less than sizes do
MOST_OFF = 10.0  # scales of one sample that count


@door
def learn_restless(run: Array, counts: AnyArray, x: float, found: Found, rates: Array, p: Prediction) -> None:
    """Take what was found of one sample into how restless the series is, and count that; all kinds add up."""
    off = (x - p.forecast) * p.per_jump, (x - p.days) * p.per_days, found.range
    gains = rates[R_UNREST], rates[R_RESTLESS], rates[R_RESTLESS]
    decades = 0.0
    for k in range(KINDS):
        seen = min(MOST_OFF, abs(off[k]))
        run[RESTLESS_NOW + k] += gains[k] * (seen * seen - run[RESTLESS_NOW + k])
        size = FINE * ln(1.0 + math.sqrt(run[RESTLESS_NOW + k]))
        count(counts[k * TAIL : (k + 1) * TAIL], size)
        past = Tails(run[RESTLESS_TAILS + 2 * k], run[RESTLESS_TAILS + 2 * k + 1])
        if past.median > 0.0:
            decades += max(0.0, min(SURE, strangeness(size, past)) - HALF)
    run[RESTLESS] = decades


@door
def renew_restless(run: Array, counts: AnyArray) -> None:
    """Renew what half and 99 % of the past of each kind stay below; while little is known, nothing counts as rare."""
    for k in range(KINDS):
        own = counts[k * TAIL : (k + 1) * TAIL]
        total = thinned(own)
        if total >= TAIL_PRIOR:
            run[RESTLESS_TAILS + 2 * k] = quantile(own, 0.5 * total)
            run[RESTLESS_TAILS + 2 * k + 1] = quantile(own, 0.99 * total)
