"""A series' identity, and selectors as PromQL text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s
from typing import Literal

NAME = "__name__"

Operator = Literal["=", "!=", "=~", "!~"]


def quote(value: str) -> str:
    r"""Return a label value as PromQL and the text exposition quote it: `\`, `"` and newline escaped."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@lru_cache(maxsize=1 << 16)
def pair(name: str, value: str) -> tuple[str, str]:
    """Return a label; equal ones are the same object, so that series which share them take an eighth of the memory."""
    return name, value


@dataclass(frozen=True, slots=True, order=True)
class Labels(Mapping[str, str]):
    """A frozen label set, ordered by name; equal sets are equal and hash alike. An empty value is no label."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, mapping: Mapping[str, str] | None = None, **names: str) -> "Labels":
        """Build a label set; pairs with an empty value are left out, as Prometheus does."""
        merged = {**(mapping or {}), **names}
        return cls(tuple(sorted(pair(name, value) for name, value in merged.items() if value)))

    def __getitem__(self, name: str) -> str:
        for key, value in self.pairs:
            if key == name:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def but(self, mapping: Mapping[str, str] | None = None, **names: str) -> "Labels":
        """Return these labels with some set; an empty value removes one."""
        return Labels.of({**dict(self.pairs), **(mapping or {}), **names})

    def without(self, *names: str) -> "Labels":
        """Return these labels less some names."""
        return Labels(tuple(pair for pair in self.pairs if pair[0] not in names))

    def selector(self) -> str:
        """Return the PromQL selector of exactly these labels; the metric name may be any text."""
        return "{" + ",".join(str(Matcher(name, "=", value)) for name, value in self.pairs) + "}"

    def __str__(self) -> str:
        name = dict(self.pairs).get(NAME, "")
        return name + self.without(NAME).selector()


def rank(labels: Labels) -> bytes:
    """Return a hash of a label set, the same in every process and release.

    Where only so many series can stay, those of the lowest rank do: their order and their company do not matter.
    """
    return blake2s(str(labels).encode(), digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition of a selector; `value` is the plain text, never already quoted."""

    name: str
    op: Operator
    value: str

    def __str__(self) -> str:
        return f"{self.name}{self.op}{quote(self.value)}"

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether a label set meets the condition; a label that is not there is empty.

        Raises:
            re.error: a regular expression that only the server's language knows.
        """
        found = labels.get(self.name, "")
        same = found == self.value if self.op in ("=", "!=") else bool(re.fullmatch(self.value, found, re.DOTALL))
        return same is (self.op in ("=", "=~"))
