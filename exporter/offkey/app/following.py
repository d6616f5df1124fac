"""A file that is read anew when it changes."""

import hashlib
from pathlib import Path


class Followed:
    """A file somebody else writes, looked at now and then."""

    def __init__(self, path: Path) -> None:
        """Take what the file holds now as known."""
        self._path = path
        self._known = self._last = self._digest()

    def has_settled(self) -> bool:
        """Whether it holds something new, the same at two looks in a row: what is half written is left alone.

        True once for each new content; a look at which the file cannot be read tells nothing.
        """
        found = self._digest()
        settled = found not in (b"", self._known) and found == self._last
        self._last = found
        if settled:
            self._known = found
        return settled

    def _digest(self) -> bytes:
        try:
            return hashlib.sha256(self._path.read_bytes()).digest() if self._path.is_file() else b""
        except OSError:
            return b""
