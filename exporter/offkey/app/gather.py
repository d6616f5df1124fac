"""Learn every signal once, for commands that end: the evidence for rules, a single evaluation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from offkey.app import wire
from offkey.app.config import Config
from offkey.app.wording import TOO_FEW
from offkey.core.errors import SourceError
from offkey.core.frame import Axis
from offkey.core.ports import Journal, Source
from offkey.core.rules import Evidence
from offkey.core.signals import Signal
from offkey.engine.plan import Plan
from offkey.engine.reading import Reading, read
from offkey.engine.rules.evidence import evidence

if TYPE_CHECKING:
    from offkey.adapters.workers import Workers

R = TypeVar("R")

# Reading the history of one signal may take so long.
READ_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Found:
    """What the past of one signal says; `problem` tells why there is no evidence."""

    signal: Signal
    evidence: Evidence | None
    problem: str = ""


def gather(config: Config, journal: Journal, at: int, helpers: "Workers | None" = None) -> Iterator[Found]:
    """Yield the evidence for each signal that alerts, in turn; one that cannot be read leaves the others alone.

    Args:
        config: sources and signals.
        journal: hears warnings of the sources.
        at: the instant to look back from, Unix seconds.
        helpers: other processes that learn, several signals at once; None = this one does.

    Raises:
        WorkersLost: the other processes ended.
    """
    yield from each(config, journal, at, _found, helpers)


def each(
    config: Config,
    journal: Journal,
    at: int,
    function: Callable[[Plan, Reading | None, str], R],
    helpers: "Workers | None" = None,
) -> Iterator[R]:
    """Yield what a function makes of each signal that alerts and its past, in the signals' order.

    Args:
        config: sources and signals.
        journal: hears warnings of the sources.
        at: the instant to look back from, Unix seconds.
        function: of a module, so that it can travel; takes the plan, its past, and what is wrong where there is none.
        helpers: other processes that call it, for several signals at once; None = this one does.

    Raises:
        WorkersLost: the other processes ended.
    """
    sources = wire.sources(config)
    try:
        tasks = (
            _task(plan, sources[plan.signal.source], journal, at) for plan in wire.plans(config) if plan.signal.alert
        )
        yield from (helpers.map(function, tasks) if helpers is not None else (function(*task) for task in tasks))
    finally:
        for source in sources.values():
            source.close()


def _task(plan: Plan, source: Source, journal: Journal, at: int) -> tuple[Plan, Reading | None, str]:
    """Return a plan with its past, or with what is wrong with that."""
    try:
        return plan, read(plan.signal, source, past_axis(plan, at), READ_SECONDS, journal), ""
    except SourceError as error:
        return plan, None, str(error)


def _found(plan: Plan, reading: Reading | None, problem: str) -> Found:
    if reading is None:
        return Found(plan.signal, None, problem)
    found = evidence(plan, reading.examined, reading.traffic_labels)
    return Found(plan.signal, found, "" if found else TOO_FEW)


def past_axis(plan: Plan, at: int) -> Axis:
    """Return the instants of a signal's history before `at`."""
    signal = plan.signal
    end = at - signal.offset
    return Axis.between(end - signal.history, end, signal.history_step)
