"""What a store kept of a signal, as far as the models of today can go on from it."""

import numpy as np

from offkey.core.errors import StateError
from offkey.core.frame import Axis, Frame
from offkey.core.ports import Journal, Store
from offkey.core.state import State
from offkey.engine.memory import Memory, blank_ledger
from offkey.engine.plan import Plan


def recalled(plan: Plan, store: Store, journal: Journal) -> Memory | None:
    """Return the stored memory of a signal; None, told to the journal, when there is none that can be used."""
    fields = {"signal": plan.signal.name}
    try:
        learned = store.load(plan.key)
    except StateError as error:
        journal.tell("error", "state not loaded", fields | {"error": str(error)})
        return None
    memory = Memory.of(learned) if learned else None
    if memory is None or _is_understood(plan, memory):
        return memory
    journal.tell("warning", "state of another release not used", fields | {"next": "learned anew from history"})
    return None


def _is_understood(plan: Plan, memory: Memory) -> bool:
    """Tell whether the arrays that follow the series are those that the models keep today."""
    none = Frame((), np.empty((0, 0)), Axis(0, plan.signal.step, 0))
    pairs = (
        (memory.detector, plan.detector.fit(none)),
        (memory.forecaster, plan.forecaster.fit(none)),
        (memory.ledger, blank_ledger(())),
    )
    return all(_kinds(kept) == _kinds(blank) for kept, blank in pairs)


def _kinds(state: State) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {name: (array.dtype.str, array.shape[1:]) for name, array in state.rows.items()}
