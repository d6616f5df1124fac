"""One budget for several alerts."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.engine.sharing import Limit, Offer, chosen, scaled

NAMES = st.sampled_from("abcd")


def limit(names, per_week):
    """Return a limit on some signals."""
    return Limit(frozenset(names), per_week)


def test_budgets_are_lowered_in_proportion():
    """A team's limit comes first, then the fleet's; who asked for less keeps less, and nothing is raised."""
    asked = {"a": 2.0, "b": 1.0, "c": 4.0}
    assert scaled(asked, []) == asked
    assert scaled(asked, [limit("ab", 6.0)]) == asked
    assert scaled(asked, [limit("ab", 1.5)]) == {"a": 1.0, "b": 0.5, "c": 4.0}
    assert scaled(asked, [limit("ab", 1.5), limit("abc", 2.75)]) == {"a": 0.5, "b": 0.25, "c": 2.0}
    assert scaled({"a": 1.0, "b": 1.0, "c": 1.0}, [limit("abc", 2.0)]) == dict.fromkeys("abc", 0.666)


@given(st.dictionaries(NAMES, st.floats(0.01, 100), min_size=4), st.floats(0.01, 50), st.floats(0.01, 50))
def test_no_limit_is_ever_exceeded(asked, team, fleet):
    """Whatever is asked for, the sums keep the limits, and no budget is raised or lost."""
    found = scaled(asked, [limit("ab", team), limit("abcd", fleet)])
    assert found["a"] + found["b"] <= team * (1 + 1e-9)
    assert sum(found.values()) <= fleet * (1 + 1e-9)
    assert all(0 < found[name] <= asked[name] for name in asked)


@pytest.mark.parametrize("per_week", [0.5, 1.0, 2.5, 4.0])
def test_pages_go_where_they_tell_people_earliest(per_week):
    """With offers of falling returns in steps of one size the greedy choice is the best of all."""
    offers = {
        "a": [Offer(0.5, 0.25, 600), Offer(1, 0.75, 200), Offer(2, 1.25, 100)],
        "b": [Offer(0.5, 0.25, 900), Offer(1, 0.75, 850), Offer(2, 1.25, 840)],
        "c": [Offer(0.5, 0.0, 300), Offer(1, 0.5, 30), Offer(2, 1.0, 20)],
    }
    found = chosen(offers, [limit("abc", per_week)])
    best = min(
        sum(one.delay for one in menu)
        for menu in product(*offers.values())
        if sum(one.cost for one in menu) <= per_week
    )
    assert sum(one.delay for one in found.values()) == best
    assert sum(one.cost for one in found.values()) <= per_week


DELAYS = st.floats(0, 3600) | st.just(float("inf"))
OFFERS = st.lists(st.builds(Offer, st.floats(0.1, 5), st.floats(0, 5), DELAYS), min_size=1, max_size=4)


@settings(max_examples=60)
@given(st.fixed_dictionaries(dict.fromkeys("abc", OFFERS)), st.floats(0, 8), st.floats(0, 12))
def test_nothing_that_fits_is_left_out(offers, team, fleet):
    """Limits hold unless the cheapest offers already break them, and no cheaper and earlier offer is passed over."""
    limits = [limit("ab", team), limit("abc", fleet)]
    found = chosen(offers, limits)
    for one in limits:
        least = sum(min(offer.cost for offer in offers[name]) for name in one.signals)
        assert sum(found[name].cost for name in one.signals) <= max(one.per_week, least) + 1e-9
    for name, menu in offers.items():
        assert not any(one.cost <= found[name].cost and one.delay < found[name].delay for one in menu)
