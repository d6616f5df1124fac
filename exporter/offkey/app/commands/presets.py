"""`offkey presets`: what to watch on what many people run."""

import json
from pathlib import Path

import click

from offkey.adapters import files
from offkey.app import options, presets
from offkey.app.folder import CommandList


@click.group(cls=CommandList)
def command() -> None:
    """List presets for well-known exporters, or write one: signals, rules, their tests and a dashboard.

    Example: offkey presets write node -o offkey/
    """


@command.command("list")
@options.output
def list_presets(output: str) -> None:
    """Name every preset with one line about it.

    Example: offkey presets list
    """
    rows = [
        {"preset": pack.name, "summary": pack.summary, "signals": [signal["name"] for signal in pack.written]}
        for pack in presets.presets()
    ]
    if output == "json":
        click.echo(json.dumps({"version": 1, "presets": rows}, indent=2))
        return
    width = max(len(str(row["preset"])) for row in rows)
    for row in rows:
        click.echo(f"{row['preset']:<{width}}  {row['summary']}")


@command.command()
@click.argument("names", nargs=-1, required=True)
@options.new_folder
def write(names: tuple[str, ...], folder: Path) -> None:
    """Write the files of presets. `offkey discover --preset NAME` writes only those signals that have series.

    Example: offkey presets write node prometheus -o offkey/
    """
    chosen = [presets.preset(name) for name in names]
    for path, text in (item for pack in chosen for item in presets.files(pack).items()):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        files.write(target, text.encode())
        click.echo(target)
