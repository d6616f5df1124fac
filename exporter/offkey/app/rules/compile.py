"""`offkey rules compile`: learn the thresholds of rules that people wrote."""

import json
import math
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offkey.app import options
from offkey.app.past import Past
from offkey.app.past import past as reads_past
from offkey.core.labels import NAME

_APART = 2.0  # thresholds of which one is more than twice the other

if TYPE_CHECKING:
    from offkey.app.thresholds.proposals import Proposal
    from offkey.app.written.document import RuleDocument


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reads_past
@click.option(
    "--overrides",
    "overrides_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="What people decided: adopt, pin, min, max, disabled.  [default: overrides.yml, when there is one]",
)
@click.option("--write", is_flag=True, help="Write the new constants into the files.")
@options.output
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[Path, ...],
    past: Past,
    overrides_file: Path | None,
    write: bool,
    output: str,
) -> None:
    """Learn the thresholds of existing rule files and propose them as the smallest diff.

    Only numbers change: comments, order, quotes and style stay as they are. Each number is the earliest one that would
    have cost no more pages than the severity's budget. Exit code 1 when anything would change and is not written.

    Example: offkey rules compile rules/node.yml --prometheus.url http://localhost:9090
    """
    from offkey.app.progress import track  # noqa: PLC0415 (--help stays fast)
    from offkey.app.thresholds import compiling  # noqa: PLC0415 (as above)
    from offkey.app.thresholds import overrides as decisions  # noqa: PLC0415 (as above)

    decided = decisions.load(overrides_file)
    today = datetime.now(UTC).date()
    with past.reading() as read:
        files = track(paths, "learning", len(paths))
        compiled = [compiling.compiled(path, read, decided, today) for path in files]
    for one in compiled:
        for proposal in one.proposals:
            click.echo(line(one.document, proposal), err=True)
    for said in compiling.unused(compiled, decided, today):
        click.echo(said, err=True)
    if output == "json":
        rows = [_row(one.document, proposal) for one in compiled for proposal in one.proposals]
        click.echo(json.dumps({"version": 1, "constants": rows}, indent=2))
    else:
        options.echo_diff("".join(one.diff for one in compiled))
    changed = [one for one in compiled if one.diff]
    if write:
        compiling.write(changed, shutil.which("promtool"))
    context.exit(1 if changed and not write else 0)


def line(document: "RuleDocument", one: "Proposal") -> str:
    """Return what is said of a constant: where it stands, what becomes of it, and why."""
    constant, place = one.constant, one.constant.place
    what = f"{constant.condition.op} {constant.condition.value:g}"
    change = f"{what} -> {one.after}" if one.after is not None else f"{what} stays"
    cost = "" if math.isnan(one.before_per_week) else f"; {one.before_per_week:.2g} pages a week"
    if one.after is not None and cost:
        cost += f", then {one.after_per_week:.2g}"
    where = f"{document.name}:{place.line}:{place.column}"
    return f"{where}: {constant.rule.name}: {change} ({one.why}{cost}){_spread(one)}"


def _spread(one: "Proposal") -> str:
    """Return which series ask for thresholds that are far apart; nothing when one suits all."""
    if not one.each:
        return ""
    (low, least), (high, most) = (choose(one.each, key=lambda pair: pair[1]) for choose in (min, max))
    if least * most > 0 and max(abs(least), abs(most)) <= _APART * min(abs(least), abs(most)):
        return ""
    return f"; alone {low.without(NAME)} asks for {least:g}, {high.without(NAME)} for {most:g}"


def _row(document: "RuleDocument", one: "Proposal") -> dict[str, object]:
    constant = one.constant
    return {
        "file": document.name,
        "line": constant.place.line,
        "column": constant.place.column,
        "rule": constant.rule.name,
        "labels": dict(constant.labels),
        "query": constant.condition.query,
        "op": constant.condition.op,
        "before": constant.condition.value,
        "after": None if one.after is None else float(one.after),
        "why": one.why,
        "series": one.series,
        "each": [{"labels": dict(labels), "after": value} for labels, value in one.each],
        "pages_per_week_before": None if math.isnan(one.before_per_week) else one.before_per_week,
        "pages_per_week_after": None if math.isnan(one.after_per_week) else one.after_per_week,
    }
