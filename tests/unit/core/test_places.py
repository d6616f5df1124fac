import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.core.labels import Labels
from offkey.core.places import REMEMBERED, by_identity, places

SERIES = st.lists(st.sampled_from([Labels.of(name=name) for name in "abcdefgh"]), unique=True).map(tuple)


@settings(max_examples=50)
@given(SERIES, SERIES)
def test_places_agree_with_looking_for_each(series, among):
    """Each series is found where it stands, in any order, and -1 says that it is not there."""
    expected = [among.index(labels) if labels in among else -1 for labels in series]
    assert places(series, among).tolist() == expected


def test_what_is_remembered_belongs_to_the_very_same_objects():
    """Equal arguments are looked at anew, the same ones are not, and old answers are forgotten in the end."""
    asked = []
    length = by_identity(lambda given: asked.append(given) or len(given))
    first, equal = tuple("ab"), tuple("ab".upper().lower())
    assert [length(first), length(first), length(equal)] == [2, 2, 2]
    assert [one is first for one in asked] == [True, False]
    for size in range(REMEMBERED):
        length(tuple(range(size)))
    length(first)
    assert asked[-1] is first


def test_an_answer_cannot_be_changed():
    """Whoever got it shares it with the next."""
    one = (Labels.of(name="a"),)
    assert not places(one, one).flags.writeable
    np.testing.assert_array_equal(places(one, one), [0])
