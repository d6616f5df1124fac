"""Levels that a past reached no more often than people want to be told, for rules with `for` and `keep_firing_for`."""

from dataclasses import dataclass

import numpy as np

from offkey.core.durations import WEEK
from offkey.core.frame import Array, BoolArray
from offkey.models.tune.budget import MERGE

# Candidate levels: the highest ones each, the rest by rank.
_EACH, _BY_RANK = 400, 400
_LEAST_PEAKS = 20  # episodes that a tail is fitted to
_BASE = 0.95  # quantile above which the tail begins
_FEW = 3.0  # fewer allowed pages than this are extended along the tail


@dataclass(frozen=True, slots=True)
class Level:
    """A level, the usual value, and what the level would have cost.

    Attributes:
        value: in the series' own unit.
        typical: median of all samples, same unit.
        pages_per_week: how often people would have been told on the past.
    """

    value: float
    typical: float
    pages_per_week: float


def level(
    values: Array, step: int, budget_per_week: float, *, above: bool, hold: int = 0, keep: int = 0
) -> Level | None:
    """Return the earliest level that stays within a budget at itself and everywhere beyond.

    Args:
        values: samples, shape (S, T), NaN is missing.
        step: seconds between columns.
        budget_per_week: pages a week over all series; what goes off together is one page.
        above: whether the alert is on values above the level, or below it.
        hold: `for`, seconds a breach must last.
        keep: `keep_firing_for`, seconds an alert outlasts its breach.

    Returns:
        None where no sample is there, or where no level lies beyond what is usual.
    """
    present = values[np.isfinite(values)]
    highest = _highest(values, step, hold, above)
    reached = np.unique(highest[np.isfinite(highest)])
    if not present.size or not reached.size:
        return None
    sign = 1.0 if above else -1.0
    typical = float(np.median(present))
    weeks = values.shape[1] * step / WEEK
    allowed = budget_per_week * weeks
    gap = MERGE + keep
    chosen = float(reached[-1])
    for candidate in _candidates(reached)[::-1]:
        if _starts(highest > candidate, step, gap) > np.floor(allowed):
            break
        chosen = float(candidate)
    if allowed < _FEW:
        chosen = max(chosen, _tail(highest, step, gap, allowed))
    if chosen <= sign * typical:
        return None
    return Level(sign * chosen, typical, _starts(highest > chosen, step, gap) / weeks)


def pages_per_week(
    values: Array, step: int, threshold: float, *, above: bool, or_equal: bool = False, hold: int = 0, keep: int = 0
) -> float:
    """Return what a threshold would have cost on a past, in pages a week; the arguments are those of `level`."""
    highest, edge = _highest(values, step, hold, above), threshold if above else -threshold
    over = highest >= edge if or_equal else highest > edge
    return float(_starts(over, step, MERGE + keep) * WEEK / (values.shape[1] * step))


def _highest(values: Array, step: int, hold: int, above: bool) -> Array:
    """Return, at each instant, the level below which some series stayed long enough to fire, shape (T,)."""
    turned = values if above else -values
    turned = np.where(np.isnan(turned), -np.inf, turned)
    size = hold // step + 1
    padded = np.pad(turned, ((0, 0), (size - 1, 0)), constant_values=-np.inf)
    held = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1).min(axis=2)
    return np.asarray(held.max(axis=0, initial=-np.inf))


def _candidates(reached: Array) -> Array:
    """Return the highest levels each, and of the others as many as matter, ascending."""
    rest, top = reached[:-_EACH], reached[-_EACH:]
    if rest.size > _BY_RANK:
        rest = rest[np.linspace(0, rest.size - 1, _BY_RANK).astype(np.int64)]
    return np.concatenate([rest, top])


def _starts(over: BoolArray, step: int, gap: int) -> int:
    columns = np.flatnonzero(over)
    return int(columns.size > 0) + int(np.count_nonzero(np.diff(columns) * step > gap))


def _tail(highest: Array, step: int, gap: int, allowed: float) -> float:
    """Return the level that so many episodes are expected to exceed, by an exponential tail of the peaks.

    The median excess measures the tail, so that a few real incidents do not.
    """
    finite = highest[np.isfinite(highest)]
    base = float(np.quantile(finite, _BASE))
    columns = np.flatnonzero(highest > base)
    if not columns.size or allowed <= 0:
        return base
    begins = np.concatenate([[0], np.flatnonzero(np.diff(columns) * step > gap) + 1])
    peaks = np.maximum.reduceat(highest[columns], begins) - base
    if len(peaks) < _LEAST_PEAKS:
        return base
    scale = float(np.median(peaks)) / np.log(2)
    return float(base + scale * max(0.0, np.log(len(peaks) / allowed)))
