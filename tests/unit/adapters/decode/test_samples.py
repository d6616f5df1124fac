import contextlib
import struct
import zlib

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.adapters.decode.messages import field, read_labels, varint, write_labels
from offkey.adapters.decode.roster import Roster
from offkey.adapters.decode.samples import held
from offkey.adapters.decode.snappy import snapped, unsnapped
from offkey.core.frame import Axis
from offkey.core.labels import Labels

AXIS = Axis(1_700_000_000, 60, 5)
T0 = AXIS.start * 1000
REACH = 100_000
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
A, B = Labels.of(__name__="level", pod="a"), Labels.of(__name__="level", pod="b")

TIMES = st.lists(st.integers(-130_000, 330_000), max_size=12, unique=True).map(sorted)
VALUES = st.one_of(st.floats(), st.sampled_from([1.0, 2.0, 2.5, STALE]))


def told_samples(*entries):
    """Return a ReadResponse as Prometheus writes it."""

    def sample(time, value):
        bits = struct.pack("<d", value)
        return (b"" if bits == bytes(8) else b"\x09" + bits) + (b"\x10" + varint(time) if time else b"")

    series = (
        field(1, write_labels(labels.pairs) + b"".join(field(2, sample(T0 + t, v)) for t, v in samples))
        for labels, samples in entries
    )
    return field(1, b"".join(series))


def told_chunks(*entries, size=4, kind=1):
    """Return a stream of frames, each with one series and at most two chunks of so many samples."""
    frames = []
    for labels, samples in entries:
        cuts = [samples[k : k + size] for k in range(0, len(samples), size)]
        chunks = [
            field(
                2,
                b"\x08" + varint(T0 + cut[0][0]) + b"\x10" + varint(T0 + cut[-1][0]) + b"\x18" + varint(kind)
                + field(4, naive.xor_chunk([(T0 + t, v) for t, v in cut])),
            )
            for cut in cuts
        ]  # fmt: skip
        for k in range(0, max(1, len(chunks)), 2):
            message = field(1, write_labels(labels.pairs) + b"".join(chunks[k : k + 2]))
            frames.append(varint(len(message)) + zlib.crc32(message).to_bytes(4, "big") + message)
    return b"".join(frames)


def read(body, *, is_stream=False, most=10):
    """Return what is held of a body."""
    return held(body, AXIS, REACH, Roster(read_labels, most), is_stream=is_stream)


@settings(max_examples=60, deadline=None)
@given(TIMES, st.lists(VALUES, min_size=24, max_size=24), st.booleans())
def test_each_instant_has_the_newest_sample_that_is_young_enough(times, values, is_stream):
    """As samples and as chunks: what an instant query says, bit for bit; a series without any is not there."""
    first, second = list(zip(times, values, strict=False)), list(zip(times, values[12:], strict=False))
    body = told_chunks((A, first), (B, second)) if is_stream else told_samples((A, first), (B, second))
    found = read(body, is_stream=is_stream)
    assert found.roll.series == (A, B)
    for row, samples in enumerate((first, second)):
        expected = [naive.instant([(T0 + t, v) for t, v in samples], at * 1000, REACH) for at in AXIS.times.tolist()]
        np.testing.assert_array_equal(found.values[row], [np.nan if v is None else v for v in expected])
        assert found.present[row] == any(v is not None for v in expected)


def test_a_series_in_many_frames_is_one_series():
    """Chunks of one series may come in frames of their own."""
    samples = [(1_000 * k, float(k)) for k in range(-100, 200)]
    found = read(told_chunks((A, samples), (B, samples[:3]), size=7), is_stream=True)
    np.testing.assert_array_equal(found.values[0], [0, 60, 120, 180, 199])
    np.testing.assert_array_equal(found.values[1], [-98, np.nan, np.nan, np.nan, np.nan])


def test_samples_out_of_order_and_twice_change_nothing():
    """The newest counts, wherever it stands."""
    found = read(told_samples((A, [(60_000, 2.0), (0, 1.0), (59_000, 9.0), (60_000, 2.0)])))
    np.testing.assert_array_equal(found.values[0], [1, 2, 2, np.nan, np.nan])


