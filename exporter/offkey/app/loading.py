"""Which configuration a command runs on: a file, or what a server's own metrics propose."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from offkey.app import options
from offkey.app.config import Config, load
from offkey.core.errors import ConfigError


def loader(config_file: Path | None, prometheus_url: str, storage: Path | None = None) -> Callable[[], Config]:
    """Return what reads the configuration, each time anew.

    Args:
        config_file: the named file, or None for offkey.yml in this folder when there is one.
        prometheus_url: address of the default source; without a file, where to look for signals.
        storage: folder for state, instead of the file's.

    Raises:
        ConfigError: neither a file nor an address.
    """
    path = options.found(config_file)
    if path is None and not prometheus_url:
        msg = f"nothing to watch: there is no {options.DEFAULT_FILE} here; give --config.file or --prometheus.url"
        raise ConfigError(msg)

    def read() -> Config:
        config = load(path, prometheus_url) if path is not None else _proposed(prometheus_url)
        return replace(config, storage=storage) if storage else config

    return read


def _proposed(prometheus_url: str) -> Config:
    from offkey.app import discovery  # noqa: PLC0415 (only needed without a file)

    return discovery.propose(prometheus_url)
