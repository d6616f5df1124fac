"""`offkey discover`: a first configuration from what a server has."""

import time
from pathlib import Path

import click

from offkey.adapters import files
from offkey.app import options
from offkey.core.errors import ConfigError


@click.command()
@options.prometheus_url
@click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File whose source `default` says how to reach the server; it needs no signals yet.",
)
@click.option("-o", "--output", default="-", show_default=True, metavar="FILE|-", help="Where to write; - is stdout.")
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=200),
    default=options.MOST_SIGNALS,
    show_default=True,
    help="Most signals.",
)
@click.option(
    "--preset",
    "names",
    multiple=True,
    metavar="NAME",
    help="Propose the signals of a preset (offkey presets list); may be given more than once.",
)
def command(prometheus_url: str, config_file: Path | None, output: str, limit: int, names: tuple[str, ...]) -> None:
    """Propose signals from a live server's metrics, as a configuration to read and keep.

    Example: offkey discover --prometheus.url http://localhost:9090 -o offkey.yml
    """
    from offkey.app import discovery, presets  # noqa: PLC0415 (--help stays fast)
    from offkey.app.progress import waiting  # noqa: PLC0415 (as above)

    if not prometheus_url and config_file is None:
        msg = "nothing to look at; give --prometheus.url, or --config.file with sources"
        raise ConfigError(msg)
    if output != "-" and Path(output).exists():
        msg = f"{output}: exists and is not written over; name another file, or move it away"
        raise ConfigError(msg)
    chosen = [presets.preset(name) for name in names]
    at = int(time.time())
    with waiting("asking the server what it has"):
        text = discovery.written(prometheus_url, at=at, config_file=config_file, most=limit, presets=chosen)
    if output == "-":
        click.echo(text, nl=False)
        return
    files.write(Path(output), text.encode())
    click.echo(f"{output}: written; read it, then: offkey check config {output}", err=True)
