"""A signal's alert over its own past: what was judged, what would have fired, what it would have cost."""

from dataclasses import dataclass, replace

import numpy as np

from offkey.core.calendars import uncounted
from offkey.core.frame import Array, BoolArray
from offkey.core.signals import Alert
from offkey.engine.learning import Replay, tried
from offkey.engine.plan import Plan
from offkey.engine.quality import Examined
from offkey.engine.ruleplay.episodes import Cost, Episode, cost_of
from offkey.models.alarms.firing import firing
from offkey.models.promql.alerts import runs


@dataclass(frozen=True, slots=True)
class Backtest:
    """What one signal's alert would have done.

    Attributes:
        plan: the signal and its models.
        seen: the replayed part of the past, judged as it would have been live.
        bound: strangeness at the bound, (S,); found on the same past.
        fires: when the alert of each series fires, (S, T).
        cost: what that would have cost people.
    """

    plan: Plan
    seen: Replay
    bound: Array
    fires: BoolArray
    cost: Cost


def backtest(plan: Plan, past: Examined) -> Backtest:
    """Learn a signal from its past and replay its alert over the part that was not fitted.

    Args:
        plan: a signal that alerts, and its models.
        past: its history, quality already applied.
    """
    bound, seen = tried(plan, past)
    apart = uncounted(plan.signal.calendars, seen.frame)
    seen = replace(seen, score=np.where(apart, np.nan, seen.score))
    fires = firing_of(seen.score, seen.frame.axis.step, plan.signal.alert or Alert())
    return Backtest(plan, seen, bound, fires, _cost(seen, fires & ~apart))


def firing_of(score: Array, step: int, alert: Alert) -> BoolArray:
    """Return when the alert of each series fires, (S, T).

    Args:
        score: 1 is the bound, (S, T).
        step: seconds between columns.
        alert: its `for`, dead band and `keep_firing_for`.
    """
    hold, keep = -(-alert.hold // step), alert.keep_firing // step
    rows = [firing(row, 1.0, 1.0 - alert.dead_band, hold, keep) for row in np.ascontiguousarray(score)]
    return np.array(rows, bool).reshape(score.shape)


def _cost(seen: Replay, fires: BoolArray) -> Cost:
    """Return what the alerts cost people in the time that was judged."""
    frame = seen.frame
    times = frame.axis.times
    found = [
        Episode(labels, int(times[first]), int(times[first]), int(times[last + 1]) if last + 1 < times.size else None)
        for labels, row in zip(frame.series, fires, strict=True)
        for first, last in runs(row)
    ]
    found.sort(key=lambda one: (one.fired, one.labels.pairs))
    judged = int(np.count_nonzero(~np.isnan(seen.score).all(axis=0)))
    return cost_of(found, judged * frame.axis.step, frame.axis.end)
