"""Slow and obvious twins of what the package computes fast."""

import itertools
import math
import struct

import numpy as np


def quantile_of_counts(counts, width, share):
    """Return the value below which a share of binned values lie, spread evenly within each bin."""
    counts = np.asarray(counts, float)
    filled = np.flatnonzero(counts)
    edges = np.concatenate([[0.0], np.cumsum(counts[filled])])
    k = min(int(np.searchsorted(edges[1:], share * counts.sum())), len(filled) - 1)
    return width * (filled[k] + (share * counts.sum() - edges[k]) / counts[filled[k]])


def accurate_mean(levels, errors):
    """Return the mean of levels, each weighted by the fourth power of its accuracy."""
    weights = [(min(errors) / error) ** 4 for error in errors]
    return sum(w * level for w, level in zip(weights, levels, strict=True)) / sum(weights)


def anomaly_signs(x, side, p, clip):
    """Return the signs of an anomaly beside the deviation's size, from their definitions, in the order of `Signs`."""

    def scaled(centre, per_scale):
        return side * (x - centre) * per_scale

    now = min(1, max(0, scaled(p.forecast, p.per_jump), scaled(p.usual, p.per_width)))
    sustained = side * p.held + p.slow_share * min(clip, max(-clip, scaled(p.usual, p.per_width)))
    far = max(scaled(p.mean, p.per_range), scaled(p.long_mean, p.per_long))
    extreme = scaled(p.high if side > 0 else p.low, p.per_reach)
    amounts = (scaled(p.usual, p.per_spread), sustained, far, extreme, scaled(p.base, p.per_base))
    return [now * math.log1p(max(0, amount)) for amount in amounts]


def additive_chance(told, at_rest, bends, slopes):
    """Return the chance beyond that at rest, whose log-odds rise with each number told, straight between the bends."""
    odds = at_rest
    for value, edges, steep in zip(told, bends, slopes, strict=True):
        low = 0.0
        for high, slope in zip([*edges, math.inf], steep, strict=True):
            odds += slope * (min(value, high) - min(value, low))
            low = high
    chance, rest = (1 / (1 + math.exp(-each)) for each in (odds, at_rest))
    return (chance - rest) / (1 - rest)


def deviation_size(x, forecast, jump, usual, width, sustained, allowed):
    """Return the size of a deviation from its definition: the larger of the sums of logarithms of both sides.

    Args:
        x: sample.
        forecast: short-term expectation, with scale `jump`.
        jump: its scale.
        usual: seasonal expectation, with scale `width`.
        width: its scale.
        sustained: for each sustained innovation: its value before this sample, this sample's share, its gain.
        allowed: scaled innovation that counts where there is no residual, and how much more for each width of one.
    """
    sides = []
    for side in (1, -1):
        u, z = side * (x - forecast) / jump, side * (x - usual) / width
        jumped = min(max(0, u), allowed[0] + allowed[1] * max(0, z))
        total = math.log1p(jumped) + math.log1p(max(0, z)) / 2
        for before, share, gain in sustained:
            now = side * before + share * min(8, max(-8, u))
            total += math.log1p(max(0, min(1, max(u, z))) * gain * max(0, now)) / 2
        sides.append(total)
    return max(sides)


def episodes(strangeness, bound, step):
    """Return how often one series went above its bound, crossings at most 15 minutes apart counted once."""
    count, last = 0, -math.inf
    for k, value in enumerate(strangeness):
        if value > bound:
            count += (k * step - last) > 900
            last = k * step
    return count


def rolling_median_and_mad(values, keep):
    """Return the median and the MAD of the last `keep` known samples before each, NaN skipped."""
    out = []
    for t in range(len(values)):
        known = [x for x in values[:t] if not math.isnan(x)][-keep:]
        middle = float(np.median(known)) if known else math.nan
        out.append((middle, float(np.median(np.abs(np.array(known) - middle))) if known else math.nan))
    return np.array(out).T


def pages(values, step, threshold, above, hold):
    """Return how often people are told: an alert fires when a breach lasted `hold`, 15 quiet minutes make it new."""
    since, told, last = {}, 0, None
    for column in range(values.shape[1]):
        now, firing = column * step, False
        for row in range(values.shape[0]):
            value = values[row, column]
            if value > threshold if above else value < threshold:
                firing |= now - since.setdefault(row, now) >= hold
            else:
                since.pop(row, None)
        if firing:
            told += last is None or now - last > 900
            last = now
    return told


