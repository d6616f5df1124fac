"""The seasonal detector beyond what every detector promises."""

import math

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import MONDAY, gappy_frames, wave

from offkey.core.durations import DAY, HOUR, MINUTE, WEEK
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models.detect.seasonal import Model, combining, edges, judging, layout, tails, weights
from offkey.models.tune.budget import Model as Tuner
from offkey.models.tune.budget import episodes

BOUND = Tuner().default
finite = st.floats(-1e3, 1e3)
scale = st.floats(1e-3, 1e3)
share = st.floats(0.01, 1.0)


@st.composite
def predictions(draw):
    """Draw any expectation of a sample."""
    jump, width = draw(scale), draw(scale)
    sustained = [draw(st.floats(-8, 8)), draw(share), draw(st.floats(-8, 8)), draw(share)]
    near = (draw(finite), jump, 1 / jump, draw(finite), width, 1 / width, 0.0, True, *sustained)
    high, low, spread = draw(finite), draw(finite), draw(scale)
    return layout.Prediction(
        *near,
        per_spread=1 / spread,
        held=draw(st.floats(-8, 8)),
        mean=draw(finite),
        per_range=1 / spread,
        long_mean=draw(finite),
        per_long=1 / spread,
        high=max(high, low),
        low=min(high, low),
        per_reach=1 / (abs(high - low) + spread),
        base=draw(finite),
        per_base=1 / spread,
        days=draw(finite),
        per_days=1 / draw(scale),
        apart=draw(st.floats(-8, 8)),
    )


@st.composite
def cases(draw):
    """Draw all that a sample may be judged by."""
    run = np.zeros(layout.RUNNING)
    run[layout.MEDIAN] = draw(st.floats(0.01, 3))
    run[layout.RARE] = run[layout.MEDIAN] + draw(st.floats(0.01, 3))
    run[layout.FIRM], run[layout.PEAK] = draw(share), draw(st.floats(0, 12))
    run[layout.OFTEN], run[layout.RESTLESS] = draw(share), draw(st.floats(0, 8))
    for now, usual in ((layout.STEPS_NOW, layout.STEPS_LONG), (layout.SWING_NOW, layout.SWING_LONG)):
        run[now], run[usual] = draw(scale), draw(scale)
    run[layout.QUICK], run[layout.SLOW] = draw(st.floats(-8, 8)), draw(st.floats(-8, 8))
    return combining.case_of(run, draw(predictions()))


def learned_then_scored(frame, days, **options):
    """Return the strangeness of everything after the first days, learned on them."""
    model = Model(**options)
    size = int(days * DAY / frame.axis.step)
    return model.score(model.fit(frame.columns(0, size)), frame.columns(size, frame.axis.size))


@given(predictions(), st.floats(-1e4, 1e4))
def test_size_is_what_its_definition_says(p, x):
    """The product of factors is the sum of logarithms, on the larger of both sides."""
    sustained = [
        (p.quick, p.quick_share, layout.QUICK_GAIN),
        (p.slow, p.slow_share, layout.SLOW_GAIN),
    ]
    allowed = layout.JUMP_ALLOWED, layout.JUMP_PER_RESIDUAL
    expected = naive.deviation_size(x, p.forecast, p.jump, p.usual, p.width, sustained, allowed)
    size = 0.5 * math.log(max(judging.power(x, 1.0, p), judging.power(x, -1.0, p)))
    assert size == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(cases(), st.floats(layout.SURE, 12), st.sampled_from([1.0, -1.0]))
def test_an_edge_is_where_the_bound_is_reached(case, bound, side):
    """At the edge the strangeness of its side is the bound, and a little further out it is larger.

    A peak of before that goes on to count is the exception: it counts in full from two scales on.
    """
    x = edges.edge(side, bound, case)
    assert combining.one_sided(x, side, case, 0.0).rarity == pytest.approx(bound, rel=1e-6, abs=1e-6)
    further = x + side * (abs(x) * 1e-5 + case.expected.jump * 1e-3)
    found = combining.one_sided(further, side, case, 0.0).rarity
    assert found > bound or found == pytest.approx(case.peak, rel=1e-6)


