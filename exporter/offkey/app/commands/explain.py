"""`offkey explain`: why a series is judged as it is."""

from typing import Any

import click

from offkey.app.questions import about_one_signal


@click.command()
@about_one_signal("6h", "How long before is followed sample by sample.")
def command(signal: str, selector: str, at: int, since: int, output: str, **where: Any) -> None:  # noqa: ANN401 (options)
    """Say why a series is judged as it is: seen, expected, since when, which part objects, when it was so before.

    SIGNAL is a signal's name or any PromQL, SELECTOR picks series of it; without one the most anomalous are shown.

    Example: offkey explain payment_success '{region="eu"}' --at 2026-03-29T02:30
    """
    from offkey.app import answers  # noqa: PLC0415 (--help stays fast)

    answers.explain(answers.ask(signal, selector, at, since, **where), output)
