"""Judge what a source said about one signal, for the series that matter now, and learn from it."""

import numpy as np

from offkey.core.labels import Labels
from offkey.core.places import places
from offkey.engine.advance import Passage, align, passages
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.engine.reading import Reading, admit


def judged(plan: Plan, memory: Memory, reading: Reading) -> tuple[Memory, Passage, int]:
    """Return the memory after all that is new, what was seen in its last column, and how many series were left out."""
    series = _mattering(plan, memory, reading)
    examined = admit(plan.signal, reading.examined, series)
    *_, (memory, passage) = passages(plan, align(plan, memory, series), examined, block=1, learn=not reading.partial)
    return memory, passage, reading.dropped


def _mattering(plan: Plan, memory: Memory, reading: Reading) -> tuple[Labels, ...]:
    """Return who matters now: series in the answer, and those seen not too long ago."""
    found, known = reading.examined.frame.series, memory.series
    if found == known:
        return found
    oldest = reading.examined.frame.axis.end - plan.signal.keep_absent
    kept = (places(known, found) >= 0) | (memory.ledger["seen"] >= oldest)
    new = np.flatnonzero(places(found, known) < 0)
    if kept.all() and not new.size:
        return known
    return tuple(known[k] for k in np.flatnonzero(kept)) + tuple(found[k] for k in new)
