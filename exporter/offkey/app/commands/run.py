"""`offkey run --once`: one evaluation, for cron jobs and a quick look."""

from pathlib import Path

import click

from offkey.app import options

UNREACHABLE = 4


@click.command()
@options.config_file
@options.prometheus_url
@click.option("--once", is_flag=True, required=True, help="Evaluate once and end; `offkey serve` goes on for ever.")
@click.option(
    "-o",
    "--output",
    "output",
    type=click.Choice(["text", "json", "openmetrics"]),
    default="text",
    show_default=True,
    help="Table, one JSON object a line, or what /metrics would show.",
)
@click.pass_context
def command(context: click.Context, config_file: Path | None, prometheus_url: str, once: bool, output: str) -> None:
    """Learn from the history, judge the newest samples, print, end.

    Exits 4 when a source could not be read.

    Example: offkey run --once --config.file offkey.yml -o json
    """
    from offkey.app.loading import loader  # noqa: PLC0415 (--help stays fast)
    from offkey.app.once import evaluate  # noqa: PLC0415 (as above)

    if not evaluate(loader(config_file, prometheus_url)(), output) and once:
        context.exit(UNREACHABLE)
