"""The options of commands that read the past of any query, as one value."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from offkey.app import options
from offkey.core.durations import MINUTE, parse_duration
from offkey.core.errors import ConfigError
from offkey.core.frame import Axis, Frame

READ_SECONDS = 300.0  # for the history of one query


@dataclass(frozen=True, slots=True)
class Past:
    """Where the past is, and how much of it is read; `history` as it was written."""

    config_file: Path | None
    prometheus_url: str
    source: str
    history: str

    @contextmanager
    def reading(self) -> Iterator[Callable[[str], Frame]]:
        """Return what reads the history of a query, up to now.

        Raises:
            ConfigError: no such source, or no such time.
        """
        from offkey.app import config, crosschecks, fields, wire, yamlfile  # noqa: PLC0415 (--help stays fast)

        try:
            seconds = parse_duration(self.history)
        except ValueError as error:
            msg = f"--history: {error}"
            raise ConfigError(msg) from error
        path = options.found(self.config_file)
        document = yamlfile.load(path) if path else yamlfile.parse("{}", "--prometheus.url")
        settings = config.settings(document, self.prometheus_url, needs_signals=False)
        sources = wire.sources(config.from_settings(settings, path.parent if path else Path()))
        if self.source not in sources:
            near = fields.nearest(self.source, sources)
            msg = f'no source is called "{self.source}"{near} (have: {", ".join(sorted(sources))})'
            raise ConfigError(msg)
        end = int(wire.CLOCKS.wall())
        axis = Axis.between(end - seconds, end, crosschecks.history_step(MINUTE, seconds))
        try:
            yield lambda query: sources[self.source].read(query, axis, READ_SECONDS).frame
        finally:
            for one in sources.values():
                one.close()


def past(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options to a command, which takes them as `past`."""

    @functools.wraps(function)
    def command(*args: Any, **given: Any) -> None:  # noqa: ANN401 (click's own values)
        names = ("config_file", "prometheus_url", "source", "history")
        function(*args, past=Past(*(given.pop(name) for name in names)), **given)

    chosen = (
        options.config_file,
        options.prometheus_url,
        click.option("--source", default="default", show_default=True, help="Name of the source that has the past."),
        click.option("--history", default="28d", show_default=True, metavar="TIME", help="How much past is read."),
    )
    decorated: Callable[..., None] = command
    for option in reversed(chosen):
        decorated = option(decorated)
    return decorated
