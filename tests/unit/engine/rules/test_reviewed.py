import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rulecases import NUMBERS, evidence, reviewed_bounds

from offkey.core.rules import ReviewedBound
from offkey.engine.rules.reviewed import Constants, keep, number, tidy


@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2"), (0.913, "0.913"), (-0.5, "-0.5"), (1e-05, "1e-05"), (3.2e9, "3200000000")]
)
def test_numbers_are_short(value, text):
    """A constant has no digits that say nothing."""
    assert number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_exactly(value):
    """What is written is the same number when read."""
    assert float(number(value)) == value


def test_three_digits_are_enough_for_most_constants():
    """Constants are rounded where rounding hardly moves them."""
    found = tidy(evidence(typical=0.966321, lower=(0.913184, 0.852199, 0.950444)))
    assert (found.typical, found.lower) == (0.966, ReviewedBound(0.913, 0.852, 0.95))


def test_digits_are_added_where_three_would_move_the_bound():
    """A bound close to a large typical value keeps the digits that tell them apart."""
    found = tidy(evidence(typical=1_000_000_000.0, upper=(1_000_001_234.0, 1_000_001_000.0, 1_000_009_000.0)))
    assert found.typical == 1_000_000_000.0
    assert found.upper.constant == pytest.approx(1_000_001_234.0, abs=12.34)
    assert found.upper.constant != found.typical


@given(NUMBERS, st.data())
def test_tidying_moves_no_constant_far(typical, draw):
    """Rounding moves a constant by at most 1 % of its distance from the typical value, and the order stays."""
    lower, upper = draw.draw(reviewed_bounds(typical, -1)), draw.draw(reviewed_bounds(typical, 1))
    found = tidy(dataclasses.replace(evidence(typical=typical), lower=lower, upper=upper))
    for old, new in ((lower, found.lower), (upper, found.upper)):
        room = abs(old.constant - typical)
        assert abs(new.constant - old.constant) <= 0.0101 * room
    assert found.lower.constant < found.typical < found.upper.constant


WRITTEN = Constants(0.966, {"lower": (0.913, 0.85, 0.95)})


def test_a_constant_stays_within_the_dead_band():
    """A bound that moved by less than 5 % of its distance from the typical value stays as it is written."""
    found = keep(evidence(typical=0.9665, lower=(0.9145, 0.852, 0.951)), WRITTEN)
    assert (found.typical, found.lower) == (0.966, ReviewedBound(0.913, 0.85, 0.95))


def test_a_constant_moves_beyond_the_dead_band():
    """A bound that moved by more is written anew, with its envelope."""
    found = keep(evidence(typical=0.9665, lower=(0.917, 0.852, 0.951)), WRITTEN)
    assert (found.typical, found.lower) == (0.966, ReviewedBound(0.917, 0.852, 0.951))


def test_the_envelope_moves_beyond_the_dead_band():
    """An envelope that has become much wider is written anew although its constant hardly moved."""
    found = keep(evidence(typical=0.966, lower=(0.913, 0.7, 0.95)), WRITTEN)
    assert found.lower == ReviewedBound(0.913, 0.7, 0.95)


def test_a_newly_watched_side_is_written():
    """A side the file does not have comes from the evidence."""
    found = keep(evidence(typical=0.966, lower=(0.913, 0.85, 0.95), upper=(0.99, 0.98, 1.0)), WRITTEN)
    assert found.upper == ReviewedBound(0.99, 0.98, 1.0)


def test_adopted_constants_stay_however_far_the_new_ones_are():
    """What a person decided is kept until the person decides otherwise."""
    found = keep(evidence(typical=0.99, lower=(0.98, 0.97, 0.985)), WRITTEN, adopt=True)
    assert (found.typical, found.lower) == (0.966, ReviewedBound(0.913, 0.85, 0.95))


def test_old_constants_that_do_not_fit_the_new_give_way():
    """Constants whose mixture would be nonsense are all written anew."""
    new = evidence(typical=0.9, lower=(0.5, 0.4, 0.6), upper=(0.95, 0.93, 0.97))
    assert keep(new, Constants(0.966, {"upper": (0.95, 0.93, 0.97)})) == new


def test_a_file_without_envelope_keeps_its_constant():
    """The anomaly form writes constants only; the envelope then follows the evidence."""
    new = evidence(typical=0.966, lower=(0.914, 0.86, 0.95))
    found = keep(new, Constants(0.966, {"lower": (0.913, None, None)}))
    assert found.lower == ReviewedBound(0.913, 0.86, 0.95)
