"""`offkey check`: judge files without starting anything."""

import click

from offkey.app.folder import CommandFolder


@click.group(cls=CommandFolder, package="offkey.app.checks")
def command() -> None:
    """Check files without starting anything.

    Example: offkey check config offkey.yml
    """
