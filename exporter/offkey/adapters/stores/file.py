"""Keep what was learned in a folder: each key one sealed file and the one before it, replaced whole or not at all."""

import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from offkey.adapters import files
from offkey.adapters.stores import _container as container
from offkey.core.errors import StateError
from offkey.core.ports import Journal
from offkey.core.state import Learned

_CURRENT, _FORMER, _NEXT = ".state", ".state-1", ".state-next"
_LOCK = "lock"
_FILE_MODE, _FOLDER_MODE = 0o600, 0o700
_SLUG_LENGTH = 40


class Store:
    """A folder that belongs to one process at a time.

    A file that is not what was written is set aside as `*.corrupt-<n>` and the generation before it is used; a file
    of a newer offkey is neither read nor overwritten.
    """

    def __init__(self, folder: Path, journal: Journal | None = None) -> None:
        """Take possession of a folder, which is made when there is none.

        Args:
            folder: where the files are.
            journal: hears of damaged files.

        Raises:
            StateError: another process has the folder, or it cannot be used.
        """
        self._folder = folder.absolute()
        self._journal = journal
        try:
            self._folder.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
            self._lock = _locked(self._folder / _LOCK)
            for leftover in (*self._folder.glob(f".*{_NEXT}.*.tmp"), *self._folder.glob(f"*{_NEXT}")):
                leftover.unlink()
        except OSError as error:
            msg = f"state folder {self._folder}: {error.strerror}; give --storage.path a folder that can be written"
            raise StateError(msg) from error

    def load(self, key: str) -> Learned | None:
        """Return what was saved last under a key, or None; damaged files are set aside."""
        for path in self._generations(_stem(key)):
            content = self._whole(path)
            if content is None:
                continue
            try:
                written, learned = container.decode(content)
                if written == key:
                    return learned
                self._set_aside(path, f'it was written under the key "{written}"')
            except container.Damaged as error:
                self._set_aside(path, str(error))
            except container.Newer as error:
                self._tell("warning", "state of a newer offkey left alone", path, str(error))
                return None
        return None

    def save(self, key: str, learned: Learned) -> None:
        """Replace what is kept under a key; what was kept becomes the generation before.

        Raises:
            StateError: it could not be written, or what is there is newer; the earlier content is still there.
        """
        stem = _stem(key)
        current, former = self._generations(stem)
        following = self._folder / f"{stem}{_NEXT}"
        try:
            for path in (current, former):
                _refuse_newer(path)
            files.write(following, container.encoded(key, learned), _FILE_MODE)
            if current.exists():
                current.replace(former)
            following.replace(current)
            _make_last(self._folder)
        except OSError as error:
            with suppress(OSError):
                following.unlink(missing_ok=True)
            msg = f'state of "{key}" not written to {self._folder}: {error.strerror}; the one before is kept'
            raise StateError(msg) from error

    def keys(self) -> Iterator[str]:
        """Yield the keys that can be loaded."""
        names = sorted(path.name for path in self._folder.iterdir())
        for stem in dict.fromkeys(_stem_of(name) for name in names if name.endswith((_CURRENT, _FORMER))):
            for path in self._generations(stem):
                content = self._whole(path)
                if content is None:
                    continue
                with suppress(container.Damaged, container.Newer):
                    key, _ = container.decode(content)
                    if _stem(key) == stem:
                        yield key
                        break

    def forget(self, key: str) -> None:
        """Remove a key, both generations; an absent one is fine.

        Raises:
            StateError: the files cannot be removed.
        """
        try:
            for path in reversed(self._generations(_stem(key))):
                path.unlink(missing_ok=True)
            _make_last(self._folder)
        except OSError as error:
            msg = f'state of "{key}" not removed from {self._folder}: {error.strerror}'
            raise StateError(msg) from error

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock)

    def _generations(self, stem: str) -> tuple[Path, Path]:
        return self._folder / f"{stem}{_CURRENT}", self._folder / f"{stem}{_FORMER}"

    def _whole(self, path: Path) -> bytes | None:
        """Return a file's content; None when there is none, or what is there is no file."""
        try:
            return _read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._set_aside(path, error.strerror or repr(error))
            return None

    def _set_aside(self, path: Path, why: str) -> None:
        """Rename what cannot be used, so that it is neither tried again nor lost."""
        free = (path.with_name(f"{path.name}.corrupt-{n}") for n in count(1))
        aside = next(name for name in free if not name.is_symlink() and not name.exists())
        try:
            path.replace(aside)
        except OSError as error:
            why = f"{why}; it stays in its place: {error.strerror}"
        if self._journal:
            self._journal.count("state_damaged")
        self._tell("error", "damaged state set aside", path, why)

    def _tell(self, level: str, message: str, path: Path, why: str) -> None:
        if self._journal:
            self._journal.tell(level, message, {"file": str(path), "error": why})


def _stem(key: str) -> str:
    """Return the file name of a key without its ending: readable, and never two keys alike."""
    slug = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:_SLUG_LENGTH]
    return f"{slug}-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _stem_of(name: str) -> str:
    return name.removesuffix(_CURRENT).removesuffix(_FORMER)


def _read(path: Path, size: int = -1) -> bytes:
    """Return the start of a regular file, or all of it; links, pipes and devices are refused without waiting."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a regular file")
        return opened.read(size)


def _refuse_newer(path: Path) -> None:
    """Raise when a file is whole and of a later schema: it is not ours to replace."""
    try:
        if container.claims_newer(_read(path, container.PREFIX.size)):
            container.decode(_read(path))
    except container.Newer as error:
        msg = f"{path}: {error}; not overwritten: upgrade offkey or move the file away"
        raise StateError(msg) from error
    except (FileNotFoundError, container.Damaged):
        return


def _locked(path: Path) -> int:
    """Return the descriptor of a file that holds the lock and names this process.

    Raises:
        StateError: another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.read(descriptor, 20).decode("ascii", "replace").strip() or "another one"
        os.close(descriptor)
        msg = f"state folder {path.parent}: in use by process {owner}; stop it or give --storage.path another folder"
        raise StateError(msg) from error
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _make_last(folder: Path) -> None:
    """Make renames in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
