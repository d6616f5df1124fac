"""`offkey config`: what may stand in the file, and what a file comes to."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offkey.app import options
from offkey.app.folder import CommandList
from offkey.core.errors import ConfigError

if TYPE_CHECKING:
    from offkey.app.schema import File

HIDDEN = "<secret>"


@click.group(cls=CommandList)
def command() -> None:
    """Describe the configuration file, or show what one comes to.

    Example: offkey config schema > offkey.schema.json
    """


@command.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of the file, for editors.

    The reference of the configuration shows the line that names it in offkey.yml.

    Example: offkey config schema > offkey.schema.json
    """
    from offkey.app import schema  # noqa: PLC0415 (--help stays fast)

    click.echo(json.dumps(schema.json_schema(), indent=2))


@command.command()
@options.config_file
@options.prometheus_url
@click.option("--effective", is_flag=True, help="Every key with the value it has, not only those the file sets.")
@options.output
def show(config_file: Path | None, prometheus_url: str, effective: bool, output: str) -> None:
    """Show the checked file with `defaults` merged into each signal; the values of headers are hidden.

    Example: offkey config show --config.file offkey.yml --effective
    """
    from offkey.app import config, yamlfile  # noqa: PLC0415 (--help stays fast)

    path = options.found(config_file)
    if path is None:
        msg = f"no {options.DEFAULT_FILE} here; name a file with --config.file"
        raise ConfigError(msg)
    settings = config.settings(yamlfile.load(path), prometheus_url)
    shown = plain(settings, effective=effective)
    click.echo(json.dumps(shown, indent=2) if output == "json" else yamlfile.dump(shown), nl=output == "json")


def plain(settings: "File", *, effective: bool) -> dict[str, Any]:
    """Return settings as the file has them, without what may be secret."""
    shown = settings.model_dump(mode="json", by_alias=True, exclude={"defaults"}, exclude_unset=not effective)
    for source in shown["sources"].values():
        if "headers" in source:
            source["headers"] = dict.fromkeys(source["headers"], HIDDEN)
    shown["signals"] = [{"name": signal["name"], "query": signal["query"], **signal} for signal in shown["signals"]]
    return shown
