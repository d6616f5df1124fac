"""`offkey version`: what runs here."""

import json
import platform

import click

from offkey import REVISION, __version__
from offkey.app import options


@click.command()
@options.output
def command(output: str) -> None:
    """Print the version.

    Example: offkey version -o json
    """
    facts = {
        "name": "offkey",
        "version": __version__,
        "revision": REVISION,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    if output == "json":
        click.echo(json.dumps(facts))
    else:
        click.echo("{name}, version {version} (revision {revision}, python {python}, {platform})".format(**facts))
