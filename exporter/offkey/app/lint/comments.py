"""Comments that switch checks off or name an owner, in offkey's words and in pint's.

Source: pint, docs/ignoring.md: disable, file/disable, snooze, file/snooze, ignore/line, ignore/next-line,
ignore/begin, ignore/end, ignore/file, rule/owner, file/owner.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from offkey.app.yamlfile import Place

_COMMENT = re.compile(r"(?:^|\s)#\s*(offkey|pint)\s+([a-z]+(?:/[a-z-]+)?)(?:[ \t]+(.*?))?\s*$")
_OWN = ("disable", "file/disable", "owner", "file/owner")
_OWNER = ("owner", "file/owner", "rule/owner")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})\S*\s+(.*)")


@dataclass(frozen=True, slots=True)
class Silence:
    """A check that is not to speak: on some lines, until a day; no code = all checks."""

    code: str
    first: int
    last: int
    until: date | None = None
    whole_rule: bool = False


@dataclass(frozen=True, slots=True)
class Comments:
    """What the comments of a file ask for; `owners` are (line, name), line 0 for the whole file."""

    silences: tuple[Silence, ...]
    owners: tuple[tuple[int, str], ...]
    mistakes: tuple[tuple[int, str], ...]
    codes: tuple[tuple[int, str], ...]

    def silence(self, code: str, line: int, rule: tuple[int, int] | None, today: date) -> bool:
        """Return whether a check is not to speak of a line, which is in a rule that has these lines."""
        for one in self.silences:
            if one.code not in ("", code) or (one.until is not None and today >= one.until):
                continue
            if one.first <= line <= one.last:
                return True
            if one.whole_rule and rule is not None and rule[0] <= one.first <= rule[1]:
                return True
        return False

    def owner(self, lines: tuple[int, int]) -> str:
        """Return who owns the rule on these lines; nothing when nobody does."""
        own = [name for line, name in self.owners if lines[0] <= line <= lines[1]]
        return next(iter(own), next((name for line, name in self.owners if line == 0), ""))


@lru_cache(maxsize=512)
def read(text: str) -> Comments:
    """Return what the comments of a file ask for."""
    found = _Reading(text.count("\n") + 1)
    for line, written in enumerate(text.split("\n"), 1):
        match = _COMMENT.search(written)
        if match:
            found.add(line, match[1], match[2], (match[3] or "").strip())
    if found.begun is not None:
        found.silences.append(Silence("", found.begun, found.size))
    return Comments(tuple(found.silences), tuple(found.owners), tuple(found.mistakes), tuple(found.codes))


class _Reading:
    """What was found so far in a file of so many lines."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.silences: list[Silence] = []
        self.owners: list[tuple[int, str]] = []
        self.mistakes: list[tuple[int, str]] = []
        self.codes: list[tuple[int, str]] = []
        self.begun: int | None = None

    def add(self, line: int, who: str, verb: str, rest: str) -> None:
        if who == "offkey":
            if verb not in _OWN:
                near = difflib.get_close_matches(verb, _OWN, n=1, cutoff=0.75)
                if near:
                    self.mistakes.append((line, f'"offkey {verb}" is not understood; did you mean "offkey {near[0]}"?'))
                return
            self._own(line, verb, rest)
        elif verb.startswith("ignore/"):
            self._ignore(line, verb.removeprefix("ignore/"))
        elif verb in _OWNER:
            self.owners.append((0 if verb == "file/owner" else line, rest))
        elif verb.removeprefix("file/") in ("disable", "snooze"):
            self._pint(line, verb, rest)

    def _own(self, line: int, verb: str, rest: str) -> None:
        if verb in _OWNER:
            self.owners.append((0 if verb == "file/owner" else line, rest))
            return
        code, _, reason = rest.partition(" ")
        if not code or not reason.strip():
            self.mistakes.append((line, f"say why: # offkey {verb} {code or 'CODE'} REASON"))
        self.codes.append((line, code))
        self._disable(line, verb, code)

    def _pint(self, line: int, verb: str, rest: str) -> None:
        until = None
        if verb.endswith("snooze"):
            match = _DATE.match(rest)
            if not match:
                self.mistakes.append((line, f"write a day and a check: # pint {verb} 2030-01-31 promql/regexp"))
                return
            try:
                until, rest = date.fromisoformat(match[1]), match[2]
            except ValueError:
                self.mistakes.append((line, f'"{match[1]}" is not a day'))
                return
        self._disable(line, verb, re.split(r"[(\s]", rest, maxsplit=1)[0], until)

    def _disable(self, line: int, verb: str, code: str, until: date | None = None) -> None:
        if not code:
            return
        if verb.startswith("file/"):
            self.silences.append(Silence(code, 1, self.size, until))
        else:
            self.silences.append(Silence(code, line, line, until, whole_rule=True))

    def _ignore(self, line: int, what: str) -> None:
        if what == "begin":
            self.begun = line if self.begun is None else self.begun
        elif what == "end" and self.begun is not None:
            self.silences.append(Silence("", self.begun, line))
            self.begun = None
        elif what == "file":
            self.silences.append(Silence("", 1, self.size))
        elif what in ("line", "next-line"):
            at = line + (what == "next-line")
            self.silences.append(Silence("", at, at))


def place(line: int) -> Place:
    """Return the beginning of a line."""
    return Place(line, 1)


def unknown(comments: Comments, known: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines whose code is that of no check."""
    for line, code in comments.codes:
        if code and code not in known:
            near = difflib.get_close_matches(code, known, n=1)
            yield line, f'no check is called "{code}"' + (f'; did you mean "{near[0]}"?' if near else "")
