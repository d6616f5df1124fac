"""The command line: finds the command, and turns errors into words and exit codes.

Exit codes: 0 good; 1 findings or differences; 2 usage or invalid configuration; 3 a lint finding that was declared
fatal; 4 a source that is unreachable or answered in part; 5 anything else; 130 interrupted (Ctrl-C, SIGTERM).
Results go to stdout, words to stderr.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import NoReturn

import click

from offkey import REVISION, __version__
from offkey.app.folder import CommandFolder
from offkey.core.errors import OffkeyError, UnknownPlugin

INTERNAL, INTERRUPTED = 5, 130
ISSUES = "please report it with the lines above"


def main() -> NoReturn:
    """Run the command of this process's arguments and end the process."""
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        stack.push(_unforeseen)
        sys.exit(run(sys.argv[1:]))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Treat a request to end as Ctrl-C: what was started ends too, and nothing stays half written."""
    raise KeyboardInterrupt


def run(arguments: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    try:
        code = root.main(list(arguments), prog_name="offkey", standalone_mode=False)
    except click.Abort:
        return INTERRUPTED
    except (click.ClickException, OffkeyError, OSError) as error:
        return _failed(error)
    return code if isinstance(code, int) else 0


def _failed(error: click.ClickException | OffkeyError | OSError) -> int:
    """Tell what went wrong; return the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if isinstance(error, click.ClickException):
        context = error.ctx if isinstance(error, click.UsageError) else None
        return _say(error.format_message(), f"{context.command_path} --help" if context else "", error.exit_code)
    if isinstance(error, OffkeyError):
        return _say(str(error), "offkey models list" if isinstance(error, UnknownPlugin) else "", error.exit_code)
    where = f"{error.filename}: " if error.filename else ""
    return _say(f"{where}{(error.strerror or str(error)).lower()}", "", INTERNAL)


def _color(context: click.Context, _option: click.Parameter, choice: str) -> None:
    """Settle the colours of the process by the variables every library looks at; the flag overrules them."""
    if choice != "auto":
        os.environ.pop("NO_COLOR" if choice == "always" else "FORCE_COLOR", None)
        os.environ["FORCE_COLOR" if choice == "always" else "NO_COLOR"] = "1"
    context.color = _wants_color()


def _wants_color() -> bool | None:
    """Return what the environment asks for, or None to look at the terminal (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


@click.group(
    cls=CommandFolder,
    package="offkey.app.commands",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    expose_value=False,
    is_eager=True,
    callback=_color,
    help="Colours; auto also obeys NO_COLOR and FORCE_COLOR.",
)
@click.version_option(
    __version__, message=f"%(prog)s, version %(version)s (revision {REVISION}, python {sys.version.split()[0]})"
)
def root() -> None:
    """Hear when Prometheus metrics go off-key: scores, forecasts, and alerting rules that tune themselves.

    Example: offkey serve --prometheus.url http://localhost:9090
    """


def _say(message: str, hint: str, code: int) -> int:
    color = _wants_color()
    for line in message.splitlines():
        click.echo(f"{click.style('error:', fg='red', bold=True)} {line}", err=True, color=color)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    return code


def _unforeseen(kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
    """End with code 5 and a word after the traceback of what nobody foresaw."""
    if kind is None or not issubclass(kind, Exception):
        return False
    sys.excepthook(kind, error or kind(), trace)
    raise SystemExit(_say(f"internal error: {kind.__name__}", ISSUES, INTERNAL))
