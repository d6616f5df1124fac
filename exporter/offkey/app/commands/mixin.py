"""`offkey mixin`: rules and dashboards for those who deploy with Jsonnet."""

from pathlib import Path

import click

from offkey.adapters import files
from offkey.app import options
from offkey.app.folder import CommandList


@click.group(cls=CommandList)
def command() -> None:
    """Export a monitoring mixin: rules and dashboards in the form that Jsonnet deployments take.

    Example: offkey mixin export --rules rules/offkey.rules.yml -o offkey-mixin/
    """


@command.command()
@click.option(
    "--rules",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Rule file to take along, for example one that offkey rules generate wrote; may be given several times.",
)
@options.new_folder
def export(paths: tuple[Path, ...], folder: Path) -> None:
    """Write mixin.libsonnet, config.libsonnet, alerts/, rules/ and dashboards/.

    Example: offkey mixin export --rules rules/offkey.rules.yml -o offkey-mixin/
    """
    from offkey.adapters.exports.dashboards import render  # noqa: PLC0415 (the SDK is for this only)
    from offkey.app import mixin  # noqa: PLC0415 (the same)

    for name, text in mixin.files(paths, render()).items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        files.write(target, text.encode())
        click.echo(target)
