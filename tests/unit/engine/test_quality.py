"""What cannot be true is a fault, not an anomaly."""

import naive
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.signals import Signal, Traffic
from offkey.engine.quality import LARGEST, companion, examine
from offkey.models.plausible import sifted


def test_impossible_samples_become_missing_and_a_fault(framed):
    """Only the newest column is reported; its neighbours keep their values."""
    signal = Signal("share", "share", valid=(0.0, 1.0))
    found = examine(signal, framed([0.5, np.inf], [2.0, 0.5], [0.1, 1.5], [0.1, np.nan], [0.1, 1e200]), None)
    np.testing.assert_array_equal(
        found.frame.values, [[0.5, np.nan], [np.nan, 0.5], [0.1, np.nan], [0.1, np.nan], [0.1, np.nan]]
    )
    assert [(fault.kind, fault.labels["name"], fault.detail) for fault in found.faults] == [
        ("not_finite", "a", "found inf"),
        ("too_large", "e", "found 1e+200, beyond 1e+100"),
        ("out_of_range", "c", "found 1.5, outside valid_range 0 to 1"),
        ("out_of_range", "e", "found 1e+200, outside valid_range 0 to 1"),
    ]


def test_without_traffic_nothing_is_judged(framed):
    """Below the floor, and where the companion has no series, samples are unknown, and that is no fault."""
    signal = Signal("share", "share", kind="ratio", traffic=Traffic("rate", 2.0, events_per_unit=300.0))
    traffic = Frame((Labels.of(name="a"),), np.array([[1.0, 2.0]]), Axis(0, 60, 2))
    found = examine(signal, framed([0.5, 0.6], [0.7, 0.8]), traffic)
    np.testing.assert_array_equal(found.frame.values, [[np.nan, 0.6], [np.nan, np.nan]])
    np.testing.assert_array_equal(found.events, [[300.0, 600.0], [np.nan, np.nan]])
    assert found.faults == ()


def test_traffic_is_matched_on_the_labels_it_carries():
    """A coarser companion serves every finer series."""
    series = (Labels.of(region="eu", code="500"), Labels.of(region="us", code="500"), Labels.of(region="af"))
    traffic = Frame((Labels.of(region="us"), Labels.of(region="eu")), np.array([[1.0], [2.0]]), Axis(0, 60, 1))
    np.testing.assert_array_equal(companion(traffic, series), [[2.0], [1.0], [np.nan]])


ODD = [np.nan, np.inf, -np.inf, -1.0, 0.0, 0.5, 1.0, 1.5, 1e99, 1e101, -1e101]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(ODD), min_size=3, max_size=3), min_size=1, max_size=4),
    st.sampled_from([(0.0, 1.0), (-np.inf, np.inf), (0.5, np.inf), (-1e300, 1e300)]),
    st.integers(0, 2**31),
)
def test_one_pass_agrees_with_looking_at_each_sample(rows, valid, seed):
    """Every defect, gaps and too little traffic, alone and together."""
    values, rng = np.array(rows), np.random.default_rng(seed)
    few, volume = rng.random(values.shape) < 0.3, rng.choice([np.nan, 0.0, 1.0, 2.0], values.shape)
    for gaps, amount in ((None, None), (few, None), (None, volume), (few, volume)):
        found, newest = sifted(values, (*valid, LARGEST), gaps, amount, 1.0)
        for row, column in np.ndindex(values.shape):
            flags = naive.defects(values[row, column], valid, LARGEST, bool(gaps is not None and gaps[row, column]))
            is_enough = amount is None or amount[row, column] >= 1.0
            expected = values[row, column] if is_enough and not flags else np.nan
            np.testing.assert_equal(found[row, column], expected)
            assert column < 2 or newest[row] == sum(1 << k for k in flags)
