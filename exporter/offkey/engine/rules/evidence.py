"""What the replayed past says about a signal, as the evidence its rules rest on."""

import numpy as np

from offkey.core.calendars import uncounted
from offkey.core.durations import format_duration
from offkey.core.frame import Array
from offkey.core.rules import Evidence, ReviewedBound
from offkey.engine import pegging
from offkey.engine.learning import Replay, alerts_per_week, taught, tried
from offkey.engine.plan import Plan
from offkey.engine.quality import Examined

# The live threshold may leave what the past showed by this share of its distance from the usual value.
ROOM = 0.5


def evidence(plan: Plan, past: Examined, traffic_labels: tuple[str, ...] = ()) -> Evidence | None:
    """Return what learning found for one signal, or None where the past cannot say (no series, too few samples).

    Args:
        plan: the signal and its models.
        past: its history, quality already applied.
        traffic_labels: label names the traffic query's series share with the signal's.
    """
    frame = taught(plan, past.frame)
    _, seen = tried(plan, past)
    present = ~np.isnan(frame.values)
    if not present.any() or np.isnan(seen.score).all():
        return None
    typical = float(np.median(frame.values[present]))
    above = plan.signal.direction in ("above", "both")
    below = plan.signal.direction in ("below", "both")
    return Evidence(
        series=tuple(sorted(frame.series)),
        start=frame.axis.start,
        end=frame.axis.end,
        samples=int(present.sum()),
        present=float(present.mean()),
        expected_alerts_per_week=alerts_per_week(
            seen.opened, frame.axis.step, uncounted(plan.signal.calendars, seen.frame)
        ),
        typical=typical,
        upper=_reviewed(plan, seen.band.upper, typical, 1.0) if above else None,
        lower=_reviewed(plan, seen.band.lower, typical, -1.0) if below else None,
        step=frame.axis.step,
        traffic_labels=traffic_labels,
        why=_why(plan, seen),
    )


def _reviewed(plan: Plan, edge: Array, typical: float, side: float) -> ReviewedBound | None:
    """Return the widest the band was, as a constant that holds at every hour, and how far a live one may go.

    A live one may come as near as the end of the signal's scale begins, where series can be pegged.

    Args:
        plan: whose signal says what can be.
        edge: the band on one side over the replay, (S, T).
        typical: the usual value.
        side: 1 above, -1 below.
    """
    known, mark = side * edge[np.isfinite(edge)], pegging.marks(plan.signal)[int(side > 0)]
    if known.size == 0:
        return None
    farthest = known.max() + ROOM * (known.max() - side * typical)
    nearest = min(known.min(), max(side * mark, side * typical))
    nearest, constant, room = (
        float(np.clip(side * value, *plan.signal.span)) for value in (nearest, known.max(), farthest)
    )
    if side * constant <= side * typical:
        return None
    return ReviewedBound(constant, min(nearest, room), max(nearest, room))


def _why(plan: Plan, seen: Replay) -> str:
    axis = seen.frame.axis
    window = format_duration(axis.size * axis.step)
    return (
        f"the {plan.signal.detector} band at its widest over the last {window}, which was replayed with bounds for "
        f"at most {plan.budget:g} alerts a week"
    )
