"""Learn every signal once, for commands that end: the evidence for rules, a single evaluation."""

from collections.abc import Iterator
from dataclasses import dataclass

from offkey.app import wire
from offkey.app.config import Config
from offkey.core.errors import SourceError
from offkey.core.frame import Axis
from offkey.core.ports import Journal
from offkey.core.rules import Evidence
from offkey.core.signals import Signal
from offkey.engine.evidence import evidence
from offkey.engine.plan import Plan
from offkey.engine.reading import read

# Reading the history of one signal may take so long.
READ_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Found:
    """What the past of one signal says; `problem` tells why there is no evidence."""

    signal: Signal
    evidence: Evidence | None
    problem: str = ""


def gather(config: Config, journal: Journal, at: int) -> Iterator[Found]:
    """Yield the evidence for each signal that alerts, in turn; one that cannot be read leaves the others alone.

    Args:
        config: sources and signals.
        journal: hears warnings of the sources.
        at: the instant to look back from, Unix seconds.
    """
    sources = wire.sources(config)
    try:
        for plan in wire.plans(config):
            if plan.signal.alert is None:
                continue
            try:
                reading = read(plan.signal, sources[plan.signal.source], past_axis(plan, at), READ_SECONDS, journal)
            except SourceError as error:
                yield Found(plan.signal, None, str(error))
                continue
            found = evidence(plan, reading.examined, reading.traffic_labels)
            yield Found(plan.signal, found, "" if found else "its past holds too few samples to judge by")
    finally:
        for source in sources.values():
            source.close()


def past_axis(plan: Plan, at: int) -> Axis:
    """Return the instants of a signal's history before `at`."""
    signal = plan.signal
    end = at - signal.offset
    return Axis.between(end - signal.history, end, signal.history_step)
