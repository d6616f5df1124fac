"""Tunes alerts on the first half of each series, and counts pages and incidents on the second."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from offkey.core.durations import WEEK
from offkey.core.frame import Array, BoolArray
from offkey.models.alarms.firing import firing, pages
from offkey.models.alarms.solve import MOST_FIRING, fires, solve
from offkey.models.tune.budget import MERGE

from ..quality import bench as quality
from ..quality.baselines import BASELINES
from ..quality.measures import segments
from ..quality.protocol import Series, fleets, load

BUDGETS = (1.0, 2.0, 5.0)
PEERS = ("3-sigma", "grafana-adaptive")
# A peer that may fire all day has few pages and finds much: here it may fire no longer than offkey may, or did.
AS_SHORT = tuple(f"{name}, as short" for name in PEERS)
LEVELS = 200


@dataclass(frozen=True)
class Outcome:
    """One series at one budget, second half.

    Attributes:
        fleet: name of its folder.
        budget: pages a week asked for.
        per_week: pages a week that came.
        incidents: labelled ones.
        found: of these, by offkey and by each peer at the same number of pages; by a peer that is `as short`, also
            without firing for a larger share of the time.
    """

    fleet: str
    budget: float
    per_week: float
    incidents: int
    found: dict[str, int]


def outcomes(folder: Path, detector: str) -> Iterator[Outcome]:
    """Yield every series at every budget; labels of neither half choose anything."""
    quality.warm_up(detector)
    for fleet, paths in fleets(folder):
        for path in paths:
            read = load(path)
            if read is not None:
                yield from _series(fleet, read, detector)


def _series(fleet: str, read: Series, detector: str) -> Iterator[Outcome]:
    size, step = read.axis.size, read.axis.step
    half = size // 2
    series = replace(read, history=size // 4, known=half)
    strangeness = quality._detector(detector, series)
    peers = {name: _peer(name, series) for name in PEERS}
    present = ~np.isnan(read.values[half:])
    weeks = present.sum() * step / WEEK
    labels = read.labels[half:]
    for budget in BUDGETS:
        solution = solve(strangeness[size // 4 : half], step, budget)
        if solution is None:
            continue
        alert = fires(strangeness[half:], step, solution.setting)
        count = len(pages(alert, MERGE // step))
        found = {"offkey": _found(alert, labels)}
        for name, score in peers.items():
            found[name] = _found(_as_many(score[half:], step, count, 1.0), labels)
            share = max(MOST_FIRING, float(alert.mean()))
            found[f"{name}, as short"] = _found(_as_many(score[half:], step, count, share), labels)
        yield Outcome(fleet, budget, count / weeks, len(segments(labels)[0]), found)


def _peer(name: str, series: Series) -> Array:
    """Return a peer's score; static 3-sigma takes mean and deviation from the first half."""
    if name in BASELINES:
        return BASELINES[name](series.values, series.axis.step, series.history)
    past = series.values[: series.known]
    return np.abs(series.values - np.nanmean(past)) / (np.nanstd(past) or 1.0)


def _as_many(score: Array, step: int, count: int, share: float) -> BoolArray:
    """Return a peer's alert at the threshold that gives it as many pages in the scored part itself, or just fewer.

    It fires in at most that share of the samples.
    """
    known = score[~np.isnan(score)]
    best: tuple[int, BoolArray] = (0, np.zeros(score.size, bool))
    if not known.size:
        return best[1]
    for level in np.unique(np.quantile(known, 1 - np.geomspace(0.5 / known.size, 0.2, LEVELS))):
        alert = firing(score, float(level), float(level), 0, 0)
        pages_of_it = len(pages(alert, MERGE // step))
        if best[0] < pages_of_it <= count and alert.mean() <= share:
            best = (pages_of_it, alert)
    return best[1]


def _found(alert: BoolArray, labels: BoolArray) -> int:
    """Return how many incidents an alert fired in."""
    return sum(bool(alert[first : last + 1].any()) for first, last in zip(*segments(labels), strict=True))
