"""Write files so that a reader sees the old content or the new, never a part, whatever happens in between."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def write(path: Path, content: bytes | Iterable[bytes | memoryview], mode: int = 0o644) -> None:
    """Replace the content of a file in one step, and make it last.

    The unfinished file lies beside it under a name that ends in `.tmp`, which no glob for YAML or JSON takes for one.

    Args:
        path: the file; its folder exists. A link is followed: what it points to is replaced.
        content: all of it, or one piece after the other.
        mode: permissions of the new file.

    Raises:
        OSError: it could not be written, and names the file; the earlier content is still there.
    """
    path = path.resolve()
    try:
        _replace(path, content, mode)
    except OSError as error:
        error.filename = str(path)  # what was asked for, not the unfinished file
        raise


def _replace(path: Path, content: bytes | Iterable[bytes | memoryview], mode: int) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines((content,) if isinstance(content, bytes) else content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
