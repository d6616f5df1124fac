"""`offkey backtest`: what the configured alerts would have done in the past."""

import json
import sys
import time
from pathlib import Path

import click

from offkey.app import options


@click.command()
@options.config_file
@options.prometheus_url
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Another configuration, tested on the same past and shown as what was before.",
)
@options.report
@options.workers
@options.output
def command(
    config_file: Path | None, prometheus_url: str, against: Path | None, report: Path | None, workers: str, output: str
) -> None:
    """Say when each signal's alert would have fired in the past, and what that would have cost.

    The first half of a signal's history teaches; the second is judged sample by sample with the code that runs live.

    Example: offkey backtest --config.file offkey.yml --report backtest.html
    """
    from offkey.app.replaying import reports, results, signals  # noqa: PLC0415 (--help stays fast)

    now = int(time.time())
    after = signals.tested(config_file, prometheus_url, now, sys.stderr, workers)
    before = signals.tested(against, prometheus_url, now, sys.stderr, workers) if against else []
    tree = {"version": signals.VERSION, "before": signals.tree(before), "after": signals.tree(after)}
    told = tree if before else signals.tree(after)
    if report is not None:
        reports.write(report, signals.report(after, before), told)
    if output == "json":
        click.echo(json.dumps(told, indent=2))
        return
    for line in results.aligned(signals.compared_rows(before, after) if before else signals.rows(after)):
        click.echo(line)
