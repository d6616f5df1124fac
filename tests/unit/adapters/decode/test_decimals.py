import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.adapters.decode.decimals import decimal
from offkey.adapters.decode.matrices import PADDING

TIES = [
    "9007199254740993",
    "9007199254740992.5",
    "8.5e22",
    "1e23",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
]
EDGES = ["0", "-0", "5e-324", "1e-400", "2.2250738585072011e-308", "2.2250738585072014e-308", "1.7976931348623157e308"]
LONG = ["123456789012345680000", "0.00000000000000000000000000012", "1234567890123456789", "0.10000000000000001000"]


def read(text):
    """Return the number at the start of a text, and the place after it."""
    bits, at = decimal(np.frombuffer(text.encode() + PADDING, np.uint8), 0)
    return np.array([bits], np.uint64).view(np.float64)[0], at


@pytest.mark.parametrize("text", [*TIES, *EDGES, *LONG, "+Inf", "-Inf", "Inf", "NaN"])
def test_a_number_is_the_nearest_float(text):
    """Ties, subnormal numbers, the largest one and long rows of digits are what Python makes of them."""
    value, at = read(text)
    assert at == len(text)
    np.testing.assert_equal(value, float(text))


@settings(max_examples=500, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["r", ".17g", ".15g", ".18e", ".4f"]))
def test_any_number_in_any_form_is_the_nearest_float(number, form):
    """Bit for bit, or not read at all when more than 19 digits matter."""
    text = repr(number) if form == "r" else format(number, form)
    value, at = read(text)
    if at < 0:
        digits = text.strip("-0.").split("e")[0].replace(".", "")
        assert len(digits) > 19 or np.isinf(float(text))
    else:
        assert (np.float64(value).tobytes(), at) == (np.float64(text).tobytes(), len(text))


@pytest.mark.parametrize(
    "text", ["", "-", "x", ".5", "1.", "1e", "1e+", "1e123456", "1e999", "--1", "Nan", "I", "1" * 20]
)
def test_what_is_no_number_to_be_sure_of_is_refused(text):
    """Nothing, half a number, an overflow, and more digits than can be counted exactly."""
    assert read(text)[1] == -1
