"""`offkey doctor`: what is wrong around offkey, and what to do about it."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from offkey.app import options

MARKS = {"ok": ("ok", "green"), "warning": ("look", "yellow"), "failed": ("FAIL", "red")}


@click.command()
@options.config_file
@options.prometheus_url
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time for each question.",
)
@options.output
@click.pass_context
def command(context: click.Context, config_file: Path | None, prometheus_url: str, timeout: float, output: str) -> None:
    """Look at sources, clocks, signals, rules, Alertmanager, scrape and cost, and say what to do.

    Exits 1 when something keeps pages from coming.

    Example: offkey doctor --config.file offkey.yml
    """
    from offkey.app import wire  # noqa: PLC0415 (--help stays fast)
    from offkey.app.doctor.examination import examine  # noqa: PLC0415 (as above)
    from offkey.app.loading import loader  # noqa: PLC0415 (as above)

    found = []
    for checkup in examine(loader(config_file, prometheus_url)(), wire.CLOCKS.wall, timeout):
        found.append(checkup)
        if output == "text":
            mark, color = MARKS[checkup.state]
            click.echo(f"{click.style(f'{mark:4}', fg=color, bold=True)}  {checkup.subject}: {checkup.found}")
            if checkup.advice:
                click.echo(f"      -> {checkup.advice}")
    states = [checkup.state for checkup in found]
    if output == "text":
        counts = {"failed": states.count("failed"), "to look at": states.count("warning")}
        rest = ", ".join(f"{count} {words}" for words, count in counts.items() if count)
        verdict = "pages cannot come yet" if counts["failed"] else "pages can come"
        click.echo(f"{verdict}: {rest}" if rest else verdict, err=True)
    if output == "json":
        click.echo(json.dumps({"version": 1, "checkups": [asdict(checkup) for checkup in found]}, indent=2))
    context.exit(1 if "failed" in states else 0)
