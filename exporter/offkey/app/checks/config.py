"""`offkey check config`: the checks `serve` makes, without serving."""

import json
from collections.abc import Callable, Sequence
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
    report(context, paths, lambda path: config.load(path, prometheus_url), output)


def report(context: click.Context, paths: Sequence[Path], load: Callable[[Path], object], output: str) -> None:
    """Print what is wrong with files and end the command.

    Args:
        context: the command.
        paths: the files.
        load: reads one file; raises ConfigError when it is not acceptable.
        output: text or json.
    """
    found = {path: _problems(path, load) for path in paths}
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


def _problems(path: Path, load: Callable[[Path], object]) -> list[dict[str, str | int]]:
    try:
        load(path)
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
