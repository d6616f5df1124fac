"""What every file in offkey/models/detect promises; a new file is tested without an edit here."""

import dataclasses
import io

import numpy as np
import pytest
from strategies import names, wave

from offkey.core import plugins
from offkey.core.durations import DAY, HOUR
from offkey.core.errors import MissingLibrary
from offkey.core.frame import Axis, Frame, join
from offkey.core.ports import Foreseeing, Sweeping
from offkey.core.state import State

PACKAGE = "offkey.models.detect"
SIGMA = 1.0  # noise of a wave


@pytest.fixture(params=plugins.names(PACKAGE))
def detector(request):
    """Each detector with its default options; one whose library is an extra that is not installed is skipped."""
    try:
        return plugins.model(PACKAGE, request.param)
    except MissingLibrary as error:
        pytest.skip(str(error))


def judged(detector, state: State, past: Frame, new: Frame) -> np.ndarray:
    """Return the strangeness of the new columns; `past` ends where they begin, and gives the context."""
    frame = join(past.columns(past.axis.size - detector.context, past.axis.size), new)
    return detector.score(state, frame)[:, detector.context :]


def learned(detector, frame: Frame) -> State:
    """Return the state after a history, and insist that it is enough to judge."""
    state = detector.fit(frame)
    np.testing.assert_array_equal(detector.ready(state), 1.0)
    return state


def halves(frame: Frame, days: float) -> tuple[Frame, Frame]:
    """Return the first days of a frame, and the rest."""
    size = int(days * DAY / frame.axis.step)
    return frame.columns(0, size), frame.columns(size, frame.axis.size)


def bound_of(detector, history: Frame) -> np.ndarray:
    """Return the bound of each series as the engine gets it: replay the second half of the past, tune."""
    past, replay = halves(history, history.axis.size * history.axis.step / DAY / 2)
    strangeness = judged(detector, detector.fit(past), past, replay)
    return plugins.model("offkey.models.tune", "budget").tune(strangeness, history.axis.step, 2.0)


def test_a_model_is_a_frozen_value(detector):
    """Two models with the same options are equal, hash alike and cannot be changed."""
    twin = type(detector)()
    assert (twin, hash(twin)) == (detector, hash(detector))
    with pytest.raises(dataclasses.FrozenInstanceError):
        twin.context = 7


def test_strangeness_is_known_for_every_sample_after_the_context_and_never_negative(detector):
    """A learned series has a finite strangeness >= 0 for each sample, and none for its context."""
    past, new = halves(wave(days=5), 4)
    frame = join(past.columns(past.axis.size - detector.context, past.axis.size), new)
    strangeness = detector.score(learned(detector, past), frame)
    assert strangeness.shape == frame.values.shape
    assert np.isnan(strangeness[:, : detector.context]).all()
    assert np.isfinite(strangeness[:, detector.context :]).all()
    assert (strangeness[:, detector.context :] >= 0).all()


def test_the_order_of_series_changes_nothing(detector):
    """A shuffled frame gives the same bits, shuffled."""
    past, new = halves(wave(series=5, days=3), 2)
    order = np.array([3, 0, 4, 1, 2])
    state = learned(detector, past)
    expected = judged(detector, state, past, new)
    np.testing.assert_array_equal(judged(detector, state, past.rows(order), new.rows(order)), expected[order])
    shuffled = learned(detector, past.rows(order))
    np.testing.assert_array_equal(judged(detector, shuffled, past, new), expected)


def test_a_series_stands_for_itself(detector):
    """What the neighbours do changes nothing: alone or beside a broken series, the strangeness is the same.

    A detector that says it learns across series is taught by its neighbours' past, on purpose.
    """
    if getattr(detector, "learns_across", False):
        pytest.skip("learns across series")
    past, new = halves(wave(series=3, days=3), 2)
    wild = np.where(np.arange(3)[:, None] == 1, np.where(np.arange(new.axis.size) % 2, 1e12, np.nan), new.values)
    alone = np.array([0])
    expected = judged(detector, learned(detector, past.rows(alone)), past.rows(alone), new.rows(alone))
    beside = judged(detector, learned(detector, past), past, new.with_values(wild))
    np.testing.assert_array_equal(beside[:1], expected)


