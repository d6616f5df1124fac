"""What every file in the folder of stores promises; a new file is tested without an edit.

A store is built without arguments, or with a path in a fresh folder when it asks for one called `folder`.
"""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from offkey.core.labels import Labels
from offkey.core.plugins import load, names
from offkey.core.state import Learned, State

PACKAGE = "offkey.adapters.stores"
NAMES = names(PACKAGE)
DTYPES = st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.uint8, np.int32])
LABELS = st.dictionaries(st.text(min_size=1, max_size=6), st.text(st.characters(), max_size=9), max_size=3).map(
    Labels.of
)
ARRAY_NAMES = st.text(max_size=8)


def arrays(shape):
    """Draw an array of any kept type and this shape."""
    return DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, shape))


@st.composite
def states(draw):
    """Draw a state with hostile names and labels, NaN, infinities, empty arrays."""
    series = tuple(draw(st.lists(LABELS, max_size=4, unique=True)))
    trailing = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)
    rows = draw(st.dictionaries(ARRAY_NAMES, trailing.flatmap(lambda rest: arrays((len(series), *rest))), max_size=3))
    shared = draw(st.dictionaries(ARRAY_NAMES, trailing.flatmap(arrays), max_size=2))
    return State(series, rows, shared)


LEARNED = st.builds(Learned, st.dictionaries(st.text(max_size=8), states(), max_size=3), st.integers(-(2**62), 2**62))


def built(name, folder):
    """Return a store of a kind."""
    made = load(PACKAGE, name).Store
    return made(folder) if "folder" in inspect.signature(made).parameters else made()


@pytest.fixture(params=NAMES)
def store(request, tmp_path):
    """Return a fresh store of each kind."""
    return built(request.param, tmp_path / "state")


def one(value=1.0, until=60):
    """Return something small that was learned."""
    series = (Labels.of(pod="a"), Labels.of(pod="b"))
    return Learned({"detector": State(series, {"level": np.full(2, value)}, {"width": np.array([value])})}, until)


def assert_same(found, expected):
    """Compare everything: order of names, label sets, types, shapes and bits."""
    assert found is not None
    assert found.until == expected.until
    assert list(found.states) == list(expected.states)
    for name, state in expected.states.items():
        assert found.states[name].series == state.series
        for part in ("rows", "shared"):
            ours, theirs = getattr(found.states[name], part), getattr(state, part)
            assert list(ours) == list(theirs)
            for key, array in theirs.items():
                assert ours[key].dtype == array.dtype
                assert ours[key].shape == array.shape
                assert ours[key].tobytes() == array.tobytes()


def test_there_are_stores():
    """The folder is found."""
    assert {"file", "memory"} <= set(NAMES)


@pytest.fixture(scope="module")
def shared_stores(tmp_path_factory):
    """Return one store of each kind for all drawn examples."""
    return {name: built(name, tmp_path_factory.mktemp("stores") / name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(learned=LEARNED, key=st.text(st.characters(), max_size=60))
def test_what_comes_back_is_what_was_saved(shared_stores, name, learned, key):
    """Any key, names, labels, numbers and shapes survive to the bit."""
    store = shared_stores[name]
    store.save(key, learned)
    assert_same(store.load(key), learned)
    store.forget(key)


def test_an_unknown_key_has_nothing(store):
    """None, no error."""
    assert store.load("nothing") is None
    assert not list(store.keys())


def test_saving_again_replaces(store):
    """The last one counts; other keys are untouched."""
    store.save("a", one(1.0))
    store.save("b", one(5.0))
    store.save("a", one(2.0, until=120))
    assert_same(store.load("a"), one(2.0, until=120))
    assert_same(store.load("b"), one(5.0))
    assert sorted(store.keys()) == ["a", "b"]


def test_forgetting_leaves_nothing(store):
    """Earlier generations do not come back; forgetting twice is fine."""
    store.save("a", one(1.0))
    store.save("a", one(2.0))
    store.forget("a")
    store.forget("a")
    assert store.load("a") is None
    assert not list(store.keys())


def test_keys_that_look_alike_are_not_mixed_up(store):
    """Names that a file system may fold, and long ones, are different keys."""
    keys = ["a/b", "a-b", "A-B", "a b", "../a", "ä", "", ".", "k" * 300, "k" * 299]
    for number, key in enumerate(keys):
        store.save(key, one(float(number)))
    assert sorted(store.keys()) == sorted(keys)
    for number, key in enumerate(keys):
        assert_same(store.load(key), one(float(number)))


def test_what_is_kept_is_out_of_the_callers_reach(store):
    """Changing arrays after saving, or arrays that were loaded, changes nothing that is kept."""
    learned = one(1.0)
    store.save("a", learned)
    learned.states["detector"].rows["level"][:] = 7.0
    loaded = store.load("a")
    loaded.states["detector"].rows["level"][:] = 8.0
    assert_same(store.load("a"), one(1.0))


def test_arrays_in_any_memory_order_come_back(store):
    """Transposed and strided arrays are kept by their values; big-endian ones too."""
    grid = np.arange(12.0).reshape(3, 4)
    series = tuple(Labels.of(pod=str(k)) for k in range(4))
    store.save("a", Learned({"m": State(series, {"t": grid.T, "s": grid.ravel()[::3], "b": grid.T.astype(">f8")})}, 0))
    rows = store.load("a").states["m"].rows
    np.testing.assert_array_equal(rows["t"], grid.T)
    np.testing.assert_array_equal(rows["s"], [0.0, 3.0, 6.0, 9.0])
    np.testing.assert_array_equal(rows["b"], grid.T)
