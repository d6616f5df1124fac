"""Replay rule files over a past."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from offkey.app.progress import track
from offkey.app.replaying import groups, worlds
from offkey.app.replaying.results import Results
from offkey.core.durations import parse_duration
from offkey.core.errors import ConfigError
from offkey.engine.promql.run import World
from offkey.engine.promql.server import Server
from offkey.engine.ruleplay.play import play

# One expression over the whole past may take a server so long.
READ_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Past:
    """A stretch of time and where its samples are.

    Attributes:
        world: the samples.
        start: first instant, Unix seconds.
        end: last instant.
        interval: seconds between evaluations of groups that do not say.
        server: what to close and whose warnings to tell; None without a server.
    """

    world: World
    start: int
    end: int
    interval: int
    server: Server | None

    @classmethod
    def of(
        cls, config_file: Path | None, prometheus_url: str, source: str, series: Path | None, span: tuple[str, str, int]
    ) -> "Past":
        """Return the past a command asks for.

        Args:
            config_file: where sources are described.
            prometheus_url: address of the source `default`.
            source: which source.
            series: a promtool test file that holds the samples instead.
            span: how much of the past and the interval, as durations, and now, Unix seconds.

        Raises:
            ConfigError: something of it is not acceptable.
        """
        since, interval, now = span
        step = seconds("--evaluation-interval", interval)
        if series is not None:
            samples, end = worlds.written(series)
            return cls(samples, 0, end, step, None)
        server = Server(worlds.source(config_file, prometheus_url, source), READ_SECONDS)
        end = now // step * step
        return cls(server, end - seconds("--since", since), end, step, server)

    def close(self) -> None:
        """Let go of the server and say what it warned of."""
        if self.server is not None:
            for warning in self.server.warnings:
                click.echo(f"warning: {warning}", err=True)
            self.server.close()


def seconds(option: str, text: str) -> int:
    """Return a duration an option holds.

    Raises:
        ConfigError: it is none, or zero.
    """
    try:
        found = parse_duration(text)
    except ValueError as error:
        msg = f"{option}: {error}"
        raise ConfigError(msg) from error
    if not found:
        msg = f"{option}: 0s is too short; write for example 1m, 30d"
        raise ConfigError(msg)
    return found


def replayed(past: Past, files: Sequence[Path], *, with_sides: bool = False) -> Results:
    """Return what the rules of some files would have done, telling on stderr how far it is.

    Raises:
        ConfigError: a file cannot be read.
        RuleError: it is no rule file.
        SourceError: the past cannot be read.
    """
    found = groups.read(files, past.interval)
    count = sum(len(group.rules) for group in found)
    played = track(
        play(found, past.world, past.start, past.end, past.interval, with_sides=with_sides), "replaying", count
    )
    return Results(past.start, past.end, tuple(played))
