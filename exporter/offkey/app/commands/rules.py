"""`offkey rules`: write alerting rules, their evidence and their tests."""

import click

from offkey.app.folder import CommandFolder


@click.group(cls=CommandFolder, package="offkey.app.rules")
def command() -> None:
    """Write alerting rules with thresholds learned from the past, for review in Git.

    Example: offkey rules generate --config.file offkey.yml -o rules/
    """
