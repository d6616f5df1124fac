"""Replay 35 simulated days through the program's own learning and judging, and compare with the ground truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from offkey.app import wire
from offkey.app.config import Config
from offkey.core.durations import DAY, MINUTE
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.ports import Answer
from offkey.core.signals import Signal
from offkey.engine.learning import follow, learn
from offkey.engine.plan import Plan
from offkey.engine.reading import read
from offkey.packs.music.calendar import DAYS, START, calendar
from offkey.packs.music.incidents import Incident
from offkey.packs.music.platform import Platform
from offkey.packs.music.recorded import recorded
from offkey.packs.music.records import Record

STEP = 5 * MINUTE
LEARNED = 21  # days; the first incident begins on day 26
BLOCK = 3  # columns judged before the models learn from them
MERGE = 15 * MINUTE  # alerts of one name nearer than this are one page
AFTERMATH = 30 * MINUTE  # what is felt after an incident's end belongs to it: rates look back, levels come down


class Records:
    """A source that answers with simulated records, by their names."""

    def __init__(self, frames: Sequence[Frame], records: Sequence[Record]) -> None:
        self._frames = {record.name: frame for record, frame in zip(records, frames, strict=True)}

    def read(self, query: str, axis: Axis, _timeout: float) -> Answer:
        """Return a record at instants of its own clock."""
        frame = self._frames[query]
        first = (axis.start - frame.axis.start) // frame.axis.step
        return Answer(frame.columns(first, first + axis.size))

    def close(self) -> None:
        """Nothing is held."""


class Silence:
    """A journal nobody reads."""

    def count(self, event: str, reason: str = "", amount: int = 1) -> None:
        """Forget."""

    def tell(self, level: str, message: str, fields: object = None) -> None:
        """Forget."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: an alert's name, when it came and ended (Unix seconds), and whose series were off."""

    alert: str
    start: int
    end: int
    series: tuple[Labels, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one simulated run.

    Attributes:
        days: how many were judged.
        pages: every page.
        found: seconds from the start of each incident to its page, by id; infinite when it never came.
        allowed: seconds within which each should be known.
        false: pages that belong to no incident.
        benign: those of them while something benign happened that the series that were off can show.
    """

    days: float
    pages: tuple[Page, ...]
    found: dict[str, float]
    allowed: dict[str, int]
    false: tuple[Page, ...]
    benign: tuple[Page, ...]


def run(pack: Sequence[tuple[Config, Sequence[Record]]], seed: int, scale: float) -> Outcome:
    """Simulate, learn the first three weeks, judge the rest.

    Args:
        pack: its configurations, each with what its signals read.
        seed: which platform.
        scale: share of the effect of the incidents; 0 plays none of them, clock changes remain.
    """
    truth = tuple(replace(entry, scale=scale) for entry in calendar()) if scale else ()
    axis = Axis.between(START, START + DAYS * DAY, STEP)
    pages: list[Page] = []
    for config, records in pack:
        source = Records(recorded(Platform(seed, truth), axis, records), records)
        pages += [page for plan in wire.plans(_at_step(config)) for page in _pages(plan, source)]
    return judged(pages, truth, float(DAYS - LEARNED))


def judged(pages: Sequence[Page], truth: Sequence[Incident], days: float) -> Outcome:
    """Return what the pages are worth against the ground truth."""
    incidents = [entry for entry in truth if entry.category == "incident"]
    waits = {entry.id: _wait(entry, pages) for entry in incidents}
    stray = [page for page in pages if not any(_belongs(page, entry) for entry in incidents)]
    benign = tuple(page for page in stray if any(_belongs(page, entry) and _shows(page, entry) for entry in truth))
    return Outcome(days, tuple(pages), waits, {entry.id: entry.delay for entry in incidents}, tuple(stray), benign)


def _wait(entry: Incident, pages: Sequence[Page]) -> float:
    mine = [page.start for page in pages if page.alert == entry.alert and _belongs(page, entry)]
    return max(min(mine) - entry.start, 0) if mine else float("inf")


def _belongs(page: Page, entry: Incident) -> bool:
    """Return whether a page is about an incident: at its time, about a series it touches."""
    overlaps = page.start <= entry.end + AFTERMATH and page.end >= entry.start
    return overlaps and bool(entry.rows(page.series).any())


def _shows(page: Page, entry: Incident) -> bool:
    """Return whether series of a page tell apart what an event happens to: they have a label of it, or it has none."""
    named = {matcher.name for matcher in entry.selector}
    return not named or any(name in labels for labels in page.series for name in named)


def _at_step(config: Config) -> Config:
    signals = tuple(
        replace(
            signal,
            step=STEP,
            history_step=STEP,
            history=LEARNED * DAY,
            horizons=(),
            limit=None,
            forecaster="seasonal_naive",  # the cheapest: nothing is forecast here
        )
        for signal in config.signals
    )
    return replace(config, signals=signals)


def _pages(plan: Plan, source: Records) -> Iterator[Page]:
    first = START + LEARNED * DAY
    past = _examined(plan.signal, source, Axis.between(START, first, STEP))
    memory = learn(plan, past)
    lately = _examined(plan.signal, source, Axis.between(first + 1, START + DAYS * DAY, STEP))
    _, seen = follow(plan, memory, lately, BLOCK)
    times, columns = seen.frame.axis.times, np.flatnonzero(seen.opened.any(axis=0))
    for run_ in np.split(columns, np.flatnonzero(np.diff(columns) * STEP > MERGE) + 1) if columns.size else ():
        off = np.flatnonzero(seen.opened[:, run_].any(axis=1))
        yield Page(
            plan.signal.alert.name if plan.signal.alert else "",
            int(times[run_[0]]),
            int(times[run_[-1]]),
            tuple(seen.frame.series[row] for row in off),
        )


def _examined(signal: Signal, source: Records, axis: Axis):  # type: ignore[no-untyped-def]  # as read returns it
    return read(signal, source, axis, 60.0, Silence()).examined
