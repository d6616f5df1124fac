"""Options that several commands share, named as in Prometheus' own programs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.decorators import FC

from offkey.core.errors import ConfigError

DEFAULT_FILE = Path("offkey.yml")
MOST_SIGNALS = 20  # that are proposed for a server nobody has described


class Address(click.ParamType[str]):
    """The address of a server; empty when none is given."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 (click's)
        """Return the address as it was written."""
        from offkey.adapters.endpoint import Endpoint  # noqa: PLC0415 (--help stays fast)

        if value:
            try:
                Endpoint(url=str(value))
            except ConfigError as error:
                self.fail(str(error).removeprefix("url: "), param, ctx)
        return str(value)


class Page(click.ParamType[Path]):
    """A page that is to be written: whether it can be is known before the work begins."""

    name = "page"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ANN401 (click's)
        """Return its path."""
        path = Path(value)
        if path.suffix != ".html":
            self.fail(
                f"{path}: a report is a page; name it .html (the figures go into the .json beside it)", param, ctx
            )
        if not path.parent.is_dir():
            self.fail(f"{path}: there is no folder {path.parent}", param, ctx)
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            self.fail(f"{path}: cannot be written", param, ctx)
        return path


config_file = click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help=f"Configuration file.  [default: {DEFAULT_FILE}, when there is one]",
)

prometheus_url = click.option(
    "--prometheus.url",
    "prometheus_url",
    type=Address(),
    default="",
    metavar="URL",
    help="Address of the source `default`, whatever the file says; enough to start without a file.",
)

output = click.option(
    "-o",
    "--output",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the result.",
)

workers = click.option(
    "--workers",
    "workers",
    default="",
    metavar="COUNT|URL",
    help="Learn and replay in so many other processes, or on a dask cluster: tcp://SCHEDULER:8786.  [default: none]",
)

report = click.option(
    "--report",
    type=Page(),
    metavar="FILE.html",
    help="Also write a page with plots, and the same as JSON beside it.",
)


def folder(default: str, what: str) -> Callable[[FC], FC]:
    """Return the option that names the folder a command writes to."""
    return click.option(
        "-o",
        "--output",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=default,
        show_default=True,
        help=f"Folder of the {what}.",
    )


new_folder = click.option(
    "-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="Folder that takes the files."
)

rule_folder = folder("rules", "rule files")


def found(config_file: Path | None) -> Path | None:
    """Return the configuration file that applies: the named one, else offkey.yml here, else None."""
    if config_file is None and DEFAULT_FILE.exists():
        return DEFAULT_FILE
    return config_file


def echo_diff(text: str) -> None:
    """Show a unified diff, coloured where colours are wanted."""
    for line in text.splitlines():
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line, fg=color)


def echo_changes(text: str, folder: Path) -> None:
    """Show what would change in a folder as a diff, or say on stderr that nothing would."""
    echo_diff(text)
    if not text:
        click.echo(f"{folder}: nothing to change", err=True)
