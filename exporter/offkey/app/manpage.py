"""The manual page, made from the commands: `man offkey` after an installation into a folder that man looks into."""

import re
from collections.abc import Iterator

import click

from offkey import __version__
from offkey.app import cli

_ENVIRONMENT = {
    "NO_COLOR, FORCE_COLOR": "No colours, or colours everywhere; --color overrules both.",
    "OFFKEY_REVISION": "The commit that --version and offkey_build_info name.",
    "NUMBA_CACHE_DIR": "Where compiled code is kept, instead of beside the program.",
}
_FILES = {"offkey.yml": "The configuration, in the folder where a command is run, unless --config.file names another."}


def page() -> str:
    """Return the page in roff, with the macros of man(7)."""
    context = _context(cli.root, None, "offkey")
    synopsis, description = (cli.root.help or "").split("\n\n", 1)
    codes = (cli.__doc__ or "").partition("\n\n")[2]
    lines = [
        f'.TH OFFKEY 1 "" "offkey {__version__}" "User Commands"',
        ".ad l",
        ".SH NAME",
        rf"offkey \- {_escaped(_joined(synopsis[0].lower() + synopsis[1:]).removesuffix('.'))}",
        ".SH SYNOPSIS",
        r".B offkey",
        r"[\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGUMENTS\fR]",
        ".SH DESCRIPTION",
        _escaped(_joined(description)),
        ".SH OPTIONS",
        *_options(cli.root, context),
        *_entries({"-h, --help": "Show the help of offkey, or of any command, and exit."}),
        ".SH COMMANDS",
        *(line for name in cli.root.list_commands(context) for line in _command(cli.root, context, name)),
        ".SH EXIT STATUS",
        _escaped(_joined(codes)),
        ".SH ENVIRONMENT",
        *_entries(_ENVIRONMENT),
        ".SH FILES",
        *_entries(_FILES),
    ]
    return "\n".join(lines) + "\n"


def _command(group: click.Group, parent: click.Context, name: str) -> Iterator[str]:
    command = group.get_command(parent, name)
    if command is None:
        return
    context = _context(command, parent, name)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from _command(command, context, inner)
        return
    yield f".SS {_escaped(context.command_path)} {_escaped(' '.join(command.collect_usage_pieces(context)))}"
    for paragraph in (command.help or "").split("\n\n"):
        yield from (".PP", _escaped(_joined(paragraph)))
    yield from _options(command, context)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield what --help says of each option, but of --help itself once."""
    records = [option.get_help_record(context) for option in command.params if isinstance(option, click.Option)]
    return _entries(dict(record for record in records if record is not None))


def _entries(told: dict[str, str]) -> Iterator[str]:
    for name, meaning in told.items():
        yield from (".TP", rf"\fB{_escaped(name)}\fR", _escaped(_joined(meaning)))


def _context(command: click.Command, parent: click.Context | None, name: str) -> click.Context:
    return click.Context(command, parent=parent, info_name=name, **command.context_settings)


def _joined(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _escaped(text: str) -> str:
    """Return text that roff takes as it is: no request at the beginning, no escape, no typographic hyphen."""
    plain = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain
