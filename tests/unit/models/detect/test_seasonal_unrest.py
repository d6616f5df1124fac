"""How restless a series was lately, as the seasonal detector tells it."""

import math

import naive
import numpy as np
import pytest
from strategies import MONDAY, wave

from offkey.core.durations import DAY, MINUTE
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models.detect.seasonal import Model, layout, restless

RATES = Model().rates(MINUTE)
# For which a sample's distances from its forecast and from the days before are its value.
EXPECTED = layout.Prediction(
    **dict.fromkeys(layout.Prediction._fields, 0.0) | {"per_jump": 1.0, "per_days": 1.0, "known": True}
)


def test_unrest_is_of_the_last_twenty_samples_against_two_weeks():
    """Noise ten times as large is seen as such in steps and swings; a slow wave as large as that, in swings at most."""
    random, before = np.random.default_rng(5), 3 * DAY // MINUTE
    after = np.arange(120)
    wild, wave = random.normal(0, 10, len(after)), 10 * np.sin(2 * np.pi * after / len(after))
    told = []
    for last in (random.normal(size=len(after)), wild, wave):
        values = np.concatenate([random.normal(size=before), last])[None]
        signs = Model().signs(Frame((Labels.of(a="1"),), values, Axis(MONDAY, MINUTE, values.shape[1])))
        told.append(np.median(signs[-2:, 0, -60:], axis=1))
    calm, rough, slow = told
    np.testing.assert_allclose(calm, math.log(2), atol=0.15)
    np.testing.assert_allclose(rough, math.log(11), atol=0.35)
    assert slow[0] < 0.9 < slow[1]


def test_unrest_of_a_constant_is_none():
    """Where nothing ever moved there is nothing to compare with."""
    values = np.full((1, 2 * DAY // MINUTE), 7.0)
    signs = Model().signs(Frame((Labels.of(a="1"),), values, Axis(MONDAY, MINUTE, values.shape[1])))
    assert not np.nan_to_num(signs[-2:]).any()


def learned(offs, ranges, renewed_at):
    """Return the running values and the counts of a series after samples so far off, its tails renewed once."""
    run, counts = np.zeros(layout.RUNNING), np.zeros(layout.KINDS * layout.TAIL, np.float32)
    for k, (off, far) in enumerate(zip(offs, ranges, strict=True)):
        if k == renewed_at:
            restless.renew_restless(run, counts)
        found = layout.Found(0.0, 0.0, 0.0, far)
        restless.learn_restless(run, counts, off, found, RATES, EXPECTED)
    return run, counts


def test_decades_of_restlessness_are_those_of_counted_mean_squares():
    """Each kind is a running mean of squares, and its decades are beyond the median of what was counted."""
    random = np.random.default_rng(3)
    offs, ranges = random.normal(0, 3, 600), random.exponential(1, 600)
    offs[-20:] *= 10
    run, counts = learned(offs, ranges, 590)
    decades = 0.0
    for k, (line, rate) in enumerate(((offs, 1 / 20), (offs, 1 / 60), (ranges, 1 / 60))):
        means, mean, gain = [], 0.0, min(rate, -math.expm1(-rate))
        for one in line:
            mean += gain * (min(10, abs(one)) ** 2 - mean)
            means.append(mean)
        sizes = restless.FINE * np.log1p(np.sqrt(means))
        bins = np.minimum(layout.TAIL - 1, (sizes / layout.TAIL_WIDTH).astype(int))
        own = slice(k * layout.TAIL, (k + 1) * layout.TAIL)
        np.testing.assert_array_equal(counts[own], np.bincount(bins, minlength=layout.TAIL))
        before = np.bincount(bins[:590], minlength=layout.TAIL)
        median, rare = (naive.quantile_of_counts(before, layout.TAIL_WIDTH, part) for part in (0.5, 0.99))
        rarity = 0.301 + (2 - 0.301) * (sizes[-1] - median) / max(1, rare - median)
        decades += min(3, max(0.301, rarity)) - 0.301
    assert decades > 1
    assert run[layout.RESTLESS] == pytest.approx(decades, abs=2e-3)


def test_little_that_is_known_makes_nothing_restless():
    """Before some hundred samples are counted nothing is rare."""
    assert learned([0.1] * 200 + [30.0] * 50, [0.1] * 250, 200)[0][layout.RESTLESS] == 0


def test_a_usual_sample_of_a_restless_hour_ranks_before_one_of_a_calm_hour():
    """Of samples at their usual value, those after an hour of noise five times as large are the stranger ones."""
    frame = wave(series=1, days=5, step=60, swing=0.0)
    half = frame.axis.size - 2 * 60
    values = frame.values.copy()
    values[:, half : half + 60] = 100 + 5 * (values[:, half : half + 60] - 100)
    values[:, half + 60 :] = 100 + 0.1 * (values[:, half + 60 :] - 100)
    model = Model()
    state = model.fit(frame.columns(0, half))
    wild, calm = (
        model.score(state, one.columns(half, one.axis.size))[0, 60:80] for one in (frame.with_values(values), frame)
    )
    assert np.median(calm) < 0.1 < np.median(wild)
    assert wild.max() < layout.SURE
