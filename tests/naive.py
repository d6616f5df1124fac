"""Slow and obvious twins of what the package computes fast."""

import math

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
