"""`offkey check config`: the checks `serve` makes, without serving."""

import json
from pathlib import Path

import click

from offkey.app import config, options
from offkey.app.yamlfile import InvalidFile
from offkey.core.errors import ConfigError


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.prometheus_url
@options.output
@click.pass_context
def command(context: click.Context, paths: tuple[Path, ...], prometheus_url: str, output: str) -> None:
    """Check configuration files; every mistake is shown with its line.

    Example: offkey check config offkey.yml
    """
    found = {path: _problems(path, prometheus_url) for path in paths}
    if output == "json":
        rows = [problem for problems in found.values() for problem in problems]
        click.echo(json.dumps({"version": 1, "problems": rows}, indent=2))
    else:
        for path, problems in found.items():
            for problem in problems:
                click.echo(problem["text"])
            if not problems:
                click.echo(f"{path}: ok", err=True)
    context.exit(ConfigError.exit_code if any(found.values()) else 0)


def _problems(path: Path, prometheus_url: str) -> list[dict[str, str | int]]:
    try:
        config.load(path, prometheus_url)
    except InvalidFile as error:
        return [
            {
                "file": problem.file,
                "line": problem.place.line,
                "column": problem.place.column,
                "key": problem.route,
                "message": problem.message,
                "text": str(problem),
            }
            for problem in error.problems
        ]
    except ConfigError as error:
        return [{"file": str(path), "line": 0, "column": 0, "key": "", "message": str(error), "text": str(error)}]
    return []
