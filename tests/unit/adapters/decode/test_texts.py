"""Comparing bytes inside arrays."""

import numpy as np
import pytest

from offkey.adapters.decode.texts import is_same


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 40])
def test_every_byte_counts_and_no_other(size):
    """Wherever both stand: one changed byte is seen, those before and behind are not looked at."""
    random = np.random.default_rng(size)
    text = random.integers(0, 256, 60, np.uint8)
    body = np.concatenate([random.integers(0, 256, 5, np.uint8), text, random.integers(0, 256, 3, np.uint8)])
    assert is_same(body, 5 + 11, text, 11, size)
    for k in range(size):
        changed = body.copy()
        changed[5 + 11 + k] ^= np.uint8(1 << k % 8)
        assert not is_same(changed, 5 + 11, text, 11, size)
    body[: 5 + 11] ^= np.uint8(255)
    body[5 + 11 + size :] ^= np.uint8(255)
    assert is_same(body, 5 + 11, text, 11, size)
