"""Many cases of the seasonal detector at once."""

import numpy as np
import pytest

from offkey.models.detect.seasonal import ROWS, learned_of, room
from offkey.models.detect.seasonal.combining import judge
from offkey.models.detect.seasonal.edges import TOLERANCE, band
from offkey.models.detect.seasonal.lanes import LANES, ask, blank_lanes, blank_search, finish, weigh
from offkey.models.detect.seasonal.layout import RUNNING, Case, Memory, Prediction, Rows, Tails, Traces


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
        yield Case(expected, float(random.exponential(0.3)), *before, float(random.uniform(1, 9)), peak, past)


def rows_with(lanes):
    """Return the state of no series, and some lanes."""
    none = learned_of({name: np.zeros((0, size), dtype) for name, (size, dtype) in ROWS.items()})
    return Rows(0, 0, np.zeros((0, RUNNING)), none, *room(), lanes, blank_search())


def entered(bounds, known, lanes):
    """Put some cases in lanes, and return their expected values and edges, (3, N)."""
    rows, out, taken = rows_with(lanes), np.full((4, 1, len(known)), np.nan), 0
    for k, (bound, case) in enumerate(zip(bounds, known, strict=True)):
        taken = ask(rows, taken, (0, k), bound, case, out)
    finish(rows, taken, out)
    return out[1:, 0]


@pytest.mark.parametrize("count", [1, LANES, 3 * LANES - 5])
def test_they_are_those_of_one_after_the_other(count):
    """Whether edges are near or far, and whatever is in the lanes beside them, strangeness there is the same."""
    known, bounds = list(cases(count)), np.random.default_rng(8).choice([3.0, 4.0, 5.5, 8.0, 20.0], count)
    for (expected, lower, upper), bound, case in zip(
        entered(bounds, known, blank_lanes()).T, bounds, known, strict=True
    ):
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
    np.testing.assert_array_equal(entered([bound] * 5, known, blank_lanes()).T, [band(bound, case) for case in known])


@pytest.mark.parametrize("peak", [0.0, 2.0, 9.0])
def test_samples_are_weighed_as_one_by_one(peak):
    """Bit for bit, ordinary or far off, on either side; a missing one is left alone, as are lanes that are free."""
    known = list(cases(LANES + 9, peak))
    lanes = blank_lanes(3)
    entered([4.0] * len(known), known, lanes)
    far = np.random.default_rng(9).normal(size=len(known)) * np.repeat([1.0, 20.0, 1e35], [LANES - 20, 20, 9])
    values, out = far[None], np.full((1, len(known)), np.nan)
    values[0, 7] = np.nan
    weigh(values, lanes, np.empty((2, LANES)), out)
    capped = np.clip(values[0], -1e30, 1e30)
    alone = [np.nan if np.isnan(x) else judge(x, case, 0.0).rarity for x, case in zip(capped, known, strict=True)]
    np.testing.assert_array_equal(out[0], alone)