def instant(samples, at, reach):
    """Return the value an instant query gives at a time: the newest sample that is not too old, None when it ended."""
    newest = max((sample for sample in samples if at - reach <= sample[0] <= at), key=lambda one: one[0], default=None)
    if newest is None or struct.pack("<d", newest[1]) == struct.pack("<Q", 0x7FF0000000000002):
        return None
    return newest[1]


def xor_chunk(samples):
    """Return samples (milliseconds, value) as Prometheus encodes a chunk, written bit by bit.

    Source: Prometheus tsdb/chunkenc/xor.go.
    """

    def uvarint(value):
        groups = [value >> shift & 127 for shift in range(0, max(1, value.bit_length()), 7)]
        return [*(group | 128 for group in groups[:-1]), groups[-1]]

    def spread(octets):
        return "".join(f"{octet:08b}" for octet in octets)

    bits, window, delta = "", None, 0
    for k, (time, value) in enumerate(samples):
        word = int.from_bytes(struct.pack(">d", value), "big")
        if k == 0:
            bits += spread(uvarint(time << 1)) + f"{word:064b}"
            before, last = word, time
            continue
        step, last = time - last, time
        if k == 1:
            bits += spread(uvarint(step))
        else:
            bits += _second_difference(step - delta)
        delta = step
        change, before = before ^ word, word
        if not change:
            bits += "0"
            continue
        leading, trailing = min(31, 64 - change.bit_length()), (change & -change).bit_length() - 1
        if window and leading >= window[0] and trailing >= window[1]:
            bits += "10" + f"{change >> window[1]:0{64 - sum(window)}b}"
            continue
        window = leading, trailing
        size = 64 - leading - trailing
        bits += f"11{leading:05b}{size % 64:06b}{change >> trailing:0{size}b}"
    bits += "0" * (-len(bits) % 8)
    return len(samples).to_bytes(2, "big") + int(bits or "0", 2).to_bytes(len(bits) // 8, "big")


def _second_difference(change):
    """Return the change of a time's step in the shortest of five widths."""
    if change == 0:
        return "0"
    for mark, size in (("10", 14), ("110", 17), ("1110", 20), ("1111", 64)):
        if size == 64 or -(1 << size - 1) + 1 <= change <= 1 << size - 1:
            return mark + f"{change % (1 << size):0{size}b}"
    return ""


def defects(value, valid, largest, is_gap):
    """Return what is wrong with a sample: 0 not finite, 1 too large, 2 out of range, 3 measured on a gap."""
    if math.isnan(value):
        return []
    if math.isinf(value):
        return [0, 3] if is_gap else [0]
    is_out = not valid[0] <= value <= valid[1]
    return [k for k, is_so in ((1, abs(value) > largest), (2, is_out), (3, is_gap)) if is_so]


def fields(message):
    """Yield number and content of each field of a protobuf message: bytes, a whole number, or a float."""

    def whole(at):
        value = shift = 0
        while True:
            value |= (message[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if message[at - 1] < 128:
                return value, at

    at = 0
    while at < len(message):
        tag, at = whole(at)
        if tag & 7 == 2:
            size, at = whole(at)
            yield tag >> 3, message[at : at + size]
            at += size
        elif tag & 7 == 1:
            yield tag >> 3, struct.unpack("<d", message[at : at + 8])[0]
            at += 8
        else:
            value, at = whole(at)
            yield tag >> 3, value


def write_request(message):
    """Return a WriteRequest as text: a line for each series, its time in milliseconds before the value."""
    lines = []
    for _, series in fields(message):
        pairs = [tuple(text.decode() for _, text in fields(label)) for number, label in fields(series) if number == 1]
        assert pairs == sorted(pairs), "labels must be in order"
        (sample,) = (dict(fields(content)) for number, content in fields(series) if number == 2)
        shown = ",".join(f'{name}="{value}"' for name, value in pairs)
        lines.append(f"{{{shown}}} {sample[2]} {sample[1]!r}\n")
    return "".join(lines)


def victoria_window(times, step):
    """Return how long a sample lasts in VictoriaMetrics, milliseconds, by the first twenty intervals of its series."""
    between = sorted(b - a for a, b in itertools.pairwise(times[:21]))
    interval = int(np.quantile(between, 0.6)) if between else step
    factors = [(2_000, 5), (4_000, 3), (8_000, 2), (16_000, 1.5), (32_000, 1.25)]
    return int(interval * next((factor for most, factor in factors if interval <= most), 1.125))
