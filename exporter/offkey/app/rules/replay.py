"""`offkey rules replay`: what rules would have done in the past."""

import json
import time
from pathlib import Path

import click

from offkey.app import options

FILES = click.Path(path_type=Path, exists=True)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILES, metavar="FILE...")
@options.config_file
@options.prometheus_url
@click.option("--source", default="default", show_default=True, help="Source of the configuration to read from.")
@click.option("--series", type=FILES, help="Read the past from the input series of a promtool test file instead.")
@click.option("--since", default="30d", show_default=True, metavar="DURATION", help="How much of the past.")
@click.option(
    "--evaluation-interval", "interval", default="1m", show_default=True, metavar="DURATION",
    help="Interval of groups and subqueries that do not say, as in prometheus.yml.",
)  # fmt: skip
@click.option("--against", multiple=True, type=FILES, help="Rule file to compare with, replayed over the same past.")
@click.option("--episodes", "details", is_flag=True, help="List every episode.")
@options.report
@options.output
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 (one for each option)
    context: click.Context,
    files: tuple[Path, ...],
    config_file: Path | None,
    prometheus_url: str,
    source: str,
    series: Path | None,
    since: str,
    interval: str,
    against: tuple[Path, ...],
    details: bool,
    report: Path | None,
    output: str,
) -> None:
    """Say which alerts of rule files would have fired in the past, when and for how long.

    Any rule file will do. `for`, `keep_firing_for`, `limit`, group intervals, recording rules and rules that read
    ALERTS are obeyed as Prometheus does. Exit 1 when a rule could not be replayed.

    Example: offkey rules replay rules/ --prometheus.url http://localhost:9090 --since 30d
    """
    from offkey.app.replaying import results  # noqa: PLC0415 (--help stays fast)
    from offkey.app.replaying.replay import Past, replayed  # noqa: PLC0415 (as above)

    past = Past.of(options.found(config_file), prometheus_url, source, series, (since, interval, int(time.time())))
    after = replayed(past, files, with_sides=report is not None)
    before = replayed(past, against, with_sides=report is not None) if against else None
    past.close()
    if report is not None:
        from offkey.app.replaying import reports  # noqa: PLC0415 (as above)

        reports.write(report, reports.of_rules(after, before), results.tree(after, before))
    if output == "json":
        click.echo(json.dumps(results.tree(after, before), indent=2))
    else:
        lines = results.table(after, details=details) if before is None else results.comparison(before, after)
        for line in lines:
            click.echo(line)
    context.exit(1 if after.problems or (before is not None and before.problems) else 0)
