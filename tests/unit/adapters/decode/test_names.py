import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.adapters.decode.names import Names


def numbers(known, texts):
    """Return the numbers of texts that lie one after the other in a message."""
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    starts = ends - np.array([len(text) for text in texts], np.int64)
    return known.numbers(b"".join(texts), starts, ends).tolist()


@settings(max_examples=50)
@given(st.lists(st.lists(st.sampled_from([b"", b"a", b"b", b"ab", b"ba", b"abc" * 20]), max_size=8), max_size=6))
def test_texts_are_numbered_as_they_come(messages):
    """Whatever their order, each text has the number it had before, and new ones the next."""
    known, expected = Names(), {}
    for texts in messages:
        assert numbers(known, texts) == [expected.setdefault(text, len(expected)) for text in texts]
    assert len(known) == len(expected)


def test_room_is_made_for_many():
    """More texts, and longer ones, than there was room for at first."""
    texts = [b"%d" % k * (1 + k % 90) for k in range(5_000)]
    known = Names()
    for _ in range(2):
        assert numbers(known, texts) == list(range(5_000))


def test_the_same_order_is_not_looked_up(monkeypatch):
    """A message like the last one, or the rest of it, costs at most one look."""
    known, texts = Names(), [b"a", b"b", b"c", b"d"]
    numbers(known, texts)
    looked = []
    monkeypatch.setattr(Names, "_number", lambda self, text: looked.append(text) or self._known[text])
    assert numbers(known, texts) == [0, 1, 2, 3]
    assert looked == []
    assert numbers(known, texts[2:]) == [2, 3]
    assert looked == [b"c"]


@pytest.mark.parametrize("size", [0, 1])
def test_an_empty_message_has_no_numbers(size):
    """Nothing to number, or one text without a byte."""
    assert numbers(Names(), [b""] * size) == [0] * size
