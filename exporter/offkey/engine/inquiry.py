"""Look at one signal closely: what the live program would have said lately, and when the past was like it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from offkey.core.findings import Band
from offkey.core.frame import Array, Frame, IntArray
from offkey.core.ports import Explaining
from offkey.engine.advance import align
from offkey.engine.learning import Replay, follow, learn, replay
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.engine.quality import Examined

PEGGED = "how long it has stayed at the end of its scale"


@dataclass(frozen=True, slots=True)
class Episode:
    """One open anomaly of one series.

    Attributes:
        start: first instant it was open, Unix seconds.
        end: last instant it was open, Unix seconds.
        worst: highest score, above 1.
        worst_at: instant of the highest score, Unix seconds.
        is_above: whether the samples were above what was expected at that instant.
    """

    start: int
    end: int
    worst: float
    worst_at: int
    is_above: bool

    @property
    def seconds(self) -> int:
        """How long it was open."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A signal seen closely.

    Attributes:
        plan: the signal and its models.
        memory: what was learned up to the last recent sample.
        past: the replayed history before.
        recent: what the live program would have said since, with the signal's own step.
        parts: what each part of the detector adds to the strangeness of the last sample, (S,) each, as far as it can
            say, and how long the sample has been at an end of the scale.
    """

    plan: Plan
    memory: Memory
    past: Replay
    recent: Replay
    parts: Mapping[str, Array]


def inquire(plan: Plan, past: Examined, recent: Examined) -> Inquiry:
    """Learn from the past as a start of the program would, then follow what came after it.

    Args:
        plan: the signal and its models.
        past: the history up to some instant.
        recent: the samples after it, at the signal's own step.
    """
    learned = learn(plan, past)
    _, seen = replay(plan, past, learned.ledger["bound"])
    size = recent.frame.axis.size
    eve, first = follow(plan, align(plan, learned, recent.frame.series), recent.columns(0, size - 1), 1)
    parts, bound = _parts(plan, eve, recent.frame), eve.ledger["bound"]
    memory, last = follow(plan, eve, recent.columns(size - 1, size), 1)
    if last.stay is not None:
        parts[PEGGED] = last.stay[:, -1] * bound
    return Inquiry(plan, memory, seen, _joined(first, last, recent), parts)


def _parts(plan: Plan, eve: Memory, frame: Frame) -> dict[str, Array]:
    if not isinstance(plan.detector, Explaining):
        return {}
    size = frame.axis.size
    window = frame.columns(max(0, size - 1 - plan.detector.context), size)
    return {words: part[:, -1] for words, part in plan.detector.parts(eve.detector, window).items()}


def _joined(first: Replay, second: Replay, examined: Examined) -> Replay:
    """Return two replays, the second right after the first, of what was examined as one."""
    return Replay(
        examined,
        np.hstack([first.strangeness, second.strangeness]),
        _one(first.raw_band, second.raw_band),
        np.hstack([first.score, second.score]),
        _one(first.band, second.band),
        np.hstack([first.opened, second.opened]),
    )


def _one(first: Band, second: Band) -> Band:
    return Band(
        np.hstack([first.expected, second.expected]),
        np.hstack([first.lower, second.lower]),
        np.hstack([first.upper, second.upper]),
    )


def episodes(seen: Replay, row: int) -> tuple[Episode, ...]:
    """Return the open anomalies of one series in a replay, oldest first."""
    opened, times = seen.opened[row], seen.frame.axis.times
    edges = np.flatnonzero(np.diff(np.concatenate([[False], opened, [False]]).astype(np.int8)))
    away = seen.frame.values[row] - seen.band.expected[row]
    return tuple(_episode(seen.score[row], away, times, first, last) for first, last in edges.reshape(-1, 2).tolist())


def similar(now: Episode, past: Sequence[Episode], most: int) -> tuple[Episode, ...]:
    """Return the past episodes most like one: on the same side, then by how long and how far, nearest first."""

    def unlike(other: Episode) -> float:
        return abs(math.log((other.worst + 1.0) / (now.worst + 1.0))) + abs(
            math.log((other.seconds + 60.0) / (now.seconds + 60.0))
        )

    return tuple(sorted((one for one in past if one.is_above == now.is_above), key=unlike)[:most])


def _episode(score: Array, away: Array, times: IntArray, first: int, last: int) -> Episode:
    worst = first + int(np.nanargmax(np.where(np.isnan(score[first:last]), -1.0, score[first:last])))
    return Episode(
        int(times[first]), int(times[last - 1]), float(score[worst]), int(times[worst]), bool(away[worst] > 0)
    )
