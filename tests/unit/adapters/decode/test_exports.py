"""Exports of VictoriaMetrics, as the server writes them."""

import json

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.adapters.decode.exports import exported, lasting
from offkey.adapters.decode.roster import Roster
from offkey.adapters.sources._matrix import json_labels
from offkey.core.frame import Axis
from offkey.core.labels import Labels

AXIS = Axis(1_700_000_000, 60, 5)
T0 = AXIS.start * 1000
A, B = Labels.of(__name__="level", pod="a"), Labels.of(__name__="level", pod='"}é\n')


def told(*entries):
    """Return lines as the server writes them; values are texts."""
    return "".join(
        f'{{"metric":{json.dumps(dict(labels), separators=(",", ":"), ensure_ascii=False)},'
        f'"values":[{",".join(values)}],"timestamps":[{",".join(str(T0 + t) for t in times)}]}}\n'
        for labels, times, values in entries
    ).encode()


def read(body, axis=AXIS):
    """Return the decoded export."""
    return exported(body, axis, Roster(json_labels, 10))


def test_samples_stand_on_their_instants_with_every_digit():
    """Numbers, infinities in both spellings and missing ones, whatever stands in the labels."""
    found = read(
        told(
            (B, [-60_000, 0, 60_000, 120_000, 180_000, 240_000], ["1", "2.5e-7", "+Inf", '"-Infinity"', "null", "-3"]),
            (A, [-60_000, 0, 60_000, 120_000, 180_000, 240_000], ["1", "12345678901234567", "0.1", "NaN", "7", "-Inf"]),
        )
    )
    assert found.roll.series == (B, A)
    np.testing.assert_array_equal(found.values[0], [2.5e-7, np.inf, -np.inf, np.nan, -3])
    np.testing.assert_array_equal(found.values[1], [12345678901234567, 0.1, np.nan, 7, -np.inf])
    assert found.present.all()


def test_no_line_is_an_answer():
    """Nothing matched."""
    assert read(b"").roll.series == ()


@given(
    st.lists(st.integers(-400_000, 330_000), max_size=30, unique=True).map(sorted),
    st.sampled_from([15, 60, 300]),
)
@settings(max_examples=60)
def test_each_instant_has_the_newest_sample_of_the_servers_own_window(times, step):
    """As a range query there: a sample lasts a step, or somewhat longer than the time between the series' samples."""
    axis = Axis(AXIS.start, step, 7)
    values = [float(k) for k in range(len(times))]
    found = read(told((A, times, [repr(value) for value in values])), axis)
    window = max(step * 1000, naive.victoria_window(times, step * 1000))
    expected = [
        next((v for t, v in zip(times[::-1], values[::-1], strict=True) if at - window < t <= at), np.nan)
        for at in range(0, 7 * step * 1000, step * 1000)
    ]
    np.testing.assert_array_equal(found.values[0], expected)
    assert found.present[0] == (not np.isnan(expected).all())


@pytest.mark.parametrize(("interval", "window"), [(1, 5), (3, 9), (8, 16), (15, 22.5), (30, 37.5), (60, 67.5)])
def test_a_sample_lasts_somewhat_longer_than_the_time_to_the_next(interval, window):
    """The shorter the interval, the more jitter is allowed for."""
    assert lasting(np.arange(50) * interval * 1000, 1000) == window * 1000


LINE = told((A, [0, 60_000], ["1", "2"]))


@pytest.mark.parametrize(
    "body",
    [
        LINE[:-1],
        LINE + b"partial",
        LINE.replace(b"[1,2]", b"[1]"),
        LINE.replace(b"[1,2]", b"[1,,2]"),
        LINE.replace(b"[1,2]", b"[1,x]"),
        LINE.replace(b"[1,2]", b'[1,"2]'),
        LINE.replace(b"}\n", b"]\n"),
        LINE.replace(b"timestamps", b"times"),
        told((A, [60_000, 0], ["1", "2"])),
        b'{"status":"error"}\n',
    ],
)
def test_what_the_server_does_not_write_is_refused(body):
    """A whole answer or none."""
    with pytest.raises(ValueError, match="export"):
        read(body)


def test_a_body_cut_anywhere_is_refused():
    """Except between lines, where nothing tells; the transport tells of that."""
    for size in range(1, len(LINE)):
        with pytest.raises(ValueError, match="export"):
            read(LINE[:size])
