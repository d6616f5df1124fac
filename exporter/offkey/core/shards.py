"""Part of the series for each of several processes that need not know of each other."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offkey.core.errors import ConfigError
from offkey.core.labels import Labels, rank
from offkey.core.places import by_identity


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` parts, counted from 0; which part a series belongs to depends on its labels alone."""

    index: int = 0
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read `INDEX/COUNT`.

        Raises:
            ConfigError: that is not what the text says.
        """
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        if found is None or not int(found[1]) < int(found[2]):
            msg = f'"{text}" is not a shard; write INDEX/COUNT, counted from 0: 0/4 to 3/4 for four processes'
            raise ConfigError(msg)
        return cls(int(found[1]), int(found[2]))

    def of(self, series: tuple[Labels, ...]) -> npt.NDArray[np.int64]:
        """Return where the series of this part stand among all, in their order."""
        return np.flatnonzero(_hashes(series) % np.uint64(self.count) == self.index)

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


WHOLE = Shard()


@by_identity
def _hashes(series: tuple[Labels, ...]) -> npt.NDArray[np.uint64]:
    return np.frombuffer(b"".join(map(rank, series)), ">u8").astype(np.uint64)
