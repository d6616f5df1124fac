"""`offkey models`: what can judge, forecast and tune."""

import ast
import inspect
import json
from importlib.util import find_spec
from pathlib import Path

import click

from offkey.app import kinds, options
from offkey.app.folder import CommandList
from offkey.core import plugins
from offkey.core.errors import UnknownPlugin

FOLDERS = {"detector": kinds.DETECTORS, "forecaster": kinds.FORECASTERS, "tuner": kinds.TUNERS, "source": kinds.SOURCES}


@click.group(cls=CommandList)
def command() -> None:
    """List detectors, forecasters, tuners and sources, and their options.

    Example: offkey models list
    """


@command.command("list")
@options.output
def list_models(output: str) -> None:
    """Name every kind with one line about it.

    Example: offkey models list
    """
    rows = [
        {"type": type_, "kind": kind, "summary": summary(package, kind)}
        for type_, package in FOLDERS.items()
        for kind in plugins.names(package)
    ]
    if output == "json":
        click.echo(json.dumps({"version": 1, "models": rows}, indent=2))
        return
    width = max(len(row["kind"]) for row in rows)
    for row in rows:
        click.echo(f"{row['type']:<10}  {row['kind']:<{width}}  {row['summary']}")


@command.command("options")
@click.argument("kind")
@options.output
def list_options(kind: str, output: str) -> None:
    """Name the options of one kind, with their types and defaults.

    Example: offkey models options seasonal
    """
    package = next((package for package in FOLDERS.values() if kind in plugins.names(package)), "")
    if not package:
        from offkey.app.fields import nearest  # noqa: PLC0415 (--help stays fast)

        near = nearest(kind, [name for folder in FOLDERS.values() for name in plugins.names(folder)])
        msg = f"no kind is called '{kind}'{near}"
        raise UnknownPlugin(msg)
    rows = [
        {
            "option": option.name,
            "type": inspect.formatannotation(option.annotation),
            "default": None if option.is_required else repr(option.default),
        }
        for option in kinds.options(package, kind).values()
    ]
    if output == "json":
        click.echo(json.dumps({"version": 1, "options": rows}, indent=2))
        return
    if not rows:
        click.echo(f"{kind} has no options", err=True)
    for row in rows:
        click.echo(f"{row['option']}: {row['type']}" + (f" = {row['default']}" if row["default"] else "  (required)"))


def summary(package: str, kind: str) -> str:
    """Return the first line of a kind's docstring; the kind, and the libraries it needs, are not imported."""
    spec = find_spec(plugins.place(package, kind))
    text = Path(spec.origin).read_text("utf-8") if spec and spec.origin else ""
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


@command.command("compile")
def compile_models() -> None:
    """Compile all compiled code now, once, instead of at the first start.

    Example: offkey models compile
    """
    from offkey.app.compiling import compile_all  # noqa: PLC0415 (--help stays fast)

    for kind, seconds in compile_all():
        click.echo(f"{kind}: {seconds:.1f} s", err=True)
