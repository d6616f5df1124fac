"""`offkey check web-config`: the checks `serve` makes of its web configuration, certificates included."""

from pathlib import Path

import click

from offkey.app import options
from offkey.app.checks.config import report


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.output
@click.pass_context
def command(context: click.Context, paths: tuple[Path, ...], output: str) -> None:
    """Check web configuration files (TLS, passwords, headers, rate limit) and the certificates they name.

    Example: offkey check web-config web.yml
    """
    from offkey.app.webconfig.file import load  # noqa: PLC0415 (--help stays fast)

    report(context, paths, load, output)
