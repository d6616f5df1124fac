"""The earliest alert that a budget of pages allows, found by replaying the whole alert over the past."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from offkey.core.durations import MINUTE, WEEK
from offkey.core.frame import Array, BoolArray
from offkey.models.alarms.firing import firing, pages
from offkey.models.alarms.tail import Tail
from offkey.models.tune.budget import MERGE

HOLDS = (0, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE)
DEAD_BANDS = (0.0, 0.2, 0.4)
KEEPS = (0, 5 * MINUTE, 15 * MINUTE)
LEVELS = 48
# Below so many pages in the past their count says little: the fitted tail speaks.
COUNTED = 6
PEAKS = 40  # that a tail is fitted to
# What a past says of the future is uncertain by half a page (Jeffreys' prior of a Poisson rate).
UNSEEN = 0.5
REFERENCES = 12  # strongest episodes that must be found early
# An alert that fires longer than this share of the time is no alert; few pages alone would let it.
MOST_FIRING = 0.02


@dataclass(frozen=True, slots=True)
class Setting:
    """How an alert on strangeness is set.

    Attributes:
        bound: strangeness at the bound.
        hold: `for`, seconds.
        dead_band: share of the bound below it in which an open alert stays open.
        keep: `keep_firing_for`, seconds.
    """

    bound: float
    hold: int
    dead_band: float
    keep: int


@dataclass(frozen=True, slots=True)
class Solution:
    """A setting and what it did to the past it was found on.

    Attributes:
        setting: the setting.
        counted_per_week: pages a week, replayed.
        expected_per_week: pages a week by count and tail together.
        delay: mean seconds from the start of a reference episode to the alert; those not found count whole.
    """

    setting: Setting
    counted_per_week: float
    expected_per_week: float
    delay: float


def fires(strangeness: Array, step: int, setting: Setting) -> BoolArray:
    """Return where an alert set like this fires on one series, (T,)."""
    release = setting.bound * (1 - setting.dead_band)
    return firing(strangeness, setting.bound, release, -(-setting.hold // step), setting.keep // step)


def solve(
    strangeness: Array,
    step: int,
    budget_per_week: float,
    holds: Sequence[int] = HOLDS,
    dead_bands: Sequence[float] = DEAD_BANDS,
    keeps: Sequence[int] = KEEPS,
    bounds: Array | None = None,
) -> Solution | None:
    """Return the setting that tells of the strongest past episodes first and stays within the budget.

    The number of pages does not fall evenly with the bound, so that every bound of a grid is replayed.

    Args:
        strangeness: one series' causal past, (T,), NaN = unknown or excluded.
        step: seconds between samples.
        budget_per_week: pages allowed.
        holds: seconds of `for` to try; those that are the same number of samples are tried once.
        dead_bands: shares to try.
        keeps: seconds of `keep_firing_for` to try.
        bounds: the only bounds to try, rising; None = a grid over what the past holds, and beyond.

    Returns:
        The best setting, None where the past holds nothing to set it by.
    """
    known = strangeness[~np.isnan(strangeness)]
    if known.size < 2 or known.max() <= 0:
        return None
    tried = {-(-hold // step): hold for hold in sorted(holds, reverse=True)}
    references = _references(strangeness, step, REFERENCES)
    found = [
        _weighed(strangeness, step, setting, found, references)
        for hold, dead_band, keep in product(sorted(tried.values()), dead_bands, keeps)
        for setting, found in _within(strangeness, step, budget_per_week, (hold, dead_band, keep), bounds)
    ]
    return min(
        found, key=lambda one: (one.delay, one.setting.hold, one.setting.keep, one.setting.dead_band), default=None
    )


def _within(
    strangeness: Array, step: int, budget: float, rest: tuple[int, float, int], bounds: Array | None
) -> Iterator[tuple[Setting, tuple[float, float]]]:
    """Yield the lowest bound that keeps the budget with these other settings: counted and expected pages a week."""
    hold, dead_band, keep = rest
    held = _held(strangeness, -(-hold // step))
    levels = _levels(held) if bounds is None else bounds
    if not levels.size:
        return
    weeks = np.count_nonzero(~np.isnan(strangeness)) * step / WEEK
    alerts = [fires(strangeness, step, Setting(float(level), hold, dead_band, keep)) for level in levels]
    counts = np.array([len(pages(alert, MERGE // step)) for alert in alerts])
    settled = np.maximum.accumulate(counts[::-1])[::-1]  # no higher bound told people more often
    quiet = np.array([alert.mean() for alert in alerts]) <= MOST_FIRING
    tail = _tail(held, step, weeks)
    expected = np.where(settled >= COUNTED, settled / weeks, tail.per_week(levels)) + UNSEEN / weeks
    expected = np.maximum.accumulate(expected[::-1])[::-1]
    inside = np.flatnonzero((expected <= budget) & quiet)
    if inside.size:
        k = int(inside[0])
        yield Setting(float(levels[k]), hold, dead_band, keep), (counts[k] / weeks, float(expected[k]))
        return
    if bounds is not None:
        return
    level = max(tail.level(max(budget - UNSEEN / weeks, budget / 2)), float(levels[-1]))
    yield Setting(level, hold, dead_band, keep), (0.0, float(tail.per_week(np.array(level))))


def _held(strangeness: Array, samples: int) -> Array:
    """Return the least strangeness of each sample and the `samples` before it: what an alert with that `for` sees."""
    held = np.nan_to_num(strangeness, nan=0.0)
    least = held.copy()
    for lag in range(1, samples + 1):
        least[lag:] = np.minimum(least[lag:], held[:-lag])
        least[:lag] = 0.0
    return least


def _levels(held: Array) -> Array:
    """Return bounds worth trying, rising: at even steps of rarity."""
    top = held[held > 0]
    if not top.size:
        return np.empty(0)
    shares = np.geomspace(0.2, 0.5 / top.size, LEVELS)
    return np.unique(np.quantile(top, 1 - shares))


def _tail(held: Array, step: int, weeks: float) -> Tail:
    """Return the tail of the episodes' peaks, above the level that the most of them lie above separately."""
    gap = MERGE // step
    base, peaks = 0.0, np.empty(0)
    for level in _levels(held)[::-1]:
        starts = pages(held > level, gap)
        if len(starts) <= peaks.size and peaks.size >= PEAKS // 4:
            break
        base, peaks = float(level), np.maximum.reduceat(held, starts) if len(starts) else peaks
        if peaks.size >= PEAKS:
            break
    return Tail.of(peaks, base, weeks)


def _references(strangeness: Array, step: int, most: int) -> Array:
    """Return first and last sample of the strongest episodes, (N, 2)."""
    held = np.nan_to_num(strangeness, nan=0.0)
    gap = MERGE // step
    for level in _levels(held)[::-1]:
        starts = pages(held >= level, gap)
        if len(starts) >= most:
            break
    ends = np.append(starts[1:], held.size)
    above = np.flatnonzero(held >= level)
    last = above[np.searchsorted(above, ends) - 1]
    return np.column_stack([starts, last])


def _weighed(
    strangeness: Array, step: int, setting: Setting, rates: tuple[float, float], references: Array
) -> Solution:
    """Return a setting with its mean delay on the reference episodes."""
    on = np.flatnonzero(fires(strangeness, step, setting))
    delays = []
    for first, last in references:
        k = np.searchsorted(on, first)
        found = k < on.size and on[k] <= last
        delays.append((on[k] - first if found else last - first + MERGE // step) * step)
    return Solution(setting, rates[0], rates[1], float(np.mean(delays)))
