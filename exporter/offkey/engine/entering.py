"""Judge what a source said about one signal, for the series that matter now, and learn from it."""

from dataclasses import dataclass

import numpy as np

from offkey.core.foresight import Foresight
from offkey.core.frame import Array
from offkey.core.labels import Labels
from offkey.core.places import places
from offkey.engine.advance import Passage, align, noted, passage_of, passages, settled, standing
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.engine.reading import Reading, admit


@dataclass(frozen=True, slots=True)
class Entry:
    """One signal's newest column, judged by what came before it; the models have not learned it yet.

    Attributes:
        plan: the signal and its models.
        before: what was known before the column.
        memory: the same, but that the ledger knows of the column; `learned` may reuse the arrays of both.
        passage: what was seen.
        ready: as the detector says it of what was known before, (S,).
        dropped: series left out by the cap.
        is_whole: whether the samples may be believed and learned.
    """

    plan: Plan
    before: Memory
    memory: Memory
    passage: Passage
    ready: Array
    dropped: int
    is_whole: bool

    def learned(self) -> Memory:
        """Return the memory after the column."""
        return settled(self.plan, self.memory, self.passage, self.is_whole)


def judged(plan: Plan, memory: Memory, reading: Reading, ahead: Foresight | None = None) -> Entry:
    """Take a signal to its newest column; the columns before it are judged and learned on the way.

    Args:
        plan: the signal and its models.
        memory: what is known before.
        reading: what is new since.
        ahead: what the detector knew of the newest column before.
    """
    series, learns = _mattering(plan, memory, reading), not reading.partial
    examined, memory = admit(plan.signal, reading.examined, series), align(plan, memory, series)
    last = examined.frame.axis.size - 1
    for then, _ in passages(plan, memory, examined.columns(0, last), block=1, learn=learns):
        memory = then
    newest = examined.columns(last, last + 1)
    ahead = standing(ahead, memory, newest)
    passage = passage_of(plan, memory, newest, ahead)
    ready = plan.detector.ready(memory.detector) if ahead is None else ahead.ready
    return Entry(plan, memory, noted(memory, passage, learns), passage, ready, reading.dropped, learns)


def judged_and_learned(plan: Plan, memory: Memory, reading: Reading) -> tuple[Entry, Memory]:
    """Return the newest column and the memory after it."""
    entry = judged(plan, memory, reading)
    return entry, entry.learned()


def _mattering(plan: Plan, memory: Memory, reading: Reading) -> tuple[Labels, ...]:
    """Return who matters now: series in the answer, and those seen not too long ago."""
    found, known = reading.examined.frame.series, memory.series
    if found is known or found == known:
        return found
    oldest = reading.examined.frame.axis.end - plan.signal.keep_absent
    kept = (places(known, found) >= 0) | (memory.ledger["seen"] >= oldest)
    new = np.flatnonzero(places(found, known) < 0)
    if kept.all() and not new.size:
        return known
    return tuple(known[k] for k in np.flatnonzero(kept)) + tuple(found[k] for k in new)