def test_a_series_that_ended_is_missing_at_once():
    """The mark that ends a series is not held, and neither is what was before it."""
    found = read(told_samples((A, [(0, 1.0), (30_000, STALE)]), (B, [(-90_000, 3.0), (-80_000, STALE)])))
    np.testing.assert_array_equal(found.values[0], [1, *[np.nan] * 4])
    assert found.present.tolist() == [True, False]


def test_no_series_is_an_answer():
    """Neither form needs one."""
    assert read(told_samples()).roll.series == read(b"", is_stream=True).roll.series == read(b"").roll.series == ()


def test_histograms_are_named_and_left_out():
    """As samples they have a field, as chunks a kind of their own."""
    body = field(1, field(1, write_labels(A.pairs) + field(4, b"\x08\x01")))
    found = read(body)
    assert (found.histograms.tolist(), found.present.tolist()) == ([True], [False])
    found = read(told_chunks((A, [(0, 1.0)]), kind=2), is_stream=True)
    assert (found.histograms.tolist(), found.present.tolist()) == ([True], [False])


def test_beyond_the_cap_nothing_is_decoded():
    """The series that stay are whole."""
    found = read(told_samples((A, [(0, 1.0)]), (B, [(0, 2.0)])), most=1)
    assert len(found.roll.series) == len(found.values) == 1
    assert found.values[0, 0] == {A: 1.0, B: 2.0}[found.roll.series[0]]


BODIES = {
    False: told_samples((A, [(0, 1.0), (60_000, 2.5)]), (B, [(0, 7.25)])),
    True: told_chunks((A, [(5_000 * k, k * 1.1) for k in range(9)]), (B, [(0, 1.0), (7, 1.0), (60_000, 5e-324)])),
}


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_body_cut_anywhere_is_refused(is_stream):
    """Nothing of half a message is used; a stream may end between two frames, which HTTP itself notices."""
    body = BODIES[is_stream]
    for size in range(1, len(body)):
        if not (is_stream and _ends_a_frame(body, size)):
            with pytest.raises(ValueError, match=r"not a|malformed"):
                read(body[:size], is_stream=is_stream)


def _ends_a_frame(body, size):
    at = 0
    while at < size:
        at += 5 + body[at] if body[at] < 128 else 6 + (body[at] & 127 | body[at + 1] << 7)
    return at == size


@settings(max_examples=400, deadline=None)
@given(st.booleans(), st.integers(0, 10_000), st.binary(min_size=1, max_size=10), st.integers(0, 5))
def test_a_damaged_body_is_a_whole_one_or_an_error(is_stream, place, damage, removed):
    """Bytes changed anywhere never raise anything else, nor are samples read that are not there."""
    body = BODIES[is_stream]
    at = place % len(body)
    with contextlib.suppress(ValueError):
        read(body[:at] + damage + body[at + removed :], is_stream=is_stream)


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.text(st.characters(exclude_categories=["Cs"])),
        max_size=4,
    )
)
def test_labels_survive_the_way_there_and_back(names):
    """Any text; an empty value is no label."""
    labels = Labels.of(names)
    assert read_labels(write_labels(labels.pairs)) == labels


@pytest.mark.parametrize(
    "text",
    [
        b"\x0a",
        b"\x0a\x05",
        b"\x12\x00",
        b"\x0a\x03\x0a\x05a",
        b"\x0a\x02\x1a\x00",
        b"\x0a\x03\x0a\x01\xff",
        b"\xff" * 11,
    ],
)
def test_what_are_no_labels_is_refused(text):
    """Cut, another field, or no UTF-8."""
    with pytest.raises(ValueError, match=r"malformed|decode"):
        read_labels(text)


def test_a_block_declares_its_size_before_it_takes_memory():
    """Beyond the cap, and where the declaration is false, nothing is unpacked."""
    block = snapped(bytes(1_000))
    assert unsnapped(block, 1_000) == bytes(1_000)
    with pytest.raises(OverflowError):
        unsnapped(block, 999)
    for wrong in (b"", b"\xff", block[:-1], b"\x05" + block[2:]):
        with pytest.raises(ValueError, match="snappy"):
            unsnapped(wrong, 10_000)
