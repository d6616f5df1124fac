"""What is made of the members' opinions: the mean of their weighted middle, and how far they are apart. Compiled."""

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.models.forecast.bank._learned import (
    DISCORD,
    FAINT,
    MEMBERS,
    SCALE,
    TINY,
    TRIMMED,
    UPROAR,
)
from offkey.models.kernels import part


@part
def weigh(errors: Array, weights: Array) -> None:
    """Write the trust in each member at one distance, (MEMBERS,): its error to the power of -4, at most 1."""
    least = np.inf
    for member in range(MEMBERS):
        least = min(least, errors[member])
    for member in range(MEMBERS):
        share = (least + TINY) / (errors[member] + TINY)
        share *= share
        weights[member] = share * share if share > 0.0 else 0.0  # 0 for NaN


@part
def order(says: Array, places: IntArray) -> int:
    """Put the members in the order of what they say, those that know nothing last; return how many know something.

    The order found before is a good start: it hardly changes from one instant to the next.
    """
    count = 0
    for start in range(MEMBERS):
        member, place = places[start], start
        value = says[member]
        known = not np.isnan(value)
        while place > 0 and known and not says[places[place - 1]] <= value:
            places[place] = places[place - 1]
            place -= 1
        places[place] = member
        count += 1 if known else 0
    return count


@part
def mix(says: Array, weights: Array, places: IntArray, count: int) -> tuple[float, float]:
    """Return the mean of the middle of what the members say, and how far they are from it; NaN when none is known.

    TRIMMED of the weight is cut off on either side of the weighted median.
    """
    total = 0.0
    for place in range(count):
        total += weights[places[place]]
    middle, passed = 0.0, 0.0
    for place in range(count):
        member = places[place]
        inside = min(passed + weights[member], (1.0 - TRIMMED) * total) - max(passed, TRIMMED * total)
        middle += max(inside, 0.0) * says[member]
        passed += weights[member]
    if not total > 0.0:
        return np.nan, np.nan
    middle, apart = middle / ((1.0 - 2.0 * TRIMMED) * total), 0.0
    for place in range(count):
        member = places[place]
        apart += weights[member] * abs(says[member] - middle)
    return middle, apart / total


@part
def discord_factor(now: float, bounds: Array) -> float:
    """Return by how much a disagreement widens or narrows the bounds, its ratio to the usual to the power of 3/8."""
    faint = FAINT * bounds[SCALE]
    if now >= 0.0 and bounds[DISCORD] + faint > 0.0:
        ratio = (now + faint) / (bounds[DISCORD] + faint)
        fourth = np.sqrt(np.sqrt(min(max(ratio, 1.0 / UPROAR), UPROAR)))
        return float(fourth * np.sqrt(fourth))
    return 1.0
