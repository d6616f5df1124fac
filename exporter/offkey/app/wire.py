"""The only place where a configuration becomes working parts."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from offkey.app.config import Config
from offkey.core import plugins
from offkey.core.ports import Journal, Sink, Source, Store
from offkey.core.shards import WHOLE, Shard
from offkey.core.signals import Signal
from offkey.engine.cycle import Clocks, Ports
from offkey.engine.plan import Plan

if TYPE_CHECKING:
    from offkey.adapters.outbox import Outbox
    from offkey.adapters.sinks import remote_write
    from offkey.adapters.workers import Workers

DETECTORS = "offkey.models.detect"
FORECASTERS = "offkey.models.forecast"
TUNERS = "offkey.models.tune"
SOURCES = "offkey.adapters.sources"

CLOCKS = Clocks(wall=time.time, monotonic=time.monotonic)


def plans(config: Config, shard: Shard = WHOLE) -> tuple[Plan, ...]:
    """Return what is to be done for each signal, by a process that watches one part of the series.

    Raises:
        UnknownPlugin: a model that is not there.
    """
    tuner = plugins.model(TUNERS, "budget")
    return tuple(
        Plan(
            signal,
            _model(DETECTORS, signal.detector, signal.detector_options, signal),
            _model(FORECASTERS, signal.forecaster, signal.forecaster_options, signal),
            tuner,
            shard,
        )
        for signal in config.signals
    )


def sources(config: Config) -> dict[str, Source]:
    """Return the sources by name; nothing is contacted yet.

    Raises:
        ConfigError: options a source does not take.
    """
    return {name: plugins.load(SOURCES, one.kind).Source(**one.options) for name, one in config.sources.items()}


def store(config: Config, journal: Journal) -> Store:
    """Return where learned state is kept: the configured folder, else the memory of this process.

    Raises:
        StateError: another process uses the folder, or it cannot be written.
    """
    if config.storage is None:
        from offkey.adapters.stores import memory  # noqa: PLC0415 (only the configured store is imported)

        return memory.Store()
    from offkey.adapters.stores import file  # noqa: PLC0415 (as above)

    return file.Store(config.storage, journal)


def outboxes(config: Config, journal: Journal) -> "tuple[Outbox, ...]":
    """Return what sends to the servers that take remote write; each runs a thread until it is closed."""
    if not config.remote_write:
        return ()
    from offkey.adapters.outbox import Outbox  # noqa: PLC0415 (only where something is sent)

    return tuple(Outbox(endpoint, journal) for endpoint in config.remote_write)


def writers(boxes: "Sequence[Outbox]") -> "tuple[remote_write.Sink, ...]":
    """Return the sinks that fill outboxes."""
    if not boxes:
        return ()
    from offkey.adapters.sinks import remote_write  # noqa: PLC0415 (as above)

    return tuple(remote_write.Sink(box.send) for box in boxes)


def workers(address: str) -> "Workers | None":
    """Return the processes that help: a number of them, or a scheduler's; None where the address is empty.

    Raises:
        ConfigError: the address is neither.
        WorkersLost: no scheduler answers.
    """
    if not address:
        return None
    from offkey.adapters.workers import Workers  # noqa: PLC0415 (only where they are asked for)

    return Workers(address)


def ports(
    config: Config,
    reach: Mapping[str, Source],
    keep: Store,
    sinks: Sequence[Sink],
    journal: Journal,
    helpers: "Workers | None" = None,
) -> Ports:
    """Return what an engine is connected to."""
    step = min((signal.step for signal in config.signals), default=60)
    return Ports(reach, keep, sinks, journal, CLOCKS, timeout=max(5.0, 0.8 * step), workers=helpers)


def _model(package: str, kind: str, options: Mapping[str, Any], signal: Signal) -> Any:  # noqa: ANN401 (the kind decides)
    """Return a model; one that knows seasons gets the signal's unless its own options say otherwise."""
    known = {field.name for field in dataclasses.fields(plugins.load(package, kind).Model)}
    season = {"season": signal.season} if "season" in known else {}
    return plugins.model(package, kind, **{**season, **options})
