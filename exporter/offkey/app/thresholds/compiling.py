"""From files and a source to proposals, and back into the files."""

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from offkey.adapters import files
from offkey.adapters.exports import rulecheck
from offkey.app.fields import nearest
from offkey.app.thresholds import edit
from offkey.app.thresholds.constants import constants
from offkey.app.thresholds.overrides import Overrides
from offkey.app.thresholds.proposals import Proposal, Read, proposals
from offkey.app.written import document as written
from offkey.app.written.diff import diff
from offkey.app.written.document import RuleDocument
from offkey.core.errors import ConfigError, RuleError


@dataclass(frozen=True, slots=True)
class Compiled:
    """A file, what is proposed for its constants, and its text with them."""

    document: RuleDocument
    proposals: tuple[Proposal, ...]
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty when there is none."""
        return diff(self.document.name, self.document.text, self.after)


def compiled(path: Path, read: Read, overrides: Overrides, today: date) -> Compiled:
    """Return what is proposed for a file.

    Raises:
        ConfigError: it cannot be read, or is not a rule file.
        RuleError: a proposal would change more than a threshold.
    """
    document = written.load(path)
    if document.faults:
        place = document.faults[0].place
        msg = f"{path}:{place.line}:{place.column}: {document.faults[0].message}"
        raise ConfigError(msg)
    found = tuple(proposals(constants(document), read, overrides, today))
    return Compiled(document, found, edit.edited(document, found))


def unused(compiled: Sequence[Compiled], overrides: Overrides, today: date) -> Iterator[str]:
    """Yield a word for each override that no rule of the files obeyed: a wrong name, or a day that is past."""
    seen = [(one.constant.rule.name, one.constant.labels) for file in compiled for one in file.proposals]
    for one in overrides.overrides:
        if one.until is not None and today > one.until:
            yield f"override of {one.rule}: ended on {one.until}; remove it"
        elif not any(one.holds(name, labels, today) for name, labels in seen):
            yield f"override of {one.rule}: no threshold of these files{nearest(one.rule, {name for name, _ in seen})}"


def write(compiled: Sequence[Compiled], promtool: str | None) -> None:
    """Check the new texts, then write each file in one step; permissions stay.

    Raises:
        RuleError: promtool refuses one, or a file changed meanwhile; nothing more is written.
        OSError: a file cannot be written; it still has its earlier content.
    """
    if promtool is not None:
        _check([one for one in compiled if not one.document.is_manifest], promtool)
    for one in compiled:
        path = Path(one.document.name)
        if path.read_bytes().decode() != one.document.text:
            msg = f"{path}: changed since it was read; nothing more was written"
            raise RuleError(msg)
        files.write(path, one.after.encode(), stat.S_IMODE(path.stat().st_mode))


def _check(compiled: Sequence[Compiled], promtool: str) -> None:
    with TemporaryDirectory(prefix="offkey-compile-") as folder:
        places = {Path(folder, f"{number}.yml"): one for number, one in enumerate(compiled)}
        for place, one in places.items():
            place.write_bytes(one.after.encode())
        refused = rulecheck.refused(list(places), promtool)
    if refused:
        said = "\n".join(f"{places[place].document.name}: {words}" for place, words in refused.items())
        msg = f"promtool refuses the files, nothing was written:\n{said}"
        raise RuleError(msg)
