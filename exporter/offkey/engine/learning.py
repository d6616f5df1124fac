"""Learn a signal from its past: fit on the first part, replay the rest exactly as it would have been judged live."""

from dataclasses import dataclass, replace

import numpy as np

from offkey.core.calendars import excluded, muted, uncounted
from offkey.core.durations import HOUR, WEEK
from offkey.core.findings import Band
from offkey.core.frame import Array, BoolArray, Frame
from offkey.core.state import State
from offkey.engine import pegging
from offkey.engine.advance import passages, sift
from offkey.engine.judge import alertable, held, judge, open_close
from offkey.engine.memory import Memory, blank_ledger
from offkey.engine.plan import Plan
from offkey.engine.quality import Examined
from offkey.engine.silent import Silent
from offkey.models.tune.budget import MERGE

# The first part of the past only teaches; bounds and evidence come from the rest, which was never looked at before.
FITTED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Replay:
    """The replayed part of the past, (S, T) each: what would have been seen and judged with some bounds.

    Attributes:
        examined: the samples, quality applied.
        strangeness: the detector's own measure.
        raw_band: the detector's expectation and bound, without policy.
        score: 0 expected, 1 the bound.
        band: expectation and bound with policy.
        opened: which anomalies were open.
        stay: how long samples were at an end of the scale, see `pegging.stays`.
    """

    examined: Examined
    strangeness: Array
    raw_band: Band
    score: Array
    band: Band
    opened: BoolArray
    stay: Array | None = None

    @property
    def frame(self) -> Frame:
        """The replayed samples."""
        return self.examined.frame


def learn(plan: Plan, past: Examined) -> Memory:
    """Return the memory after the whole past, with bounds that meet the alert budget on the replayed part.

    Args:
        plan: the signal and its models.
        past: the history, quality already applied; any length, also none.
    """
    return _learned(plan, past)[0]


def tried(plan: Plan, past: Examined) -> tuple[Array, Replay]:
    """Return the bounds (S,) that meet the alert budget, and the replay with them; nothing is forecast on the way.

    Args:
        plan: the signal and its models.
        past: the history, quality already applied.
    """
    plan = replace(plan, forecaster=Silent())
    memory, seen = _learned(plan, past)
    bound = memory.ledger["bound"]
    if np.array_equal(bound, plan.untuned(len(bound))):  # those it was replayed with
        return bound, seen
    return bound, replay(plan, past, bound)[1]


def _learned(plan: Plan, past: Examined) -> tuple[Memory, Replay]:
    """Return the memory with tuned bounds, and the replay with untuned ones that it comes from."""
    memory, seen = replay(plan, past, plan.untuned(len(past.frame.series)))
    signal, frame = plan.signal, seen.frame
    counting = alertable(signal, frame.values, seen.strangeness, seen.raw_band, seen.examined.events)
    apart = uncounted(signal.calendars, frame)
    bound = plan.tuned(np.where(apart, np.nan, counting), frame.axis.step)
    quiet = muted(signal.calendars, frame)
    weighed = pegging.weighed(seen.strangeness, seen.stay, bound)
    judged = held(judge(signal, frame.values, weighed, bound, seen.raw_band, seen.examined.events), quiet)
    closed = np.zeros(len(frame.series), bool)
    judged, _ = sift(plan, judged, weighed, closed, 0.0, frame.axis.step)
    opened = open_close(judged.score, closed, plan.dead_band, quiet)
    memory = memory.note(bound=bound)
    shared = {
        "expected_alerts_per_week": np.array([alerts_per_week(opened, frame.axis.step, apart)]),
        "tuned": np.array([past.frame.axis.end]),
    }
    return replace(memory, ledger=State(memory.series, memory.ledger.rows, shared)), seen


def retuned(memory: Memory, fresh: Memory) -> Memory:
    """Return the memory with the bounds of one that was learned later; series it does not know keep theirs."""
    bound = fresh.ledger.align(memory.series)["bound"]
    memory = memory.note(bound=np.where(np.isnan(bound), memory.ledger["bound"], bound))
    shared = {**memory.ledger.shared, **fresh.ledger.shared}
    return replace(memory, ledger=State(memory.series, memory.ledger.rows, shared))


def replay(plan: Plan, past: Examined, bound: Array) -> tuple[Memory, Replay]:
    """Fit on the first part of the past and go through the rest with given bounds.

    Args:
        plan: the signal and its models.
        past: the history, quality already applied.
        bound: strangeness at the bound, (S,).
    """
    frame = past.frame
    split = int(frame.axis.size * FITTED_SHARE)
    first, examined = taught(plan, frame.columns(0, split)), past.columns(split, frame.axis.size)
    ledger = blank_ledger(frame.series)
    memory = Memory(plan.detector.fit(first), plan.forecaster.fit(first), ledger, first.axis.end)
    memory = memory.note(bound=bound, **pegging.stays(plan.signal, ledger, first)[1])
    return follow(plan, memory, examined, max(1, HOUR // frame.axis.step))


def taught(plan: Plan, frame: Frame) -> Frame:
    """Return a frame without the samples that calendars exclude."""
    return frame.with_values(np.where(excluded(plan.signal.calendars, frame), np.nan, frame.values))


def follow(plan: Plan, memory: Memory, examined: Examined, block: int) -> tuple[Memory, Replay]:
    """Go through new samples as live cycles would, and learn from them.

    Args:
        plan: the signal and its models.
        memory: where to start; the caller must not use it again.
        examined: the new columns, for exactly the memory's series.
        block: columns judged before the models learn from them; 1 as live.
    """
    steps = list(passages(plan, memory, examined, block, learn=True))
    memory = steps[-1][0] if steps else memory
    seen = [passage for _, passage in steps]
    none = np.empty((len(examined.frame.series), 0))
    return memory, Replay(
        examined,
        np.hstack([none, *(passage.strangeness for passage in seen)]),
        _stack(none, [passage.raw_band for passage in seen]),
        np.hstack([none, *(passage.judged.score for passage in seen)]),
        _stack(none, [passage.judged.band for passage in seen]),
        np.hstack([none.astype(bool), *(passage.opened for passage in seen)]),
        _known([passage.stay for passage in seen]),
    )


def alerts_per_week(opened: BoolArray, step: int, apart: BoolArray) -> float:
    """Return how often a week people would have been told; NaN without any sample to open an anomaly.

    Series that are off at the same time, or within 15 minutes of each other, are one alert group and count once.

    Args:
        opened: which anomalies were open, (S, T).
        step: seconds between columns.
        apart: what counts for nothing, neither as an alert nor as time, (S, T).
    """
    columns = np.flatnonzero((opened & ~apart).any(axis=0))
    starts = int(columns.size > 0) + int(np.count_nonzero(np.diff(columns) * step > MERGE))
    weeks = np.count_nonzero(~apart.all(axis=0)) * step / WEEK
    return float(starts / weeks) if weeks else float("nan")


def _known(parts: list[Array | None]) -> Array | None:
    known = [part for part in parts if part is not None]
    return np.hstack(known) if known else None


def _stack(none: Array, bands: list[Band]) -> Band:
    return Band(
        np.hstack([none, *(band.expected for band in bands)]),
        np.hstack([none, *(band.lower for band in bands)]),
        np.hstack([none, *(band.upper for band in bands)]),
    )