@given(cases(), finite, st.floats(0, 1e3), st.sampled_from([1.0, -1.0]))
def test_further_out_is_never_less(case, x, more, side):
    """Nothing that is found of a side falls as a sample moves that way."""
    near, far = combining.one_sided(x, side, case, 0.0), combining.one_sided(x + side * more, side, case, 0.0)
    assert all(b >= a * (1 - 1e-9) - 1e-9 for a, b in zip(near, far, strict=True))


@given(predictions(), finite, st.sampled_from([1.0, -1.0]))
def test_signs_are_what_their_definitions_say(p, x, side):
    """Each is the logarithm of 1 plus a scaled deviation, in proportion to how far the sample is off."""
    found = combining.signs(x, side, combining.share_off(x, side, p), p)
    expected = naive.anomaly_signs(x, side, p, layout.HELD_CLIP)
    assert list(found[1:]) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(cases(), finite, st.sampled_from([1.0, -1.0]))
def test_the_size_is_the_weighted_sum_of_what_speaks_for_an_anomaly(case, x, side):
    """Signs count by their weights, what was off lately by its own as far as the sample is off."""
    p = case.expected
    now = combining.share_off(x, side, p)
    found = combining.signs(x, side, now, p)
    expected = now * case.lately + sum(w * sign for w, sign in zip(weights.OF_SIGNS, found, strict=True))
    size = combining.one_sided(x, side, case, 0.0).size
    assert size == pytest.approx(expected if now > 0 else 0.0, rel=1e-9, abs=1e-9)


@given(cases(), st.sampled_from([1.0, -1.0]))
def test_what_is_usual_is_never_surely_strange(case, side):
    """Where the sample is neither above the season nor above the recent level, all that is left is its company."""
    p = case.expected
    found = combining.one_sided(side * min(side * p.usual, side * p.forecast), side, case, 0.0)
    assert found.rarity <= layout.SURE
    assert found.size == found.still == 0.0


@given(cases(), finite, st.sampled_from([1.0, -1.0]))
def test_the_chance_of_an_incident_is_an_additive_model(case, x, side):
    """The log-odds are the sum of what each sign, what was off lately and what is left behind add, piece by piece."""
    p = case.expected
    now = combining.share_off(x, side, p)
    found = combining.signs(x, side, now, p)
    told = [*found, *(now * memory for memory in case.memory), *combining.traces(x, side, case)]
    expected = naive.additive_chance(told, weights.AT_REST, weights.BENDS, weights.SLOPES)
    chance = combining.chance(combining.times_odds(x, side, now, found, case), combining.REST)
    assert chance == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(cases(), finite, st.sampled_from([1.0, -1.0]))
def test_what_is_left_behind_counts_without_the_sample(case, x, side):
    """How far the last quarter of an hour was off from the days before counts on any side, more where this one is."""
    p = case.expected
    apart = min(8, max(-8, side * (x - p.days) * p.per_days))
    expected = math.log1p(max(abs(p.apart), side * p.apart + p.slow_share * apart))
    found = combining.traces(x, side, case)
    assert found.apart == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert found[1:] == case.traces[1:]


@given(cases(), finite, st.floats(1, 600))
def test_restlessness_pages_nobody_and_hides_nothing(case, x, times):
    """It makes a sample no less strange, and no stranger than what is decided by rarity alone."""
    before = combining.judge(x, case._replace(lift=1.0), 0.0)
    after = combining.judge(x, case._replace(lift=times), 0.0)
    assert before.rarity <= after.rarity <= max(before.rarity, layout.SURE)
    assert after[1:] == before[1:]


def test_strangeness_counts_decades():
    """Half of the past lies below .3 decades and 99 % below 2; beyond 6 it bends."""
    past = layout.Tails(1.0, 3.0)
    zero, median, rare, *more = (judging.strangeness(size, past) for size in (0.0, 1.0, 3.0, 4.0, 19.0, 20.0))
    assert (zero, median, rare) == pytest.approx((0.0, math.log10(2), 2.0))
    assert more[2] - more[1] < 0.5 * (more[0] - rare)


