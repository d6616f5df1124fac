"""`offkey alertmanager`: write Alertmanager's configuration, and ask where alerts go."""

from pathlib import Path

import click

from offkey.adapters import files
from offkey.app import options
from offkey.app.folder import CommandList
from offkey.app.wording import counted


@click.group(cls=CommandList)
def command() -> None:
    """Write Alertmanager's configuration from the section alertmanager of offkey.yml, and test its routes.

    Example: offkey alertmanager render --config.file offkey.yml -o alertmanager
    """


@command.command()
@options.config_file
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder for the configuration, templates, and rules against storms.  [default: configuration to stdout]",
)
def render(config_file: Path | None, folder: Path | None) -> None:
    """Write alertmanager.yml, its templates, and the rules that hold back a storm of alerts.

    amtool, amlint and promtool check the files first, where they are there.

    Example: offkey alertmanager render --config.file offkey.yml -o alertmanager
    """
    from offkey.app.alertmanager import programs, reading, rendering  # noqa: PLC0415 (--help stays fast)

    made = rendering.rendered(reading.load(config_file))
    asked = programs.check(made, strict=False)
    if folder is None:
        click.echo(made[rendering.CONFIG], nl=False)
        return
    for path, text in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        files.write(folder / path, text.encode())
        click.echo(f"wrote {folder / path}", err=True)
    click.echo(f"checked by {', '.join(asked) or 'offkey alone: no amtool was found'}", err=True)


@command.command()
@options.config_file
@click.argument("labels", nargs=-1, metavar="[NAME=VALUE]...")
@click.pass_context
def test(context: click.Context, config_file: Path | None, labels: tuple[str, ...]) -> None:
    """Say who is told of an alert with these labels; without labels, run the tests of the section.

    Exit code 1 when somebody else is told than a test says, when amtool sees it differently, or amlint warns.

    Example: offkey alertmanager test severity=critical team=payments
    """
    from offkey.app.alertmanager import programs, reading, rendering, routing  # noqa: PLC0415 (--help stays fast)
    from offkey.core.errors import ConfigError  # noqa: PLC0415 (as above)

    section = reading.load(config_file)
    odd = [word for word in labels if "=" not in word]
    if odd:
        msg = f"{odd[0]}: not a label; write NAME=VALUE"
        raise ConfigError(msg)
    made, tree = rendering.rendered(section), routing.routes(section)
    asked: list[tuple[dict[str, str], list[str] | None]] = [(case.labels, case.receivers) for case in section.tests]
    if labels:
        asked = [(dict(word.split("=", 1) for word in labels), None)]
    failed = 0
    for given, wanted in asked:
        found = routing.receivers(tree, given)
        seen = programs.told(made, given)
        is_good = wanted in (None, found) and seen in (None, found)
        failed += not is_good
        words = " ".join(f"{name}={value}" for name, value in given.items()) or "(no labels)"
        click.echo(f"{'ok  ' if is_good else 'FAIL'} {words}: {', '.join(found)}")
        if not is_good:
            click.echo(f"     the test says {wanted}; amtool says {seen}", err=True)
    programs.check(made)
    click.echo(f"{counted(len(asked), 'alert')}, {failed} of them otherwise than wanted", err=True)
    context.exit(1 if failed else 0)
