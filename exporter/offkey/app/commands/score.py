"""`offkey score`: what the live program would have said lately."""

from typing import Any

import click

from offkey.app.questions import about_one_signal


@click.command()
@about_one_signal("3h", "How much is shown.")
def command(signal: str, selector: str, at: int, since: int, output: str, **where: Any) -> None:  # noqa: ANN401 (options)
    """Show observed values, bands and scores of one signal as the live program would have had them.

    SIGNAL is a signal's name or any PromQL, SELECTOR picks series of it. Nothing has to run but the source.

    Example: offkey score 'sum(rate(http_requests_total[5m]))' --prometheus.url http://localhost:9090
    """
    from offkey.app import answers  # noqa: PLC0415 (--help stays fast)

    answers.score(answers.ask(signal, selector, at, since, **where), output)
