"""Back-fill: what offkey would have said about a stretch of the past, as files for promtool or by remote write."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from offkey.adapters.decode.snappy import snapped
from offkey.adapters.endpoint import Endpoint
from offkey.adapters.exports.openmetrics import Collection
from offkey.adapters.http import Client, Payload, excerpt
from offkey.adapters.outbox import HEADERS
from offkey.adapters.sinks.remote_write import Sink
from offkey.app import wire
from offkey.app.config import Config
from offkey.app.gather import READ_SECONDS
from offkey.core.durations import DAY
from offkey.core.errors import ConfigError, QueryRejected, SourceDown
from offkey.core.findings import Snapshot, Verdict
from offkey.core.frame import Axis
from offkey.core.ports import Journal, Source
from offkey.engine.backfill import Backfill
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.engine.reading import Reading, read

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
PATIENCE = 60.0  # seconds a server that takes remote write may be away


def span(now: int, since: int, until: int) -> tuple[int, int]:
    """Return the first and last instant of a stretch that began and ended so many seconds ago.

    Raises:
        ConfigError: it ends before it begins.
    """
    if since <= until:
        msg = f"--since {since}s must be longer ago than --until {until}s; write for example --since 7d --until 1d"
        raise ConfigError(msg)
    return now - since, now - until


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Return labels written as NAME=VALUE.

    Raises:
        ConfigError: a text is none.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not _NAME.fullmatch(name) or name.startswith("__"):
            msg = f'--label: "{text}" is no label; write for example job=offkey'
            raise ConfigError(msg)
        found[name] = value
    return found


def to_files(
    config: Config, span: tuple[int, int], names: Sequence[str], added: Mapping[str, str], place: Path, journal: Journal
) -> int:
    """Write one OpenMetrics file for each day of a stretch; return the number of samples.

    Args:
        config: sources and signals.
        span: first and last instant, Unix seconds.
        names: of the signals; all when there are none.
        added: labels that a scrape would have added.
        place: folder for the files.
        journal: hears warnings of the sources.

    Raises:
        ConfigError: no such signal.
        SourceError: the past cannot be read.
        OSError: a file cannot be written.
    """
    place.mkdir(parents=True, exist_ok=True)
    kept = Collection()
    sink = Sink(kept.take, added)
    total = 0
    for day, verdicts in _days(config, span, names, journal):
        for verdict in verdicts:
            sink.publish(_alone(verdict))
        path = place / f"offkey-{datetime.fromtimestamp(day, UTC):%Y-%m-%d}.om"
        if count := kept.write(path):
            click.echo(f"wrote {path}: {count:,} samples", err=True)
        total += count
    return total


def to_servers(
    config: Config, span: tuple[int, int], names: Sequence[str], added: Mapping[str, str], journal: Journal
) -> int:
    """Send a stretch to every server of `remote_write`; return the number of samples.

    Raises:
        ConfigError: no such signal, or no such server.
        SourceError: the past cannot be read, or a server does not take it.
    """
    if not config.remote_write:
        msg = "remote_write: none is configured; name a server, or leave out --remote-write to get files"
        raise ConfigError(msg)
    sent = 0
    clients = [_Writer(endpoint) for endpoint in config.remote_write]

    def send(message: bytes, samples: int, _turn: int) -> None:
        nonlocal sent
        for client in clients:
            client.send(message)
        sent += samples

    sink = Sink(send, added)
    try:
        for day, verdicts in _days(config, span, names, journal):
            for verdict in verdicts:
                sink.publish(_alone(verdict))
            click.echo(f"sent {datetime.fromtimestamp(day, UTC):%Y-%m-%d}: {sent:,} samples so far", err=True)
    finally:
        for client in clients:
            client.close()
    return sent


def _days(
    config: Config, span: tuple[int, int], names: Sequence[str], journal: Journal
) -> Iterator[tuple[int, Iterator[Verdict]]]:
    """Yield the first instant of each day (UTC) and what is said of its instants, signal after signal."""
    plans = [plan for plan in wire.plans(config) if not names or plan.signal.name in names]
    if unknown := sorted(set(names) - {plan.signal.name for plan in plans}):
        have = ", ".join(signal.name for signal in config.signals)
        msg = f'no signal is called "{unknown[0]}" (have: {have})'
        raise ConfigError(msg)
    sources = wire.sources(config)
    start, end = span
    try:
        runs = [Backfill(plan, start, _reader(sources, journal)) for plan in plans]
        for day in range(start // DAY * DAY, end + 1, DAY):
            last = min(day + DAY - 1, end)
            yield day, (verdict for run in runs for verdict in run.until(last))
    finally:
        for source in sources.values():
            source.close()


def _reader(sources: Mapping[str, Source], journal: Journal) -> Callable[[Plan, Axis, Memory | None], Reading]:
    def reading(plan: Plan, axis: Axis, memory: Memory | None) -> Reading:
        ledger = memory.ledger if memory else None
        return read(plan.signal, sources[plan.signal.source], axis, READ_SECONDS, journal, ledger)

    return reading


def _alone(verdict: Verdict) -> Snapshot:
    return Snapshot(0, float(verdict.time), 0.0, 0.0, (verdict,), {})


class _Writer:
    """Sends WriteRequests to one server, each until it is taken."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._client = Client(endpoint)

    def send(self, message: bytes) -> None:
        """Wait until a message is taken.

        Raises:
            SourceDown: the server is away for too long.
            QueryRejected: it refuses the message.
        """
        payload, end = Payload(snapped(message), HEADERS), time.monotonic() + PATIENCE
        while True:
            try:
                reply = self._client.call("POST", "", payload=payload)
            except SourceDown:
                if time.monotonic() > end:
                    raise
                time.sleep(1.0)
                continue
            if reply.status < 300:
                return
            msg = f"{self._client.endpoint.url}: answered {reply.status}: {excerpt(reply.body)}; Prometheus takes old "
            msg += "samples only within storage.tsdb.out_of_order_time_window, or as files (leave out --remote-write)"
            raise QueryRejected(msg)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()
