"""`offkey serve`: the daemon."""

import signal
from pathlib import Path

import click

from offkey.app import options


@click.command()
@options.config_file
@options.prometheus_url
@click.option(
    "--config.auto-reload",
    "auto_reload",
    is_flag=True,
    help="Read the configuration file anew within half a minute of its change, without being asked.",
)
@click.option(
    "--storage.path",
    "storage",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what is learned, instead of the file's; without either it stays in memory.",
)
@click.option(
    "--shard",
    default="0/1",
    show_default=True,
    metavar="INDEX/COUNT",
    help="Watch one part of the series; COUNT processes with 0/COUNT, 1/COUNT, ... watch all of them.",
)
@options.workers
@click.option(
    "--web.listen-address",
    "addresses",
    multiple=True,
    default=[":10955"],
    show_default=True,
    metavar="[HOST]:PORT|unix:PATH",
    help="Where to listen; may be given several times.",
)
@click.option(
    "--web.telemetry-path", "telemetry_path", default="/metrics", show_default=True, help="Path of the metrics."
)
@click.option(
    "--web.config.file",
    "web_config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with TLS, passwords, headers and a rate limit, in exporter-toolkit's format; read anew on change.",
)
@click.option(
    "--web.external-url",
    "external_url",
    default="",
    metavar="URL",
    help="Address under which a proxy serves this; its path is the prefix of every path here.",
)
@click.option(
    "--web.route-prefix",
    "route_prefix",
    metavar="PATH",
    help="Prefix of every path, when it is not the path of the external URL.",
)
@click.option(
    "--web.enable-remote-write-receiver",
    "receiver",
    is_flag=True,
    help="Receive remote write on /api/v1/write and send scores on at once, to the servers of `remote_write`.",
)
@click.option("--web.enable-lifecycle", "lifecycle", is_flag=True, help="Enable /-/reload and /-/quit.")
@click.option(
    "--web.max-requests",
    "max_requests",
    type=click.IntRange(min=1),
    default=40,
    show_default=True,
    help="Scrapes answered at once; more get 503.",
)
@click.option(
    "--log.level",
    "level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Least severity that is logged.",
)
@click.option(
    "--log.format",
    "form",
    type=click.Choice(["logfmt", "json"]),
    default="logfmt",
    show_default=True,
    help="Form of the log on stderr.",
)
def command(  # noqa: PLR0913 (one argument for each flag)
    *,
    config_file: Path | None,
    prometheus_url: str,
    auto_reload: bool,
    storage: Path | None,
    shard: str,
    workers: str,
    addresses: tuple[str, ...],
    telemetry_path: str,
    web_config: Path | None,
    external_url: str,
    route_prefix: str | None,
    lifecycle: bool,
    receiver: bool,
    max_requests: int,
    level: str,
    form: str,
) -> None:
    """Watch, and serve what is found on /metrics until stopped; SIGHUP reads the configuration anew.

    Example: offkey serve --prometheus.url http://localhost:9090
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what asks for a reload while this starts must not end it
    from offkey.app.loading import loader  # noqa: PLC0415 (--help stays fast)
    from offkey.app.prefixes import Prefixes  # noqa: PLC0415 (as above)
    from offkey.app.serve import Options, Service  # noqa: PLC0415 (as above)
    from offkey.core.shards import Shard  # noqa: PLC0415 (as above)

    chosen = Options(
        addresses,
        telemetry_path,
        lifecycle,
        max_requests,
        level,  # type: ignore[arg-type]  # click has checked the choice
        form,  # type: ignore[arg-type]  # as above
        web_config,
        Prefixes.of(external_url, route_prefix),
        receiver,
        Shard.parse(shard),
        workers,
        _followed(config_file) if auto_reload else None,
    )
    Service(loader(config_file, prometheus_url, storage), chosen).run()


def _followed(config_file: Path | None) -> Path:
    """Return the configuration file.

    Raises:
        ConfigError: there is none.
    """
    from offkey.core.errors import ConfigError  # noqa: PLC0415 (--help stays fast)

    path = options.found(config_file)
    if path is None:
        msg = f"--config.auto-reload: there is no {options.DEFAULT_FILE} here to follow; give --config.file"
        raise ConfigError(msg)
    return path
