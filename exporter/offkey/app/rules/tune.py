"""`offkey rules tune`: alert settings that tell people early within the budget of pages."""

import json
import sys
import time
from pathlib import Path

import click

from offkey.app import options


@click.command()
@options.config_file
@options.prometheus_url
@options.workers
@options.output
def command(config_file: Path | None, prometheus_url: str, workers: str, output: str) -> None:
    """Propose bound, `for`, dead band and `keep_firing_for` of each signal's alert, found by replaying the whole alert.

    Of the settings whose replayed past stays within the signal's budget of pages, the one that told of the strongest
    episodes first is proposed. What `budgets` gives several signals together is shared out so that people hear of
    episodes earliest. Nothing is written: what you like goes into the configuration.

    Example: offkey rules tune --config.file offkey.yml
    """
    from offkey.app.loading import loader  # noqa: PLC0415 (--help stays fast)
    from offkey.app.replaying import proposals, results, signals  # noqa: PLC0415 (as above)
    from offkey.engine.tuning import together  # noqa: PLC0415 (as above)

    tests = signals.tested(config_file, prometheus_url, int(time.time()), sys.stderr, workers)
    limits = loader(config_file, prometheus_url)().limits if options.found(config_file) else ()
    found = together(tests, limits)
    if output == "json":
        click.echo(json.dumps(proposals.tree(found), indent=2))
        return
    for line in results.aligned(proposals.rows(found)):
        click.echo(line)
    for line in proposals.words(found):
        click.echo(line, err=True)
