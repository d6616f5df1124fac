"""`offkey rules diff`: what generate would change."""

from pathlib import Path

import click

from offkey.app import options
from offkey.app.ruleoutput import target_option


@click.command()
@options.config_file
@options.prometheus_url
@options.rule_folder
@target_option
@click.pass_context
def command(
    context: click.Context, config_file: Path | None, prometheus_url: str, folder: Path, target_name: str | None
) -> None:
    """Show what generate would change; exit 1 when it would change anything.

    Example: offkey rules diff --config.file offkey.yml -o rules/
    """
    from offkey.app.rulebook import Book  # noqa: PLC0415 (--help stays fast)

    text = Book.learned(config_file, prometheus_url, folder, "replace", target_name).changes.diff()
    options.echo_changes(text, folder)
    context.exit(1 if text else 0)
