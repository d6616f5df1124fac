"""Where the demonstration begins: an empty folder, the programs that can be found, and the way they allow."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from offkey.app.demo import fallback, real
from offkey.app.demo.layout import PROJECT
from offkey.app.demo.processes import find_program
from offkey.app.demo.scenario import SHORTEST_SHOW
from offkey.app.demo.screen import Screen
from offkey.app.demo.show import Clock, Stand, perform
from offkey.core.errors import ConfigError, ProgramFailed

NEEDED = ("prometheus", "promtool", "alertmanager")
_MINE = ("logs", "prometheus", "alertmanager", "rules", "backfill", "history.txt", "recorded")


def run(folder: Path, duration: int, screen: Screen) -> bool:
    """Set everything up, play the show, and end everything.

    Args:
        folder: where files are put; what an earlier demonstration left there is removed.
        duration: seconds the show takes; 0 plays until Ctrl-C.
        screen: where it is shown.

    Returns:
        Whether the outage was reported, and nothing else.

    Raises:
        ConfigError: the duration is too short.
        ProgramFailed: a program does not start or ended too early, or a demonstration already runs in the folder.
    """
    if duration and duration < SHORTEST_SHOW:
        msg = (
            f"--duration: {duration} is too short for a quiet minute and an outage; use at least {SHORTEST_SHOW}, or 0"
        )
        raise ConfigError(msg)
    found = {name: find_program(name, PROJECT / ".tools" / "bin") for name in NEEDED}
    with _owned(folder), _stand(folder, found, screen) as stand:
        return perform(stand, screen, duration, Clock())


def _stand(folder: Path, found: Mapping[str, str | None], screen: Screen) -> AbstractContextManager[Stand]:
    """Return what is watched: real servers, or recorded answers where programs are missing."""
    missing = [name for name, path in found.items() if path is None]
    if not missing:
        return real.set_up(folder, {name: path for name, path in found.items() if path}, screen)
    screen.say(f"missing: {', '.join(missing)} (Debian packages prometheus and prometheus-alertmanager; or put the")
    screen.say("programs on the PATH). Without them offkey reads recorded answers, and nobody is paged.")
    return fallback.set_up(folder, screen)


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """Empty the folder, and keep other demonstrations out of it while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            msg = f"{folder}: a demonstration runs here already (process {lock.read().strip()})"
            raise ProgramFailed(msg) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        for name in _MINE:
            path = folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        yield
