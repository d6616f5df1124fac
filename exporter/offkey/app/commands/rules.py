"""`offkey rules`: write alerting rules, their evidence and their tests."""

from pathlib import Path
from typing import Literal

import click

from offkey.app import options

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def command() -> None:
    """Write alerting rules with thresholds learned from the past, for review in Git.

    Example: offkey rules generate --config.file offkey.yml -o rules/
    """


@command.command()
@options.config_file
@options.prometheus_url
@click.option(
    "-o", "--output", "folder", type=FOLDER, default="rules", show_default=True, help="Folder of the rule files."
)
@click.option("--adopt", "edited", flag_value="adopt", help="Keep the constants people changed by hand, for good.")
@click.option("--replace", "edited", flag_value="replace", help="Write over what people changed by hand.")
@click.option("--dry-run", is_flag=True, help="Show the changes as a diff and write nothing.")
def generate(
    config_file: Path | None,
    prometheus_url: str,
    folder: Path,
    edited: Literal["adopt", "replace"] | None,
    dry_run: bool,
) -> None:
    """Write a rule file and its promtool tests for each signal with an alert.

    The files are checked before any of them changes, and written whole. A file that was changed by hand is refused
    with the difference, unless --adopt or --replace says what to do. An unchanged past gives the same bytes.

    Example: offkey rules generate --config.file offkey.yml -o rules/
    """
    from offkey.app.rulebook import Book  # noqa: PLC0415 (--help stays fast)

    book = Book.learned(config_file, prometheus_url, folder, edited or "refuse")
    if dry_run:
        click.echo(book.changes.diff(), nl=False)
    else:
        book.write()


@command.command()
@options.config_file
@options.prometheus_url
@click.option(
    "-o", "--output", "folder", type=FOLDER, default="rules", show_default=True, help="Folder of the rule files."
)
@click.pass_context
def diff(context: click.Context, config_file: Path | None, prometheus_url: str, folder: Path) -> None:
    """Show what generate would change; exit 1 when it would change anything.

    Example: offkey rules diff --config.file offkey.yml -o rules/
    """
    from offkey.app.rulebook import Book  # noqa: PLC0415 (--help stays fast)

    text = Book.learned(config_file, prometheus_url, folder, "replace").changes.diff()
    for line in text.splitlines():
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line, fg=color)
    context.exit(1 if text else 0)
