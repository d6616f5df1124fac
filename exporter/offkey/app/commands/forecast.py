"""`offkey forecast`: where a signal is going."""

from typing import Any

import click

from offkey.app.questions import Duration, about_one_signal


@click.command()
@about_one_signal("24h", "How much of the past is shown.")
@click.option(
    "--horizon",
    "horizons",
    type=Duration(),
    multiple=True,
    help="How far ahead; may be given several times.  [default: the signal's]",
)
def command(
    signal: str,
    selector: str,
    at: int,
    since: int,
    output: str,
    horizons: tuple[int, ...],
    **where: Any,  # noqa: ANN401 (options)
) -> None:
    """Show where one signal is going, with 90 % bounds.

    SIGNAL is a signal's name or any PromQL, SELECTOR picks series of it.

    Example: offkey forecast disk_free '{instance="db1:9100"}' --horizon 4h --horizon 24h
    """
    from offkey.app import answers  # noqa: PLC0415 (--help stays fast)

    answers.forecast(answers.ask(signal, selector, at, since, **where), horizons, output)
