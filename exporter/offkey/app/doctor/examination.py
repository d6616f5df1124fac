"""All looks at one configuration, in the order in which things depend on each other."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from offkey.adapters.api import Api
from offkey.app.config import Config
from offkey.app.doctor import servers, signals
from offkey.app.doctor.checkup import Checkup
from offkey.models.reporting import due


def examine(config: Config, now: Callable[[], float], timeout: float) -> Iterator[Checkup]:
    """Look at everything a configuration depends on; what cannot be asked because a source is down is left out.

    Args:
        config: sources and signals.
        now: this machine's clock, Unix seconds.
        timeout: seconds for each question.
    """
    yield compiled_code()
    yield from _storage(config.storage)
    watched: list[signals.Watched] = []
    for name, source in config.sources.items():
        if source.kind != "prometheus":
            yield Checkup(f"source {name}", "ok", f"of kind {source.kind}, which has no server to look at")
            continue
        api = Api(source.options["endpoint"])
        try:
            first = servers.answers(name, api, timeout)
            yield first
            if first.state == "failed":
                continue
            yield servers.clock(name, api, timeout, now)
            mine = []
            for one in config.signals:
                if one.source == name:
                    found, there = signals.look(one, api, timeout, int(now()))
                    mine.append(there)
                    yield found
            watched += mine
            yield from servers.rules(api, timeout, mine)
            yield from servers.alertmanagers(api, timeout)
            yield from servers.exporter(api, timeout)
        finally:
            api.close()
    if watched:
        yield from signals.cost(watched)


def compiled_code(kernel: Any = due) -> Checkup:  # noqa: ANN401 (numba's functions have no common type)
    """Look whether what is compiled at the first start is there at the next; `kernel` is one such function."""
    folder, subject = kernel.stats.cache_path, "compiled code"
    if folder:
        return Checkup(subject, "ok", f"is kept below {folder}")
    advice = "name a folder that this user can write in the environment: NUMBA_CACHE_DIR"
    return Checkup(subject, "warning", "cannot be kept: every start compiles for minutes", advice)


def _storage(folder: Path | None) -> Iterator[Checkup]:
    subject = "storage"
    if folder is None:
        yield Checkup(subject, "ok", "none: what was learned is learned again after a restart")
        return
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        yield Checkup(subject, "ok", f"{folder} can be written")
    else:
        yield Checkup(subject, "failed", f"{folder} cannot be written", f"give this user the right to write {place}")
