"""Many bands of the seasonal detector at once."""

import numpy as np
import pytest

from offkey.models.detect.seasonal.combining import judge
from offkey.models.detect.seasonal.edges import TOLERANCE, band
from offkey.models.detect.seasonal.lanes import LANES, ask, blank_lanes, settle
from offkey.models.detect.seasonal.layout import Case, Memory, Prediction, Tails, Traces


def cases(count, peak=0.0):
    """Return made-up cases: calm and restless, with and without a memory of what was off."""
    random = np.random.default_rng(7)
    for _ in range(count):
        level, jump, width = random.normal(0, 5), random.lognormal(0, 1), random.lognormal(0, 1)
        value = {name: float(random.normal()) for name in Prediction._fields}
        scales = {name: float(random.lognormal(0, 1)) for name in Prediction._fields if name.startswith("per_")}
        quick = {"quick_share": 0.24, "slow_share": 0.09, "high": level + 5 * width, "low": level - 5 * width}
        own = {"forecast": level, "jump": jump, "per_jump": 1 / jump, "width": width, "per_width": 1 / width}
        expected = Prediction(**(value | scales | quick | own | {"known": True}))
        past = Tails(float(random.uniform(0.3, 1.0)), float(random.uniform(1.5, 6.0)))
        before = Memory(0.1, 0.2, 0.3), Traces(0.0, 0.0, 0.0, 0.0)
        yield Case(expected, float(random.exponential(0.3)), *before, peak, past)


def found(bounds, known):
    """Return expected value and edges of some cases, (3, N), asked for together."""
    own, out, waiting = blank_lanes(), np.full((4, 1, len(known)), np.nan), 0
    for k, (bound, case) in enumerate(zip(bounds, known, strict=True)):
        waiting = ask(own, waiting, (0, k), bound, case, out)
    settle(own, waiting, out)
    return out[1:, 0]


@pytest.mark.parametrize("count", [1, LANES, 3 * LANES - 5])
def test_they_are_those_of_one_after_the_other(count):
    """Whether edges are near or far, and whatever is in the lanes beside them, strangeness there is the same."""
    known, bounds = list(cases(count)), np.random.default_rng(8).choice([3.0, 4.0, 5.5, 8.0, 20.0], count)
    for (expected, lower, upper), bound, case in zip(found(bounds, known).T, bounds, known, strict=True):
        plain = band(bound, case)
        if plain[1] > plain[2]:
            np.testing.assert_allclose((lower, upper), plain[1:], rtol=1e-6, atol=1e-6)
            continue
        assert expected == pytest.approx(plain[0], abs=1e-6)
        for edge, one in zip((lower, upper), plain[1:], strict=True):
            there = judge(one, case, bound).rarity
            assert judge(edge, case, bound).rarity == pytest.approx(there, abs=2 * TOLERANCE)


@pytest.mark.parametrize(("bound", "peak"), [(2.0, 0.0), (0.0, 0.0), (5.0, 9.0), (90.0, 0.0)])
def test_where_more_than_size_decides_they_are_looked_for_one_by_one(bound, peak):
    """Below the strangeness that pages, after a peak and very far out, the numbers are those of the plain search."""
    known = list(cases(5, peak))
    np.testing.assert_array_equal(found([bound] * 5, known).T, [band(bound, case) for case in known])
