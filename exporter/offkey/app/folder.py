"""A group of commands whose registry is a folder: only the command that runs is imported."""

import importlib
import pkgutil
import re
from typing import Any

import click

# Parsing the files instead would double the time `offkey --help` takes on top of Python's and click's own.
_FIRST_LINE = re.compile(r'^def command\(.*?^    """([^\n"]*)', re.DOTALL | re.MULTILINE)


class CommandList(click.Group):
    """A group of a few commands, listed with their whole first lines."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each command."""
        with formatter.section("Commands"):
            told = ((name, command.get_short_help_str(200)) for name, command in sorted(self.commands.items()))
            formatter.write_dl([(name, text.removesuffix(".")) for name, text in told])


class CommandFolder(click.Group):
    """The commands in the files of a package; file name = command name, with `-` for `_`."""

    def __init__(self, *args: Any, package: str, **options: Any) -> None:  # noqa: ANN401 (click's own options)
        super().__init__(*args, **options)
        self.package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        folder = importlib.import_module(self.package)
        return sorted(found.name.replace("_", "-") for found in pkgutil.iter_modules(folder.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{self.package}.{_module(cmd_name)}")
        command: click.Command = module.command
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for an unknown one, name the nearest."""
        names = self.list_commands(ctx)
        if args[0] not in names and not ctx.resilient_parsing and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 (--help stays fast)

            near = get_close_matches(args[0], names, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f" (have: {', '.join(names)})"
            ctx.fail(f"no command called '{args[0]}'{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each command; nothing is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(self.package, name)) for name in self.list_commands(ctx)])


def summary(package: str, name: str) -> str:
    """Return the first line of a command's docstring, read from its source: importing may cost a second."""
    found = _FIRST_LINE.search((pkgutil.get_data(package, f"{_module(name)}.py") or b"").decode())
    return found[1].removesuffix(".") if found else ""


def _module(name: str) -> str:
    return name.replace("-", "_")
