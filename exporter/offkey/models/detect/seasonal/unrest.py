"""How uneven a series was lately, against what it is over two weeks: its steps, and how far it swings."""

import math

from offkey.core.frame import Array
from offkey.models.detect.seasonal.layout import (
    AROUND,
    COUNT,
    LAST,
    MOST_UNREST,
    R_LONG,
    R_UNREST,
    STEPS_LONG,
    STEPS_NOW,
    SWING_LONG,
    SWING_NOW,
    WARM,
)
from offkey.models.kernels import door
from offkey.models.logarithm import ln

MOST_RATIO = 1e12  # of mean squares: nothing real is beyond


@door
def unrest(run: Array) -> tuple[float, float]:
    """Return how large the last steps are against what is usual, and how far the last samples are from their mean.

    Both as logarithms of 1 plus the ratio of the roots of mean squares.
    """
    return ratio(run[STEPS_NOW], run[STEPS_LONG]), ratio(run[SWING_NOW], run[SWING_LONG])


@door
def ratio(now: float, usual: float) -> float:
    """Return the logarithm of 1 plus the root of a ratio; 0 where nothing is usual."""
    return ln(1.0 + math.sqrt(min(MOST_RATIO, now / usual))) if usual > 0.0 else 0.0


@door
def learn_unrest(run: Array, x: float, rates: Array) -> None:
    """Take the step to a sample, and its distance from the mean of the last ones, into what is kept of them."""
    near = max(rates[R_UNREST], 1.0 / (run[COUNT] + 1.0))
    far = max(rates[R_LONG], 1.0 / (run[COUNT] + 1.0))
    step, away = x - run[LAST], x - run[AROUND]
    run[AROUND] += near * away
    run[STEPS_NOW] += near * (step * step - run[STEPS_NOW])
    run[SWING_NOW] += near * (away * away - run[SWING_NOW])
    run[STEPS_LONG] = followed(run[STEPS_LONG], run[STEPS_NOW], far, run[COUNT] > WARM)
    run[SWING_LONG] = followed(run[SWING_LONG], run[SWING_NOW], far, run[COUNT] > WARM)


@door
def followed(usual: float, now: float, gain: float, warm: bool) -> float:
    """Return what is usual after one more sample; unrest moves it no further than `MOST_UNREST` times what it is."""
    if warm and usual > 0.0:
        now = min(now, MOST_UNREST * usual)
    return usual + gain * (now - usual)
