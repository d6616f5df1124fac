"""Take one signal through new columns: score, judge, withhold, learn; live ticks, replays and backtests alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from offkey.core.calendars import excluded, muted
from offkey.core.durations import DAY
from offkey.core.findings import Band
from offkey.core.foresight import Foresight
from offkey.core.frame import Array, BoolArray, Frame, join
from offkey.core.labels import Labels
from offkey.core.ports import Sweeping
from offkey.core.state import AnyArray, State
from offkey.engine import pegging
from offkey.engine.judge import Judged, held, judge, open_close
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.engine.quality import Examined
from offkey.engine.reporting import follow
from offkey.models.alarms.falseshare import sifted

# Pages that began in the last week, fading; in the ledger of signals that limit their false share.
RECENT = "recent"


@dataclass(frozen=True, slots=True)
class Passage:
    """What was seen on the way through a block of columns, (S, T) each.

    `recent` is how many pages began in a week; `stay` and `rows` are what `pegging.stays` returns.
    """

    examined: Examined
    strangeness: Array
    raw_band: Band
    judged: Judged
    opened: BoolArray
    recent: float = 0.0
    stay: Array | None = None
    rows: Mapping[str, AnyArray] = field(default_factory=dict)

    @property
    def newest(self) -> Frame:
        """The last column."""
        frame = self.examined.frame
        return frame.columns(frame.axis.size - 1, frame.axis.size)


def passages(
    plan: Plan, memory: Memory, examined: Examined, block: int, learn: bool
) -> Iterator[tuple[Memory, Passage]]:
    """Yield the memory and what was judged after every `block` columns, each judged by what came before it.

    Args:
        plan: the signal and its models.
        memory: where to start; the caller must not use it again.
        examined: the new columns, for exactly the memory's series.
        block: columns judged before the models learn from them; 1 when live.
        learn: whether the samples may be believed; scores are given either way.
    """
    for first in range(0, examined.frame.axis.size, block):
        columns = examined.columns(first, first + block)
        passage = passage_of(plan, memory, columns)
        memory = settled(plan, noted(memory, passage, learn), passage, learn)
        yield memory, passage


def align(plan: Plan, memory: Memory, series: tuple[Labels, ...]) -> Memory:
    """Return the memory for exactly `series`: new ones start cold, others are forgotten."""
    if series is memory.series:
        return memory
    ledger, detector = memory.ledger.align(series), memory.detector.align(series)
    known = replace(memory, ledger=ledger, detector=detector, forecaster=memory.forecaster.align(series))
    if series == memory.series:
        return known
    bound = np.where(np.isnan(ledger["bound"]), plan.untuned(len(series)), ledger["bound"])
    return replace(known, tail=None).note(bound=bound)


def standing(ahead: Foresight | None, memory: Memory, columns: Examined) -> Foresight | None:
    """Return what the detector prepared, if that was for these columns and nothing has changed since."""
    if ahead is None or not ahead.is_for(memory.detector, columns.frame, memory.ledger["bound"]):
        return None
    return ahead


def passage_of(plan: Plan, memory: Memory, columns: Examined, ahead: Foresight | None = None) -> Passage:
    """Return what is seen on the way through columns; nothing is learned, and nothing is changed.

    Args:
        plan: the signal and its models.
        memory: what is known before.
        columns: what came, for exactly the memory's series.
        ahead: what `standing` returns.
    """
    context, detector = plan.detector.context, plan.detector
    if ahead is not None:
        return _passage(plan, memory, columns, ahead.weigh(columns.frame.values), ahead.band)
    window, bound = _window(memory, columns.frame, context), memory.ledger["bound"]
    if isinstance(detector, Sweeping):
        strangeness, band = detector.sweep(memory.detector, window, bound)
    else:
        strangeness, band = detector.score(memory.detector, window), detector.band(memory.detector, window, bound)
    band = Band(band.expected[:, context:], band.lower[:, context:], band.upper[:, context:])
    return _passage(plan, memory, columns, strangeness[:, context:], band)


def glance_at(plan: Plan, memory: Memory, columns: Examined, ahead: Foresight | None = None) -> Passage:
    """Return the same without the edges of the band, which are NaN, where that costs less."""
    context, detector = plan.detector.context, plan.detector
    if ahead is not None or not isinstance(detector, Sweeping):
        return passage_of(plan, memory, columns, ahead)
    window = _window(memory, columns.frame, context)
    strangeness, expected = detector.glance(memory.detector, window, memory.ledger["bound"])
    none = np.full(columns.frame.values.shape, np.nan)
    return _passage(plan, memory, columns, strangeness[:, context:], Band(expected[:, context:], none, none))


def _passage(plan: Plan, memory: Memory, columns: Examined, strangeness: Array, band: Band) -> Passage:
    bound = memory.ledger["bound"]
    quiet, values = muted(plan.signal.calendars, columns.frame), columns.frame.values
    stay, rows = pegging.stays(plan.signal, memory.ledger, columns.frame)
    counting = pegging.weighed(strangeness, stay, bound)
    judged = held(judge(plan.signal, values, counting, bound, band, columns.events), quiet)
    was_open = memory.ledger["open"]
    recent = float(memory.ledger.shared[RECENT][0]) if RECENT in memory.ledger.shared else 0.0
    judged, recent = sift(plan, judged, counting, was_open, recent, columns.frame.axis.step)
    judged = Judged(judged.score, pegging.narrowed(plan.signal, judged, stay, values))
    opened = open_close(judged.score, was_open, plan.dead_band, quiet)
    return Passage(columns, strangeness, band, judged, opened, recent, stay, rows)


def sift(
    plan: Plan, judged: Judged, strangeness: Array, was_open: BoolArray, recent: float, step: int
) -> tuple[Judged, float]:
    """Return what was judged with what may be chance held at the bound, where the signal asks for it.

    Args:
        plan: the signal and its models.
        judged: scores, calendars applied.
        strangeness: what they come from, (S, T).
        was_open: open anomalies before the first column, (S,).
        recent: pages that began in the week before, fading.
        step: seconds between columns.

    Returns:
        The judgement, and the pages of the last week after it.
    """
    share = plan.signal.alert.false_share if plan.signal.alert else None
    if share is None:
        return judged, recent
    counting = np.where(judged.score == 0.0, 0.0, strangeness)  # what policy does not watch is no discovery
    score, recent = sifted(judged.score, counting, was_open, plan.dead_band, recent, share, step)
    return Judged(score, judged.band), recent


def noted(memory: Memory, passage: Passage, learn: bool) -> Memory:
    """Return the memory with what its ledger keeps of a block; the models have learned nothing yet."""
    frame, reports = passage.examined.frame, passage.examined.reports
    memory = _enter(memory, passage)
    if not learn:
        return memory
    if reports is not None:
        memory = memory.note(**follow(memory.ledger, reports, frame.axis))
    return memory.note(**passage.rows) if passage.rows else memory


def settled(plan: Plan, memory: Memory, passage: Passage, learn: bool) -> Memory:
    """Return the memory after a block that was noted: the models learn the samples that are not withheld."""
    frame = passage.examined.frame
    if learn:
        since = np.where(passage.opened, memory.ledger["since"][:, None], frame.axis.times)
        adopted = frame.axis.times - since >= plan.signal.adopt_after
        withheld = (passage.opened & ~adopted) | _set_apart(plan, passage)
        lesson = frame.with_values(np.where(withheld, np.nan, frame.values))
        memory = replace(
            memory,
            detector=plan.detector.update(memory.detector, _window(memory, lesson, plan.detector.context)),
            forecaster=plan.forecaster.update(memory.forecaster, _window(memory, lesson, plan.forecaster.context)),
        )
    keep = max(plan.detector.context, plan.forecaster.context)
    return replace(memory, until=frame.axis.end, tail=_tail(memory, frame, keep))


def _set_apart(plan: Plan, passage: Passage) -> BoolArray:
    """Return what calendars keep from the models, (S, T): the excluded, and what would be an anomaly but for a mute."""
    calendars, frame = plan.signal.calendars, passage.examined.frame
    return excluded(calendars, frame) | (muted(calendars, frame) & (passage.judged.score >= 1.0))


def _enter(memory: Memory, passage: Passage) -> Memory:
    """Return the memory with what the block says about each series: open anomalies, last seen, coverage."""
    frame, score = passage.examined.frame, passage.judged.score
    times = frame.axis.times
    present = ~np.isnan(frame.values)
    seen = np.maximum(memory.ledger["seen"], np.where(present, times, 0).max(axis=1, initial=0))
    is_open = passage.opened[:, -1]
    began = memory.ledger["since"]
    for column in range(frame.axis.size):
        fresh = passage.opened[:, column] & (began == 0)
        began = np.where(fresh, times[column], np.where(passage.opened[:, column], began, 0))
    memory = memory.note(open=is_open, since=began, seen=seen, coverage=_coverage(memory, score, frame.axis.step))
    if passage.recent:
        shared = {**memory.ledger.shared, RECENT: np.array([passage.recent])}
        memory = replace(memory, ledger=State(memory.series, memory.ledger.rows, shared))
    scraped = passage.examined.scraped
    if scraped is None:
        return memory
    return memory.note(full=np.where(np.isnan(scraped.full), memory.ledger["full"], scraped.full), low=scraped.low)


def _coverage(memory: Memory, score: Array, step: int) -> Array:
    """Return the share of samples inside the band, forgetting over about a day, (S,)."""
    known = ~np.isnan(score)
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore"):
        inside = (known & (score <= 1.0)).sum(axis=1) / np.maximum(count, 1)
    keep = np.exp(-np.arange(score.shape[1] + 1) * step / DAY)[count]
    old = memory.ledger["coverage"]
    return np.where(count == 0, old, np.where(np.isnan(old), inside, keep * old + (1.0 - keep) * inside))


def _window(memory: Memory, frame: Frame, context: int) -> Frame:
    """Return the frame with `context` earlier columns before it; what is not remembered is missing."""
    if context == 0:
        return frame
    axis = frame.axis
    before = Frame(
        frame.series,
        np.full((len(frame.series), context), np.nan),
        type(axis)(axis.start - context * axis.step, axis.step, context),
        frame.zones,
    )
    tail = memory.tail
    if tail is not None and tail.axis.step == axis.step and tail.axis.end + axis.step == axis.start:
        size = min(context, tail.axis.size)
        before.values[:, context - size :] = tail.values[:, tail.axis.size - size :]
    return join(before, frame)


def _tail(memory: Memory, frame: Frame, keep: int) -> Frame | None:
    if keep == 0:
        return None
    grown = _window(memory, frame, keep)
    return grown.columns(grown.axis.size - keep, grown.axis.size)
