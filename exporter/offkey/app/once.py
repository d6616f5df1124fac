"""One evaluation of a configuration, printed."""

import sys
from collections.abc import Callable, Mapping

import click
import numpy as np

from offkey.adapters.sinks import exposition, lines
from offkey.adapters.stores import memory
from offkey.app import wire
from offkey.app.config import Config
from offkey.app.logs import logger
from offkey.app.progress import waiting
from offkey.app.replaying.results import aligned
from offkey.app.telemetry import Telemetry
from offkey.core.findings import Snapshot, Verdict
from offkey.core.labels import NAME
from offkey.engine.cycle import Engine
from offkey.engine.reads import NOT_READ

HEAD = ("SIGNAL", "SERIES", "OBSERVED", "EXPECTED", "LOWER", "UPPER", "SCORE")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Latest:
    """A sink that keeps the latest snapshot."""

    def __init__(self) -> None:
        """Start with none."""
        self.snapshot: Snapshot | None = None

    def publish(self, snapshot: Snapshot) -> None:
        """Keep it."""
        self.snapshot = snapshot


class _Table(Telemetry):
    """Leaves to the table what it says of faults itself."""

    def tell(self, level: str, message: str, fields: Mapping[str, object] | None = None) -> None:
        """Write to the log, unless the table is going to say it."""
        if message != NOT_READ:
            super().tell(level, message, fields)


def evaluate(config: Config, output: str) -> bool:
    """Run one cycle and print it on stdout; return whether every source could be read.

    Args:
        config: what to watch.
        output: text, json or openmetrics.
    """
    telemetry = (_Table if output == "text" else Telemetry)(logger("warning", "logfmt", sys.stderr))
    sources, latest = wire.sources(config), Latest()
    try:
        engine = Engine(wire.plans(config), wire.ports(config, sources, memory.Store(), [latest], telemetry))
        with waiting("reading and learning the past"):
            snapshot = engine.tick()
    finally:
        for source in sources.values():
            source.close()
    telemetry.observe(snapshot)
    PRINTERS[output](snapshot, telemetry)
    return not snapshot.faults


def _print_lines(snapshot: Snapshot, _telemetry: Telemetry) -> None:
    lines.Sink(sys.stdout).publish(snapshot)


def _print_exposition(snapshot: Snapshot, telemetry: Telemetry) -> None:
    sink = exposition.Sink(telemetry)
    sink.publish(snapshot)
    sys.stdout.write(sink.render(OPENMETRICS).body.decode())


def _print_table(snapshot: Snapshot, _telemetry: Telemetry) -> None:
    places = [
        (verdict, int(place))
        for verdict in snapshot.verdicts
        for place in np.argsort(-np.nan_to_num(verdict.score, nan=-1.0), kind="stable")
    ]
    colors = [None, *("red" if verdict.anomalous[place] else None for verdict, place in places)]
    rows = [HEAD, *(_row(verdict, place) for verdict, place in places)]
    if places:
        for line, color in zip(aligned(rows), colors, strict=True):
            click.secho(line, fg=color)
    for fault in (*snapshot.faults, *(fault for verdict in snapshot.verdicts for fault in verdict.faults)):
        where = f"{fault.signal}{fault.labels.without(NAME) or ''}"
        click.secho(f"{where}: {fault.kind}: {fault.detail}", fg="yellow", err=True)


def _row(verdict: Verdict, place: int) -> tuple[str, ...]:
    band = verdict.band
    numbers = (verdict.observed, band.expected, band.lower, band.upper, verdict.score)
    shown = ("unknown" if np.isnan(values[place]) else f"{values[place]:.4g}" for values in numbers)
    return (verdict.signal.name, str(verdict.series[place]), *shown)


PRINTERS: Mapping[str, Callable[[Snapshot, Telemetry], None]] = {
    "text": _print_table,
    "json": _print_lines,
    "openmetrics": _print_exposition,
}