def test_a_new_series_is_unknown_not_anomalous(detector):
    """A series nobody has seen has no strangeness, and says that it is not ready."""
    past, new = halves(wave(series=3, days=2.05), 2)
    state = detector.fit(past.rows(np.array([0, 1])))
    strangeness = judged(detector, state, past, new)
    assert np.isnan(strangeness[2, : max(1, new.axis.size // 10)]).all()
    assert np.isfinite(strangeness[:2]).all()
    assert detector.ready(state.align(past.series))[2] == 0.0


def test_readiness_grows_from_nothing_to_one(detector):
    """The share of the needed history is 0 before, never falls, and is 1 in the end; below 1 nothing is judged."""
    frame = wave(series=2, days=4)
    state = detector.fit(frame.columns(0, 0))
    np.testing.assert_array_equal(detector.ready(state), 0.0)
    shares = []
    for first in range(0, frame.axis.size - detector.context, 144):
        piece = frame.columns(first, first + detector.context + 144)
        if (detector.ready(state) < 1).all():
            assert np.isnan(detector.score(state, piece)[:, : detector.context + 1]).all()
        state = detector.update(state, piece)
        shares.append(detector.ready(state))
    assert ((np.array(shares) >= 0) & (np.array(shares) <= 1)).all()
    assert (np.diff(shares, axis=0) >= 0).all()
    np.testing.assert_array_equal(shares[-1], 1.0)


def test_a_missing_sample_has_no_strangeness(detector):
    """NaN in, NaN out, and only there."""
    past, new = halves(wave(days=5), 4)
    hole = np.random.default_rng(3).random(new.values.shape) < 0.3
    strangeness = judged(detector, learned(detector, past), past, new.with_values(np.where(hole, np.nan, new.values)))
    np.testing.assert_array_equal(np.isnan(strangeness), hole)


def test_missing_samples_teach_nothing_about_the_value(detector):
    """A history with a third of its samples missing still knows a spike from noise."""
    past, new = halves(wave(days=5, swing=0), 4)
    hole = np.random.default_rng(3).random(past.values.shape) < 0.3
    spiked = new.values.copy()
    spiked[:, 150] += 20 * SIGMA
    state = learned(detector, past.with_values(np.where(hole, np.nan, past.values)))
    strangeness = judged(detector, state, past, new.with_values(spiked))
    np.testing.assert_array_equal(strangeness.argmax(axis=1), 150)


def test_the_future_never_changes_the_past(detector):
    """Each column is judged by what came before it: later samples may be anything."""
    past, new = halves(wave(days=5), 4)
    state = learned(detector, past)
    other = new.values.copy()
    other[:, 100:] = other[:, 100:] * -3 + 1000
    before = judged(detector, state, past, new)[:, :100]
    np.testing.assert_array_equal(judged(detector, state, past, new.with_values(other))[:, :100], before)


def test_replaying_a_block_is_the_same_as_living_through_it(detector):
    """Strangeness of many columns at once equals judging and learning them one after the other."""
    past, new = halves(wave(series=2, days=4.2), 4)
    state = learned(detector, past)
    at_once = judged(detector, state, past, new)
    live = []
    for t in range(new.axis.size):
        column = new.columns(t, t + 1)
        live.append(judged(detector, state, past, column)[:, 0])
        known = join(past, column)
        state = detector.update(state, known.columns(past.axis.size - detector.context, known.axis.size))
        past = known
    np.testing.assert_allclose(np.transpose(live), at_once, rtol=1e-9, atol=1e-12)


def test_learning_in_pieces_is_learning_at_once(detector):
    """However a history is cut, the state that remains is the same."""
    frame = wave(series=3, days=3)
    frame.values[1, 200:260] = np.nan
    whole = detector.fit(frame)
    context = detector.context
    state = detector.fit(frame.columns(0, 500))
    for first, last in ((500, 501), (501, 700), (700, frame.axis.size)):
        state = detector.update(state, frame.columns(first - context, last))
    assert set(state.rows) == set(whole.rows)
    for name, array in whole.rows.items():
        np.testing.assert_allclose(state.rows[name], array, rtol=1e-6, atol=1e-9, err_msg=name)


def test_the_same_input_gives_the_same_bits(detector):
    """Nothing random, nothing remembered outside the state."""
    past, new = halves(wave(days=3), 2)
    first = judged(detector, learned(detector, past), past, new)
    np.testing.assert_array_equal(judged(detector, learned(detector, past), past, new), first)


def test_arguments_are_left_alone(detector):
    """Frames are never written to, and only `update` may use up a state."""
    past, new = halves(wave(days=3), 2)
    copies = past.values.copy(), new.values.copy()
    state = learned(detector, past)
    kept = {name: array.copy() for name, array in state.rows.items()}
    judged(detector, state, past, new)
    detector.band(state, new, np.full(4, 3.0))
    detector.ready(state)
    for name, array in kept.items():
        np.testing.assert_array_equal(state.rows[name], array, err_msg=name)
    detector.update(state, new)
    np.testing.assert_array_equal(past.values, copies[0])
    np.testing.assert_array_equal(new.values, copies[1])


def test_a_state_is_named_arrays_of_plain_numbers(detector):
    """It can be written and read without pickle and says the same afterwards, read-only arrays included."""
    past, new = halves(wave(days=3), 2)
    state = learned(detector, past)
    assert state.series == past.series
    file = io.BytesIO()
    np.savez(file, **{f"rows.{name}": array for name, array in state.rows.items()}, **state.shared)
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    for array in arrays.values():
        assert array.dtype.kind in "fiub"
        array.flags.writeable = False
    rows = {name.removeprefix("rows."): array for name, array in arrays.items() if name.startswith("rows.")}
    again = State(past.series, rows, {name: array for name, array in arrays.items() if not name.startswith("rows.")})
    np.testing.assert_array_equal(judged(detector, again, past, new), judged(detector, state, past, new))
    assert detector.update(again, new).series == past.series


def test_an_updated_state_has_exactly_the_series_of_the_frame(detector):
    """Series come, go and change places; those that stayed are still known."""
    frame = wave(series=4, days=3)
    past, new = halves(frame, 2.5)
    state = detector.fit(past.rows(np.array([0, 1, 2])))
    state = detector.update(state, new.rows(np.array([2, 3, 0])))
    assert state.series == (frame.series[2], frame.series[3], frame.series[0])
    np.testing.assert_array_equal(detector.ready(state)[[0, 2]], 1.0)


def test_nothing_to_look_at_is_fine(detector):
    """No series, or no samples, is an empty answer."""
    past, new = halves(wave(days=2.5), 2)
    state = learned(detector, past)
    context = past.columns(past.axis.size - detector.context, past.axis.size)
    assert detector.score(state, context).shape == (4, detector.context)
    nobody = Frame((), np.empty((0, new.axis.size)), new.axis)
    assert detector.score(detector.fit(nobody), nobody).shape == (0, new.axis.size)
    assert detector.update(state, nobody).series == ()


def test_a_sample_is_outside_the_band_exactly_when_it_is_stranger_than_the_bound(detector):
    """Just inside and just outside both edges agree with the strangeness, for several bounds."""
    past, new = halves(wave(series=6, days=5), 4)
    state = learned(detector, past)
    frame = join(past.columns(past.axis.size - detector.context, past.axis.size), new.columns(0, 1))
    for bound in (np.full(6, 0.5), np.linspace(1, 6, 6), np.full(6, 12.0)):
        band = detector.band(state, frame, bound)
        if np.isnan(band.lower[:, -1]).all():
            return
        width = band.upper - band.lower
        assert (width[:, -1] > 0).all()
        assert ((band.lower <= band.expected) & (band.expected <= band.upper))[:, -1].all()
        for edge, away in ((band.upper, 1), (band.lower, -1)):
            for push, outside in ((1e-6, True), (-1e-6, False)):
                values = frame.values.copy()
                values[:, -1] = (edge + away * push * width)[:, -1]
                strange = detector.score(state, frame.with_values(values))[:, -1] > bound
                np.testing.assert_array_equal(strange, outside)


def test_the_band_of_many_columns_agrees_with_their_strangeness(detector):
    """Over a block with spikes, a sample lies outside exactly when its strangeness is above the bound."""
    past, new = halves(wave(days=5), 4)
    new.values[:, ::37] += np.linspace(-15, 15, new.values[:, ::37].shape[1])
    state = learned(detector, past)
    frame = join(past.columns(past.axis.size - detector.context, past.axis.size), new)
    bound = np.array([1.0, 2.0, 3.0, 4.0])
    band = detector.band(state, frame, bound)
    known = ~np.isnan(band.lower)
    outside = (frame.values < band.lower) | (frame.values > band.upper)
    strange = detector.score(state, frame) > bound[:, None]
    np.testing.assert_array_equal(outside[known], strange[known])


def test_one_sweep_says_what_score_and_band_say(detector):
    """Who can say both at once gives the same bits; a glance expects the same value but for the edges' tolerance."""
    if not isinstance(detector, Sweeping):
        pytest.skip("says one after the other")
    past, new = halves(wave(series=3, days=3), 2)
    state, frame = learned(detector, past), new.columns(0, 30)
    frame.values[0, ::5] *= 3.0
    frame.values[1, ::7] = np.nan
    bound = np.array([0.2, 2.0, 5.0])
    strangeness, band = detector.sweep(state, frame, bound)
    np.testing.assert_array_equal(strangeness, detector.score(state, frame))
    alone = detector.band(state, frame, bound)
    for side in ("expected", "lower", "upper"):
        np.testing.assert_array_equal(getattr(band, side), getattr(alone, side))
    glanced, expected = detector.glance(state, frame, bound)
    np.testing.assert_array_equal(glanced, strangeness)
    np.testing.assert_allclose(expected, band.expected, rtol=1e-6)


def test_what_is_foreseen_comes_true(detector):
    """Who prepares for an instant says the same bits of its samples as without; whoever is missing stays so."""
    if not isinstance(detector, Foreseeing):
        pytest.skip("prepares nothing")
    past, new = halves(wave(series=3, days=3), 2)
    state, frame = learned(detector, past), new.columns(0, 1)
    frame.values[1] *= 3.0
    frame.values[2] = np.nan
    bound = np.array([0.2, 5.0, 5.0])
    ahead = detector.foresee(state, past.future(1), bound)
    assert ahead.is_for(state, frame, bound)
    np.testing.assert_array_equal(ahead.weigh(frame.values), detector.score(state, frame))
    plain = detector.band(state, new.columns(0, 1), bound)
    np.testing.assert_array_equal(
        [ahead.band.expected, ahead.band.lower, ahead.band.upper], [plain.expected, plain.lower, plain.upper]
    )
    np.testing.assert_array_equal(ahead.ready, detector.ready(state))


@pytest.mark.parametrize("side", [1, -1])
def test_a_spike_stands_out(detector, side):
    """One sample 20 sigma off, in either direction, is stranger than every quiet one and above its bound."""
    history = wave(days=5, swing=0)
    past, new = halves(history, 4)
    spiked = new.values.copy()
    spiked[:, 200] += side * 20 * SIGMA
    strangeness = judged(detector, learned(detector, past), past, new.with_values(spiked))
    np.testing.assert_array_equal(strangeness.argmax(axis=1), 200)
    assert (strangeness[:, 200] > bound_of(detector, past)).all()


def test_ordinary_noise_is_not_strange(detector):
    """Two quiet days after four cost at most one sample in a thousand above the bound."""
    past, new = halves(wave(series=8, days=6), 4)
    strangeness = judged(detector, learned(detector, past), past, new)
    assert (strangeness > bound_of(detector, past)[:, None]).mean() < 1e-3


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-6, 1e9, 2.0**53])
def test_a_constant_series_has_a_band_and_minds_a_change(detector, value):
    """The same value again scores 0, another one is strange, and the band is finite."""
    past, new = halves(wave(series=1, days=4.1), 4)
    past, new = past.with_values(np.full_like(past.values, value)), new.with_values(np.full_like(new.values, value))
    state = learned(detector, past)
    np.testing.assert_array_equal(judged(detector, state, past, new), 0.0)
    for other in (value * 1.5 if value else 1.0, value - max(1e-3, abs(value) * 0.01)):
        changed = new.values.copy()
        changed[:, 3] = other
        assert judged(detector, state, past, new.with_values(changed))[0, 3] > bound_of(detector, past)[0]
    frame = join(past.columns(past.axis.size - detector.context, past.axis.size), new.columns(0, 1))
    band = detector.band(state, frame, np.full(1, 4.0))
    if not np.isnan(band.lower[:, -1]).all():
        assert np.isfinite([band.lower[0, -1], band.upper[0, -1]]).all()
        assert band.lower[0, -1] <= value <= band.upper[0, -1]


def test_a_large_offset_costs_no_digits(detector):
    """The same noise on top of a thousand millions is judged the same."""
    past, new = halves(wave(series=2, days=4.5), 4)
    plain = judged(detector, learned(detector, past), past, new)
    past, new = past.with_values(past.values + 1e9), new.with_values(new.values + 1e9)
    np.testing.assert_allclose(judged(detector, learned(detector, past), past, new), plain, atol=0.01)


def test_hostile_numbers_leave_a_usable_state(detector):
    """The largest, smallest and oddest numbers neither break the series for good nor touch another one."""
    frame = wave(series=2, days=6)
    odd = [1e300, -1e300, 5e-324, -0.0, 2.0**53 + 1, 1e-300, 1.7e308, -1.7e308]
    frame.values[0, 300 : 300 + len(odd)] = odd
    past, new = halves(frame, 5)
    state = learned(detector, past)
    for name, array in state.rows.items():
        assert not np.isinf(array).any(), name
    strangeness = judged(detector, state, past, new)
    assert np.isfinite(strangeness).all()
    if not getattr(detector, "learns_across", False):
        alone = past.rows(np.array([1]))
        clean = judged(detector, learned(detector, alone), alone, new.rows([1]))
        np.testing.assert_array_equal(strangeness[1:], clean)


def test_a_gap_pages_nobody(detector):
    """Five hours without samples; what comes back on the usual curve is not strange."""
    past, new = halves(wave(series=8, days=5), 4)
    values = new.values.copy()
    values[:, 40:100] = np.nan
    strangeness = judged(detector, learned(detector, past), past, new.with_values(values))
    assert (np.nanmax(strangeness[:, 100:112], axis=1) <= bound_of(detector, past)).all()


def test_finer_columns_after_a_coarse_history_page_nobody(detector):
    """Learned from five-minute samples, a quiet day of 15-second samples is quiet and a spike still stands out."""
    past = wave(series=3, days=4, swing=1)
    new = wave(series=3, days=0.5, step=15, start=past.axis.end + 15, seed=2, swing=1)
    context = new.columns(0, detector.context)
    fresh = new.columns(detector.context, new.axis.size)
    state, bound = learned(detector, past), bound_of(detector, past)[:, None]
    strangeness = judged(detector, state, context, fresh)
    assert (strangeness > bound).mean() < 1e-3
    fresh.values[:, -9] += 30 * SIGMA
    assert (judged(detector, state, context, fresh)[:, -9] > bound[:, 0]).all()


def test_a_lasting_shift_is_adopted(detector):
    """A new level is strange when it begins and usual after a day; it is not an alarm for ever."""
    past, new = halves(wave(days=6, swing=0), 4)
    strangeness = judged(detector, learned(detector, past), past, new.with_values(new.values + 20 * SIGMA))
    bound = bound_of(detector, past)
    assert (strangeness[:, :3].max(axis=1) > bound).all()
    assert (strangeness[:, DAY // 300 :] > bound[:, None]).mean() < 0.01


def test_a_new_level_after_a_withheld_stretch_is_adopted(detector):
    """Samples withheld for hours (NaN), then given again at a new level: usual again within a day."""
    past, new = halves(wave(days=6, swing=0), 4)
    values = new.values + 20 * SIGMA
    values[:, : 3 * HOUR // 300] = np.nan
    strangeness = judged(detector, learned(detector, past), past, new.with_values(values))
    assert (strangeness[:, DAY // 300 + 3 * HOUR // 300 :] > bound_of(detector, past)[:, None]).mean() < 0.01


def test_missing_samples_take_nothing_away(detector):
    """After ten columns of nothing a learned series is still ready."""
    past = wave(series=2, days=3)
    state = learned(detector, past)
    empty = Frame(names(2), np.full((2, 10), np.nan), Axis(past.axis.end + 300, 300, 10))
    frame = join(past.columns(past.axis.size - detector.context, past.axis.size), empty)
    np.testing.assert_array_equal(detector.ready(detector.update(state, frame)), 1.0)
