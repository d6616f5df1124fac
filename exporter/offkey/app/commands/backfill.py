"""`offkey backfill`: scores and bands of the time before offkey ran."""

import sys
from pathlib import Path

import click

from offkey.app import options
from offkey.app.questions import Duration


@click.command()
@options.config_file
@options.prometheus_url
@click.option("--since", type=Duration(), default="7d", show_default=True, help="How long ago to begin.")
@click.option("--until", type=Duration(), default="0s", show_default=True, help="How long ago to end.")
@click.option("--signal", "signals", multiple=True, metavar="NAME", help="Only this signal; may be repeated.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME=VALUE",
    help="Label for series that have none of that name, such as the job and instance of the scrape; may be repeated.",
)
@options.folder("backfill", "files")
@click.option(
    "--remote-write", "is_sent", is_flag=True, help="Send to the configured remote_write instead of writing files."
)
def command(  # noqa: PLR0913, PLR0917 (one for each option)
    config_file: Path | None,
    prometheus_url: str,
    since: int,
    until: int,
    signals: tuple[str, ...],
    labels: tuple[str, ...],
    folder: Path,
    is_sent: bool,
) -> None:
    """Compute what offkey would have said in the past, every instant judged by what came before it alone.

    Writes one OpenMetrics file a day, for `promtool tsdb create-blocks-from openmetrics FILE DATA`, or sends the
    samples with their true times.

    Example: offkey backfill --since 14d --label job=offkey --label instance=offkey:10955
    """
    from offkey.app import backfill, wire  # noqa: PLC0415 (--help stays fast)
    from offkey.app.loading import loader  # noqa: PLC0415 (as above)
    from offkey.app.logs import logger  # noqa: PLC0415 (as above)
    from offkey.app.telemetry import Telemetry  # noqa: PLC0415 (as above)

    config = loader(config_file, prometheus_url)()
    now = int(wire.CLOCKS.wall())
    span, added = backfill.span(now, since, until), backfill.pairs(labels)
    journal = Telemetry(logger("warning", "logfmt", sys.stderr))
    if is_sent:
        backfill.to_servers(config, span, signals, added, journal)
    else:
        backfill.to_files(config, span, signals, added, folder, journal)
