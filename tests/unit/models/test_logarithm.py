"""The logarithm and the exponential of compiled code."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offkey.models.kernels import door
from offkey.models.logarithm import ex, ln


@door
def logarithms(values, out):
    """Write the logarithm of each value, as many at once as the machine takes."""
    for k in range(len(values)):
        out[k] = ln(values[k])


@door
def exponentials(values, out):
    """Write the exponential of each value, as many at once as the machine takes."""
    for k in range(len(values)):
        out[k] = ex(values[k])


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=20))
def test_the_exponential_is_the_one_of_the_library(values):
    """To within five units of the last digit."""
    out = np.empty(len(values))
    exponentials(np.array(values), out)
    np.testing.assert_allclose(out, [math.exp(value) for value in values], rtol=1e-15)


def test_the_exponential_of_nothing_is_one():
    """Exactly; and far out it stays the one of 700, as a number that others can be divided by."""
    assert ex(0.0) == 1.0
    assert ex(1e9) == ex(700.0)
    assert ex(-1e9) == ex(-700.0) > 0.0


@given(st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=20))
def test_it_is_the_one_of_the_library(values):
    """To within two units of the last digit of the larger of 1 and the result."""
    out = np.empty(len(values))
    logarithms(np.array(values), out)
    np.testing.assert_allclose(out, [math.log(value) for value in values], rtol=5e-16, atol=5e-16)


def test_the_logarithm_of_one_is_nothing():
    """Exactly."""
    assert ln(1.0) == 0.0


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_has_none(value):
    """NaN, never a number."""
    assert math.isnan(ln(value))
    assert math.isnan(ex(value))
