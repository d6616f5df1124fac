"""`offkey rules generate`: learn every signal and write its rules."""

from pathlib import Path
from typing import Literal

import click

from offkey.app import options
from offkey.app.ruleoutput import target_option


@click.command()
@options.config_file
@options.prometheus_url
@options.rule_folder
@target_option
@options.workers
@click.option("--adopt", "edited", flag_value="adopt", help="Keep the constants people changed by hand, for good.")
@click.option("--replace", "edited", flag_value="replace", help="Write over what people changed by hand.")
@click.option("--dry-run", is_flag=True, help="Show the changes as a diff and write nothing.")
def command(
    config_file: Path | None,
    prometheus_url: str,
    folder: Path,
    target_name: str | None,
    workers: str,
    edited: Literal["adopt", "replace"] | None,
    dry_run: bool,
) -> None:
    """Write a rule file and its promtool tests for each signal with an alert.

    The files are checked before any of them changes, and written whole. A file that was changed by hand is refused
    with the difference, unless --adopt or --replace says what to do. An unchanged past gives the same bytes.

    Example: offkey rules generate --config.file offkey.yml -o rules/
    """
    from offkey.app.rulebook import Book  # noqa: PLC0415 (--help stays fast)

    book = Book.learned(config_file, prometheus_url, folder, edited or "refuse", target_name, workers)
    if dry_run:
        options.echo_changes(book.changes.diff(), folder)
    else:
        book.write()
