"""`offkey rules review`: what alerts were worth, and what that proposes."""

import json
from pathlib import Path

import click

from offkey.app import options

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("files", nargs=-1, type=FILE, metavar="[FILE]...")
@options.config_file
@options.prometheus_url
@click.option(
    "--alertmanager.url",
    "alertmanager_url",
    type=options.Address(),
    default="",
    metavar="URL",
    help="Alertmanager whose silences are read, instead of the file's.",
)
@click.option("--window", default="", metavar="DURATION", help="How much of the past.  [default: the file's, else 28d]")
@options.output
@click.pass_context
def command(
    context: click.Context,
    files: tuple[Path, ...],
    config_file: Path | None,
    prometheus_url: str,
    alertmanager_url: str,
    window: str,
    output: str,
) -> None:
    """Say what each alert cost and was worth, and propose changes as a diff: a longer `for`, another bound, an end.

    ALERTS says what fired, Alertmanager's silences who acknowledged it; "false alarm" or "real alarm" in a silence's
    comment is a verdict. Nothing is written. FILES are rule files of yours to review as well. Exit 1 when anything is
    proposed.

    Example: offkey rules review --config.file offkey.yml --alertmanager.url http://localhost:9093
    """
    from offkey.app.alertreviews import reports, review  # noqa: PLC0415 (--help stays fast)

    found = review.reviewed(config_file, prometheus_url, alertmanager_url, window, files)
    if output == "json":
        click.echo(json.dumps(reports.tree(found), indent=2))
    else:
        for line in reports.table(found):
            click.echo(line)
        options.echo_diff(found.diff)
        if not found.alerts:
            click.echo("no alert of these signals and files is known to Prometheus: nothing to review", err=True)
    context.exit(1 if any(one.changes for one in found.alerts) else 0)
