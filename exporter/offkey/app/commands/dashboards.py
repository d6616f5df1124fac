"""`offkey dashboards`: write the Grafana dashboards, and check dashboards."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import click

from offkey.adapters import files
from offkey.app import options
from offkey.app.folder import CommandList

PACKS = "packs"  # folder of the packs' dashboards


@click.group(cls=CommandList)
def command() -> None:
    """Write and check Grafana dashboards.

    Example: offkey dashboards render -o /var/lib/grafana/dashboards/offkey
    """


@command.command("render")
@options.new_folder
@click.option(
    "--schema",
    type=click.Choice(["classic", "v2"]),
    default="classic",
    show_default=True,
    help="classic: files for every Grafana from 10 to 13. v2: resources for the API of Grafana 13.",
)
def write(folder: Path, schema: Literal["classic", "v2"]) -> None:
    """Write every dashboard as a JSON file that Grafana loads.

    Example: offkey dashboards render -o grafana/dashboards
    """
    from offkey.adapters.exports.dashboards import as_resource, render  # noqa: PLC0415 (the SDK is for this only)
    from offkey.app import presets  # noqa: PLC0415 (the same)

    texts = render() | {f"{PACKS}/{pack.name}.json": presets.dashboard(pack) for pack in presets.packs()}
    (folder / PACKS).mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        files.write(folder / name, (text if schema == "classic" else as_resource(text)).encode())
        click.echo(folder / name)


@command.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@options.output
@click.pass_context
def lint(context: click.Context, paths: tuple[Path, ...], output: str) -> None:
    """Check dashboard files by the rules of dashboard-linter, less the exceptions in a .lint file beside them.

    Example: offkey dashboards lint grafana/dashboards
    """
    from offkey.app.dashboard_lint import lint_file  # noqa: PLC0415 (pydantic and the parser are for this only)

    found = [
        (path, finding)
        for folder in paths
        for path in (sorted(folder.rglob("*.json")) if folder.is_dir() else [folder])
        for finding in lint_file(path)
    ]
    if output == "json":
        rows = [{"file": str(path), **asdict(finding)} for path, finding in found]
        click.echo(json.dumps({"version": 1, "findings": rows}, indent=2))
    else:
        for path, finding in found:
            click.echo(f"{path}: {finding}")
    context.exit(1 if found else 0)
