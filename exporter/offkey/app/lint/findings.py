"""What a check is, what it is given, and what it finds."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import promql_parser as promql

from offkey.app.lint.policy import LintPolicy
from offkey.app.written.document import RuleDocument, WrittenGroup, WrittenRule
from offkey.app.yamlfile import Place
from offkey.core.targets import Target

Severity = Literal["info", "warning", "error", "fatal"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


class Note(NamedTuple):
    """What a check says, and where when not at the rule itself."""

    message: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule and all that stands around it; `tree` is its query, None when it is not PromQL."""

    document: RuleDocument
    group: WrittenGroup
    rule: WrittenRule
    tree: promql.Expr | None
    policy: LintPolicy
    target: Target

    def where(self, key: str) -> Place:
        """Return where the value of one of the rule's keys stands."""
        found = self.rule.keys.get(key)
        return found.place if found else self.rule.place


@dataclass(frozen=True, slots=True)
class Folder:
    """All files that are judged together, with what is asked of them."""

    documents: Sequence[RuleDocument]
    policy: LintPolicy
    target: Target
    codes: frozenset[str]


RuleCheck = Callable[[Subject], Iterator[Note]]
FolderCheck = Callable[[Folder], Iterator[tuple[RuleDocument, Note]]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its code, how bad what it finds is, and the function that looks, at a rule or at all files.

    The function's docstring is its page: a line on what is wrong, `Why:` and `Mend:`.
    """

    code: str
    severity: Severity
    rule: RuleCheck | None = None
    folder: FolderCheck | None = None

    @property
    def page(self) -> str:
        """What it looks for, why, and how to mend it."""
        return inspect.getdoc(self.rule or self.folder) or ""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that is wrong with a file, ordered as it is read."""

    file: str
    place: Place
    code: str
    message: str
    severity: Severity
    rule: str = ""

    def __str__(self) -> str:
        named = f" [{self.rule}]" if self.rule else ""
        return (
            f"{self.file}:{self.place.line}:{self.place.column}: {self.severity}: {self.message}{named} ({self.code})"
        )
