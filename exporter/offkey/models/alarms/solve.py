"""The earliest alert that a budget of pages allows, found by replaying the whole alert over the past."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from offkey.core.durations import HOUR, MINUTE, WEEK
from offkey.core.frame import Array, BoolArray
from offkey.models.alarms.firing import firing, pages
from offkey.models.alarms.rarity import Rarity
from offkey.models.alarms.tail import Tail
from offkey.models.tune.budget import MERGE

HOLDS = (0, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE)
# In order of preference: what an alert has by itself, then less, then more.
DEAD_BANDS = (0.2, 0.0, 0.4)
KEEPS = (5 * MINUTE, 0, 15 * MINUTE)
LEVELS = 48
PEAKS = 40  # that a tail is fitted to
REFERENCES = 12  # strongest episodes that must be found early
# An alert that comes later than this is as good as none: people have heard by other means.
TOO_LATE = HOUR
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
        delay: mean seconds from the start of a reference episode to the alert; one not found in an hour counts an hour.
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

    The number of pages does not fall evenly with the bound, so that every bound of a grid is replayed. Of settings
    that the reference episodes cannot tell apart, the one with the shortest `for`, then the first dead band and keep,
    is taken: the earliest of many is the earliest by luck as well, and luck does not last.

    Args:
        strangeness: one series' causal past, (T,), NaN = unknown or excluded.
        step: seconds between samples.
        budget_per_week: pages allowed.
        holds: seconds of `for` to try; those that are the same number of samples are tried once.
        dead_bands: shares to try, the preferred first.
        keeps: seconds of `keep_firing_for` to try, the preferred first.
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
        (Solution(setting, *rates, float(late.mean())), late)
        for hold in sorted(tried.values())
        for setting, rates in _within(_Past.of(strangeness, step, hold), budget_per_week, (dead_bands, keeps), bounds)
        for late in [_delays(strangeness, step, setting, references)]
    ]
    return _simplest(found) if found else None


def _simplest(found: Sequence[tuple[Solution, Array]]) -> Solution:
    """Return the first solution that is within one standard error of the earliest.

    Source: Breiman et al. (1984), Classification and Regression Trees, section 3.4.3 (the 1 SE rule).

    Args:
        found: solutions, simplest first, and the delays each rests on.
    """
    earliest = min(found, key=lambda one: one[0].delay)[1]
    error = 1 / np.sqrt(earliest.size)
    return next(one for one, late in found if (late - earliest).mean() <= np.std(late - earliest) * error)


@dataclass(frozen=True, slots=True)
class _Past:
    """A past as an alert with one `for` sees it: the bounds worth trying, and the tail of what was held so long."""

    strangeness: Array
    step: int
    hold: int
    weeks: float
    levels: Array
    tail: Tail

    @classmethod
    def of(cls, strangeness: Array, step: int, hold: int) -> "_Past":
        held = _held(strangeness, -(-hold // step))
        weeks = np.count_nonzero(~np.isnan(strangeness)) * step / WEEK
        return cls(strangeness, step, hold, weeks, _levels(held), _tail(held, step, weeks))

    def replayed(self, setting: Setting) -> tuple[int, float]:
        """Return the pages of a setting, and the share of the time it fires."""
        alert = fires(self.strangeness, self.step, setting)
        return len(pages(alert, MERGE // self.step)), np.count_nonzero(alert) / alert.size


def _within(
    past: _Past, budget: float, rest: tuple[Sequence[float], Sequence[int]], bounds: Array | None
) -> Iterator[tuple[Setting, tuple[float, float]]]:
    """Yield the lowest bound that keeps the budget with each dead band and keep: counted and expected pages a week."""
    if not past.levels.size:
        return
    for dead_band, keep in product(*rest):
        tried = [past.replayed(Setting(float(level), past.hold, dead_band, keep))[0] for level in past.levels]
        rarity = Rarity.of(past.levels, np.array(tried), past.weeks, past.tail)
        if bounds is None:
            least = rarity.level(budget)
            allowed = np.append(least, past.levels[past.levels > least])
        else:
            allowed = bounds[rarity.per_week(bounds) <= budget]
        for level in allowed.tolist():
            setting = Setting(level, past.hold, dead_band, keep)
            count, share = past.replayed(setting)
            if share <= MOST_FIRING:
                yield setting, (count / past.weeks, float(rarity.per_week(np.asarray(level))))
                break


def _held(strangeness: Array, samples: int) -> Array:
    """Return the least strangeness of each sample and the `samples` before it: what an alert with that `for` sees."""
    held = np.nan_to_num(strangeness, nan=0.0)
    least = held.copy()
    for lag in range(1, samples + 1):
        least[lag:] = np.minimum(least[lag:], held[:-lag])
        least[:lag] = 0.0
    return least


def _levels(held: Array) -> Array:
    """Return bounds worth trying, rising: at even steps of rarity, and the highest, which nothing exceeded."""
    top = held[held > 0]
    if not top.size:
        return np.empty(0)
    shares = np.geomspace(min(1.0, 0.2 * held.size / top.size), 0.5 / top.size, LEVELS)
    return np.unique(np.append(np.quantile(top, 1 - shares), top.max()))


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


def _delays(strangeness: Array, step: int, setting: Setting, references: Array) -> Array:
    """Return how late an alert tells of each reference episode, seconds, (N,); at most an hour."""
    on = np.append(np.flatnonzero(fires(strangeness, step, setting)), np.iinfo(np.int64).max)
    told = on[np.searchsorted(on, references[:, 0])]
    late = np.where(told <= references[:, 1], (told - references[:, 0]) * float(step), TOO_LATE)
    return np.minimum(late, TOO_LATE)
