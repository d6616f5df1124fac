"""Arguments of the commands that look at one signal closely."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from offkey.app import options
from offkey.core.durations import parse_duration

Function = TypeVar("Function", bound=Callable[..., Any])


class Instant(click.ParamType[int]):
    """Unix seconds, or a date and time (of this machine's zone when it names none)."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 (click's)
        """Return Unix seconds."""
        if isinstance(value, int):
            return value
        text = str(value)
        try:
            return int(text) if text.isdecimal() else int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
        except (ValueError, OverflowError):
            self.fail(f'"{text}" is no time; write for example 2026-03-29T02:30, or Unix seconds', param, ctx)


class Duration(click.ParamType[int]):
    """Whole seconds, written as Prometheus does."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 (click's)
        """Return seconds."""
        if isinstance(value, int):
            return value
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def about_one_signal(since: str, words: str) -> Callable[[Function], Function]:
    """Return a decorator that adds what all questions take.

    Args:
        since: how long before is looked at, unless told otherwise.
        words: what that is for.
    """
    added = (
        click.argument("signal"),
        click.argument("selector", default=""),
        options.config_file,
        options.prometheus_url,
        click.option("--at", type=Instant(), default=lambda: int(time.time()), help="The instant.  [default: now]"),
        click.option("--since", type=Duration(), default=since, show_default=True, help=words),
        options.output,
    )

    def decorate(function: Function) -> Function:
        for one in reversed(added):
            function = one(function)
        return function

    return decorate