def test_an_incident_is_as_strange_as_its_onset_while_it_lasts():
    """An hour after a drop the samples, as far off as before, have lost half a decade and more only slowly."""
    frame = wave(series=6, days=6, step=60, swing=5.0)
    first = 5 * DAY // 60
    frame.values[:, first:][:, :61] -= 30.0
    strangeness = learned_then_scored(frame, 4)[:, first - 4 * DAY // 60 :]
    peak, later = strangeness[:, :3].max(axis=1), strangeness[:, 60]
    fading = math.exp(-HOUR / (2 * HOUR))
    assert (later >= fading * peak * 0.99).all()
    assert (later > BOUND).all()


@given(st.lists(st.integers(0, 1000), min_size=layout.TAIL, max_size=layout.TAIL), st.floats(0.01, 0.999))
def test_quantiles_of_counts(counts, part):
    """The quantile of a histogram agrees with spreading its counts out."""
    if sum(counts):
        sizes = np.array(counts, np.float32)
        expected = naive.quantile_of_counts(counts, layout.TAIL_WIDTH, part)
        assert tails.quantile(sizes, part * sum(counts)) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@given(st.lists(finite, min_size=4, max_size=4), st.lists(finite, min_size=4, max_size=4), finite, st.data())
def test_the_forecast_trusts_accurate_levels(raw, lifted, last, data):
    """It is the mean of the running levels weighted by the fourth power of their accuracy."""
    errors = data.draw(st.lists(st.floats(0.01, 100), min_size=9, max_size=9))
    run = np.zeros(layout.RUNNING)
    run[layout.LAST] = last
    run[layout.RAW : layout.RAW + 4], run[layout.LIFTED : layout.LIFTED + 4] = raw, lifted
    run[layout.ERRORS : layout.ERRORS + 9] = errors
    levels = [*raw, *(level + 50.0 for level in lifted), last]
    assert judging.forecast(run, 50.0) == pytest.approx(naive.accurate_mean(levels, errors), rel=1e-9, abs=1e-6)


@given(gappy_frames())
def test_any_frame_is_digested(frame):
    """Whatever the gaps and steps, learning leaves finite numbers and judging never warns."""
    model = Model()
    state = model.fit(frame)
    for array in state.rows.values():
        assert np.isfinite(array).all()
    assert (model.score(state, frame) >= 0).sum() <= np.isfinite(frame.values).sum()


def test_half_a_step_twice_is_a_step():
    """Running values move as far in two samples as in one twice as far apart, up to the per-sample limits."""
    model = Model()
    fine, coarse = model.rates(30), model.rates(60)
    places = [layout.R_NEAR, layout.R_FAR, layout.R_HOUR, layout.R_QUICK, layout.R_SLOW, layout.R_LEVEL]
    np.testing.assert_allclose((1 - fine[places]) ** 2, 1 - coarse[places], rtol=1e-12)


def test_two_changes_of_the_clock_in_three_zones_are_ordinary_days():
    """In the week after summer time begins or ends, local curves are as quiet as in any other week."""
    changes = {
        "Europe/Berlin": ("2024-03-31", "2024-10-27"),
        "America/New_York": ("2024-03-10", "2024-11-03"),
        "Australia/Sydney": ("2024-10-06", "2024-04-07"),
    }
    for zone, days in changes.items():
        for day in days:
            change = int(np.datetime64(day, "s").astype(np.int64))
            after = quiet_week(zone, change)
            before = quiet_week(zone, change - 3 * WEEK)
            assert (after > BOUND).sum() <= (before > BOUND).sum() + 1, (zone, day)
            np.testing.assert_allclose(np.mean(after), np.mean(before), rtol=0.1)


def quiet_week(zone, sunday):
    """Return the strangeness of the week after three weeks of a steep local curve, judged in its zone."""
    frame = wave(series=4, days=27, start=sunday - 20 * DAY, zone=zone, noise=0.3, swing=30.0)
    return learned_then_scored(frame, 20)


def test_the_wrong_zone_would_not_do():
    """The same curve judged in UTC is strange on the day of the change: the zone is what keeps it quiet."""
    frame = wave(series=4, days=27, start=MONDAY + 7 * DAY, zone="Europe/Berlin", noise=0.3, swing=30.0)
    wrong = Frame(frame.series, frame.values, frame.axis)
    assert learned_then_scored(wrong, 20).max() > BOUND > learned_then_scored(frame, 20).max()


@pytest.mark.parametrize("step", [60, 300])
@pytest.mark.parametrize("side", [1, -1])
def test_a_level_shift_is_one_bounded_episode(step, side):
    """It is strange at once, and has become usual after three hours; in between nothing restarts."""
    frame = wave(series=6, days=6, step=step, swing=5.0)
    first = 5 * DAY // step
    frame.values[:, first:] += side * 15.0
    strangeness = learned_then_scored(frame, 4)
    assert (strangeness[:, first - 4 * DAY // step] > BOUND).all()
    np.testing.assert_array_equal(episodes(strangeness, np.full(6, BOUND), step), 1)
    assert (strangeness[:, first - 4 * DAY // step + 3 * HOUR // step :] < BOUND).all()


def test_coming_back_from_an_outage_is_far_less_strange_than_going():
    """After forty minutes far below, the way back to the usual curve is over in ten, and two decades less rare."""
    frame = wave(series=6, days=6, step=60, swing=5.0)
    first = DAY // 60
    frame.values[:, 5 * DAY // 60 :][:, :40] -= 30.0
    strangeness = learned_then_scored(frame, 4)
    going, back = strangeness[:, first : first + 10], strangeness[:, first + 40 :]
    assert (going > BOUND + 2).all()
    assert (back.max(axis=1) < going.max(axis=1) - 2).all()
    assert (back[:, 10:] < BOUND).all()


def test_a_spike_on_a_steep_slope_stands_out():
    """A tenth of the daily swing is strange where the curve is steepest, for the scale is that of the residual."""
    frame = wave(series=2, days=6, step=60, swing=100.0)
    at = int(5.0 * DAY / 60)  # the sine crosses its middle
    frame.values[:, at] += 20.0
    strangeness = learned_then_scored(frame, 4)
    assert (strangeness.argmax(axis=1) == at - 4 * DAY // 60).all()
    assert (strangeness.max(axis=1) > BOUND).all()


def weekend(days, seed=1):
    """Return a curve that is halved on Saturdays and Sundays."""
    frame = wave(series=6, days=days, seed=seed)
    rest = frame.axis.week_seconds("UTC") >= 5 * DAY
    return frame.with_values(np.where(rest, frame.values / 2, frame.values))


def test_weekends_are_learned():
    """After three weeks a quiet weekend is usual from its second quarter of an hour on, one of days alone is not."""
    frame = weekend(28)
    saturday = slice((26 - 21) * DAY // 300, (26 - 21) * DAY // 300 + 12)
    weekly = learned_then_scored(frame, 21)[:, saturday]
    daily = learned_then_scored(frame, 21, season="daily")[:, saturday]
    assert (weekly[:, 3:] < BOUND).all()
    assert (weekly.max(axis=1) < BOUND + 0.5).all()
    assert weekly.max(axis=1).mean() < daily.max(axis=1).mean() - 1


def test_without_a_season_an_hour_is_enough():
    """Readiness needs an hour without a season, and a day with one."""
    frame = wave(series=1, days=1, swing=0)
    hour, half = frame.columns(0, 12), frame.columns(0, 144)
    assert Model(season="none").ready(Model(season="none").fit(hour))[0] == 1.0
    assert Model().ready(Model().fit(half))[0] == pytest.approx(0.5)


def test_smooth_fine_samples_after_a_coarse_history_are_quiet():
    """Learned every five minutes, then fed a five-minute moving rate every 15 seconds: nothing is strange."""
    rng = np.random.default_rng(5)
    axis = Axis(MONDAY, 15, 6 * DAY // 15)
    noise = np.convolve(rng.normal(size=axis.size + 19), np.full(20, 1 / 20), "valid") * 10
    values = (200 + 50 * np.sin(2 * np.pi * axis.times / DAY) + noise)[None, :]
    name = (Labels.of(job="api"),)
    split = 4 * DAY // 15
    coarse = Frame(name, values[:, :split:20], Axis(MONDAY, 300, split // 20))
    fine = Frame(name, values[:, split:], Axis(MONDAY + 4 * DAY, 15, axis.size - split))
    model = Model()
    strangeness = model.score(model.fit(coarse), fine)
    assert episodes(strangeness, np.full(1, BOUND), 15)[0] <= 1


@pytest.mark.parametrize("step", [5, 15, 60])
def test_a_first_sample_counts_for_as_much_however_soon_it_comes(step):
    """After a history of 5-minute samples the band of a faster clock is as wide as that of the same clock."""
    rng = np.random.default_rng(11)
    past = Axis.between(MONDAY, MONDAY + 4 * DAY, 300)
    series = (Labels.of(a="1"),)
    model = Model(season="daily")
    state = model.fit(Frame(series, 0.97 + rng.normal(0.0, 0.01, (1, past.size)), past))
    widths = []
    for seconds in (300, step):
        quiet = Frame(series, np.full((1, 3), 0.97), past.after(3, seconds))
        found = model.band(state, quiet, np.full(1, BOUND))
        widths.append(found.upper[0, 0] - found.lower[0, 0])
    assert widths[1] == pytest.approx(widths[0], rel=0.15)


def test_parts_add_up_to_the_strangeness():
    """A jump is a jump at first; what lasts is strange for its duration and its distance from the season."""
    frame = wave(days=4, series=1, seed=5)
    values = frame.values.copy()
    size = frame.axis.size
    values[:, -40:] *= 0.5
    frame = frame.with_values(values)
    model = Model(season="daily")
    state, lately = model.fit(frame.columns(0, size - 60)), frame.columns(size - 60, size)
    parts = model.parts(state, lately)
    np.testing.assert_allclose(sum(parts.values()), model.score(state, lately), rtol=1e-9)
    jump, season, lasting, _ = (part[0] for part in parts.values())
    assert jump[20] > max(season[20], lasting[20])
    assert jump[-1] < season[-1]


def test_rare_counts_do_not_alarm_for_ever():
    """Failures that happen a few times a day, zero in between, are within the bound that their past asks for."""
    rng = np.random.default_rng(7)
    axis = Axis(MONDAY, 60, 14 * DAY // MINUTE)
    frame = Frame((Labels.of(job="api"),), rng.poisson(0.004, (1, axis.size)).astype(float), axis)
    model = Model()
    half = frame.columns(0, 7 * DAY // MINUTE)
    strangeness = model.score(model.fit(half), frame.columns(7 * DAY // MINUTE, axis.size))
    week = strangeness.shape[1] // 2
    bound = Tuner().tune(strangeness[:, :week], 60, 2.0)
    assert episodes(strangeness[:, week:], bound, 60)[0] <= 4


def test_the_edges_meet_when_nothing_would_be_usual():
    """In the middle of a shift, with a small bound, no sample is usual: the band is empty, not inverted at large."""
    frame = wave(series=1, days=4, step=60, swing=0)
    frame.values[:, -60:] += 50.0
    model = Model()
    state = model.fit(frame)
    band = model.band(state, frame.future(1), np.array([0.05]))
    assert band.upper[0, 0] < band.expected[0, 0] < band.lower[0, 0]
    assert band.lower[0, 0] - band.upper[0, 0] < 1e-9


def test_what_lasts_is_off_from_the_days_before():
    """Five hours after a shift that the level has adopted, what was usual on the days before still tells it."""
    frame = wave(series=6, days=8, step=300, swing=5.0)
    frame.values[:, 7 * DAY // 300 :] += 6.0
    strangeness = learned_then_scored(frame, 6)
    before, later = strangeness[:, : DAY // 300], strangeness[:, (DAY + 5 * HOUR) // 300 : (DAY + 8 * HOUR) // 300]
    assert np.median(later) > 2 * np.quantile(before, 0.9)
    assert (later < BOUND).all()


def test_a_state_stays_small():
    """A series costs at most 8 KB."""
    state = Model().fit(wave(series=10, days=2))
    assert sum(array.nbytes for array in state.rows.values()) / 10 <= 8192
