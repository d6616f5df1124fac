"""Scores series causally and turns strangeness into a table."""

import time
from collections.abc import Mapping, Sequence

import numpy as np

from offkey.core import plugins
from offkey.core.durations import DAY
from offkey.core.frame import Array, Axis

from . import measures
from .baselines import BASELINES
from .measures import Count
from .protocol import LEAD, Scored, Series

DETECTORS, TUNERS = "offkey.models.detect", "offkey.models.tune"
GUARD_PER_WEEK = 8.0  # alert episodes that a series may have had a week in its calibration part
FALSE_PER_WEEK = 1.0


def score(name: str, series: Series) -> Scored:
    """Return what a detector or a baseline says about a series, sample by sample."""
    begin = time.process_time()
    strangeness = _baseline(name, series) if name in BASELINES else _detector(name, series)
    cost = (time.process_time() - begin) / len(series.values) * 1e6
    sampled = ~np.isnan(series.values)
    strangeness = np.nan_to_num(strangeness, nan=0.0, posinf=1e9)
    past = strangeness[series.history : series.known][sampled[series.history : series.known]]
    rest = sampled[series.known :]
    return Scored(series, past, strangeness[series.known :][rest], series.labels[series.known :][rest], cost)


def warm_up(name: str) -> None:
    """Compile what a detector compiles, so that its first series does not pay for all."""
    axis = Axis(0, 300, 4 * DAY // 300)
    values = np.random.default_rng(0).normal(size=axis.size)
    score(name, Series("warm-up", name, axis, values, np.zeros(axis.size, bool), axis.size // 2, axis.size - 9, 10))


def _baseline(name: str, series: Series) -> Array:
    return BASELINES[name](series.values, series.axis.step, series.history)


def _detector(name: str, series: Series) -> Array:
    """Fit on the history, then judge and learn a day at a time."""
    model = plugins.model(DETECTORS, name)
    frame, context = series.frame, model.context
    state = model.fit(frame.columns(0, series.history))
    parts, block = [np.full(series.history, np.nan)], max(1, DAY // frame.axis.step)
    for first in range(series.history, frame.axis.size, block):
        piece = frame.columns(first - context, first + block)
        parts.append(model.score(state, piece)[0, context:])
        state = model.update(state, piece)
    return np.concatenate(parts)


def guard(scored: Scored) -> float:
    """Return the lowest threshold at which the unlabelled calibration part has few enough alert episodes."""
    allowed = max(1, int(GUARD_PER_WEEK * scored.past_weeks))
    threshold = scored.past.max(initial=0.0)
    for level in measures.levels_of(scored.past, 120) if len(scored.past) else ():
        if measures.episodes(scored.past >= level, scored.series.gap) > allowed:
            break
        threshold = level
    return float(threshold)


def at(threshold: float, scored: Sequence[Scored], guards: Mapping[str, float]) -> Count:
    """Return what one threshold finds over many series, each no lower than its guard."""
    return sum((_count(one, max(threshold, guards[one.series.name])) for one in scored), Count())


def tuned(scored: Sequence[Scored], budget: float) -> Count:
    """Return what the shipped tuner's bounds find, learned from each series' calibration part alone."""
    tuner = plugins.model(TUNERS, "budget")
    total = Count()
    for one in scored:
        bound = tuner.tune(one.past[None, :], one.series.axis.step, budget)[0]
        total += _count(one, float(np.nextafter(bound, np.inf)))
    return total


def _count(one: Scored, threshold: float) -> Count:
    series = one.series
    return measures.tally(one.strangeness >= threshold, one.labels, series.prompt, series.gap, LEAD)


def recall_at_one(one: Scored) -> float:
    """Return the best recall at no more than one false episode a week: ranking alone, labels used."""
    best = 0.0
    for level in measures.levels_of(one.strangeness, 90):
        count = _count(one, level)
        if count.false > FALSE_PER_WEEK * one.weeks + 1e-9:
            break
        best = max(best, count.recall)
    return best


def levels(scored: Sequence[Scored]) -> Array:
    """Return candidate thresholds for a fleet, highest first."""
    pooled = np.concatenate([one.strangeness for one in scored])
    return np.unique(np.quantile(pooled, 1 - np.geomspace(1e-5, 0.02, 32)))[::-1]


def ranking(scored: Sequence[Scored]) -> dict[str, float | None]:
    """Return the measures that need no threshold; None where nothing is labelled."""
    labelled = [one for one in scored if one.labels.any()]
    if not labelled:
        return dict.fromkeys(("auc_pr", "vus_pr", "recall_at_1"))
    incidents = [len(measures.segments(one.labels)[0]) for one in labelled]
    return {
        "auc_pr": float(np.mean([measures.auc_pr(one.strangeness, one.labels) for one in labelled])),
        "vus_pr": float(np.mean([measures.vus_pr(one.strangeness, one.labels) for one in labelled])),
        "recall_at_1": float(np.average([recall_at_one(one) for one in labelled], weights=incidents)),
    }


def point(count: Count, scored: Sequence[Scored], prefix: str = "") -> dict[str, float]:
    """Return the measures of one operating point."""
    weeks = sum(one.weeks for one in scored)
    return {
        f"{prefix}recall": count.recall,
        f"{prefix}precision": count.precision,
        f"{prefix}f1": count.f1,
        f"{prefix}false_per_week": count.false / weeks,
        f"{prefix}delay": count.delay / max(1, count.found),
    }
