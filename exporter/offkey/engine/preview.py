"""Judge samples before their tick: nothing is learned, nothing is remembered."""

from dataclasses import dataclass

import numpy as np

from offkey.core.foresight import Foresight
from offkey.core.frame import Array, Axis, BoolArray, Frame
from offkey.core.labels import Labels
from offkey.core.signals import Signal
from offkey.engine.advance import glance_at, standing
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.engine.quality import examine
from offkey.engine.reading import clocks_of


@dataclass(frozen=True, slots=True)
class Preview:
    """What the next tick will say about samples that are there already.

    Attributes:
        signal: whose policy was applied.
        series: the S series the signal's memory knows.
        score: as in a verdict, (S,); NaN also where no sample came.
        anomalous: whether an anomaly is open with these samples, (S,).
    """

    signal: Signal
    series: tuple[Labels, ...]
    score: Array
    anomalous: BoolArray


def preview(plan: Plan, memory: Memory, values: Array, at: int, ahead: Foresight | None = None) -> Preview | None:
    """Return what a tick at an instant would say; None when it has been.

    Args:
        plan: the signal and its models.
        memory: what is known before; left as it is.
        values: newest sample of each of the memory's series, (S,), NaN = none came.
        at: the instant the samples belong to, a multiple of the signal's step.
        ahead: what the detector knew of some instant before.
    """
    if at <= memory.until:
        return None
    series = memory.series
    axis = Axis(at, plan.signal.step, 1)
    frame = Frame(series, values[:, None], axis, clocks_of(plan.signal, series))
    examined = examine(plan.signal, frame, None)
    passage = glance_at(plan, memory, examined, standing(ahead, memory, examined))
    score = passage.judged.score[:, 0]
    return Preview(plan.signal, series, score, passage.opened[:, 0] & ~np.isnan(score))
