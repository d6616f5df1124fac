"""`offkey check rules`: judge rule files without asking a server."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import click

from offkey.app import options
from offkey.app.wording import counted
from offkey.core import targets

LINT_FATAL = 3


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@options.config_file
@click.option(
    "--target",
    "target_name",
    type=click.Choice(targets.NAMES),
    default=targets.DEFAULT.name,
    show_default=True,
    help="Who reads the rules.",
)
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="Form of the result.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["info", "warning", "error", "fatal"]),
    default="warning",
    show_default=True,
    help="Least severity that ends with exit code 1.",
)
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[Path, ...],
    config_file: Path | None,
    target_name: str,
    form: str,
    fail_on: str,
) -> None:
    """Check rule files, offkey's own or anybody's: what is wrong, where, and how bad.

    A folder stands for its YAML files. Exit code 3 when Prometheus would refuse a file, else 1 when anything is at
    least as bad as --fail-on.

    Example: offkey check rules rules/ --output github
    """
    from offkey.app.lint import outputs, run  # noqa: PLC0415 (--help stays fast)
    from offkey.app.lint.findings import SEVERITIES  # noqa: PLC0415 (as above)
    from offkey.app.lint.policy import LintPolicy  # noqa: PLC0415 (as above)
    from offkey.app.sections import section  # noqa: PLC0415 (as above)
    from offkey.app.written import document  # noqa: PLC0415 (as above)

    policy = section(config_file, "lint", LintPolicy)
    target = targets.target(target_name)
    files = [file for path in paths for file in _files(path)]
    documents = [document.load(file) for file in files]
    found = run.lint(documents, policy, target, datetime.now(UTC).date())
    program = shutil.which("promtool") if target is targets.DEFAULT else None
    if program is not None:
        found = run.with_promtool(found, documents, program)
    click.echo(outputs.written(found, form), nl=False)
    levels: tuple[str, ...] = SEVERITIES
    worst = max((levels.index(one.severity) for one in found), default=-1)
    click.echo(f"{counted(len(files), 'file')}, {counted(len(found), 'finding')}", err=True)
    if worst == levels.index("fatal"):
        context.exit(LINT_FATAL)
    context.exit(1 if worst >= levels.index(fail_on) else 0)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in (".yml", ".yaml") and file.is_file())
