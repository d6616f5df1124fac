"""Two bytes for a number."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from offkey.models.shortening import lengthened, shortened


@given(st.floats(-1e30, 1e30, allow_subnormal=False))
def test_a_number_comes_back_within_a_share_of_itself(value):
    """Half a unit of the eighth digit, however large or small it is."""
    assert abs(lengthened.py_func(shortened.py_func(value)) - value) <= abs(value) / 256 + 1e-37


def test_nothing_and_unknown_stay_what_they_are():
    """Blank rows are 0, and NaN is NaN."""
    assert lengthened.py_func(0) == shortened.py_func(0.0) == 0
    assert np.isnan(lengthened.py_func(shortened.py_func(np.nan)))
