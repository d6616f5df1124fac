"""`offkey demo`: everything at work on this machine."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--duration",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="End by itself after so long; 0 goes on until Ctrl-C.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".demo",
    show_default=True,
    help="Where configurations, storage and logs are put.",
)
@click.pass_context
def command(context: click.Context, duration: int, folder: Path) -> None:
    """Play an outage on a simulated streaming platform, and page for it.

    A real Prometheus with 15 days of history scrapes the platform, offkey learns it and writes alerting rules, card
    payments in Europe fail, and Alertmanager pages a webhook. With a duration the exit code is 0 only if the outage
    was paged and nothing else was. Everything listens on the loopback address and ends with this command.

    Example: offkey demo --duration 240
    """
    from offkey.app.demo.screen import Screen  # noqa: PLC0415 (--help stays fast)
    from offkey.app.demo.start import run  # noqa: PLC0415 (as above)

    context.exit(0 if run(folder.absolute(), duration, Screen()) else 1)
