"""Put together what leaves the engine about one signal."""

import math

import numpy as np

from offkey.core.durations import MINUTE
from offkey.core.findings import Band, Fault, Forecast, Verdict
from offkey.core.frame import Array, Frame
from offkey.engine.advance import Passage
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.models.crossing import time_to_limit

# The forecast of a crossing is looked at this often.
CROSSING_STEP = 5 * MINUTE


def verdict(plan: Plan, memory: Memory, passage: Passage, dropped: int) -> Verdict:
    """Return the newest column of a passage as a verdict, with the forecast from there.

    Args:
        plan: the signal and its models.
        memory: after the passage.
        passage: the last block that was judged.
        dropped: series left out by the cap.
    """
    signal, frame, judged = plan.signal, passage.examined.frame, passage.judged
    score = judged.score[:, -1]
    now = frame.columns(frame.axis.size - 1, frame.axis.size)
    forecast, crossing = _ahead(plan, memory, now)
    ledger = memory.ledger
    known = ~np.isnan(score)
    return Verdict(
        signal=signal,
        series=frame.series,
        time=frame.axis.end,
        observed=now.values[:, 0],
        score=score,
        band=Band(judged.band.expected[:, -1], judged.band.lower[:, -1], judged.band.upper[:, -1]),
        anomalous=passage.opened[:, -1] & known,
        since=np.where(passage.opened[:, -1] & known, ledger["since"], 0).astype(np.float64),
        ready=plan.detector.ready(memory.detector),
        coverage=ledger["coverage"],
        forecast=forecast,
        time_to_limit=crossing,
        faults=passage.examined.faults + (() if frame.series else (Fault(signal.name, "no_data"),)),
        dropped=dropped,
        expected_alerts_per_week=float(ledger["expected_alerts_per_week"][0]),
    )


def _ahead(plan: Plan, memory: Memory, now: Frame) -> tuple[Forecast, Array]:
    """Return the forecast at the signal's horizons, (S, H), and the seconds to its limit, (S,)."""
    signal, size = plan.signal, len(now.series)
    none = np.full(size, np.nan)
    if not signal.horizons:
        empty = np.empty((size, 0))
        return Forecast(empty, empty, empty), none
    finest = math.gcd(*signal.horizons)
    step = finest if signal.limit is None else math.gcd(finest, CROSSING_STEP)
    future = now.future(max(signal.horizons) // step, step)
    whole = plan.forecaster.forecast(memory.forecaster, future)
    low, high = signal.valid
    picked = np.array(signal.horizons, np.int64) // step - 1
    forecast = Forecast(*(np.clip(side[:, picked], low, high) for side in (whole.point, whole.lower, whole.upper)))
    if signal.limit is None:
        return forecast, none
    crossing = time_to_limit(future.axis.times, whole.point, signal.limit, now.axis.end, now.values[:, 0])
    return forecast, crossing
