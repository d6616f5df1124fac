"""Keep a folder of rule files in step with the signals: plan, show, check, write.

One signal is two files: `<signal>.rules.yml`, and `tests/<signal>.test.yml` in a folder of its own, because a glob
such as `rules/*.yml` must not load tests. A file without offkey's header, or changed since offkey wrote it, belongs to
a person and is never overwritten unasked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import Any, Literal

from offkey.adapters import files
from offkey.adapters.exports import rulecheck, rulemanifest, ruleyaml
from offkey.adapters.exports.rulemanifest import Manifest
from offkey.core.errors import RuleError
from offkey.core.rules import Evidence, file_stem
from offkey.core.signals import Signal
from offkey.core.targets import DEFAULT, Target
from offkey.engine.rules.group import fingerprint, rule_file

RULES = ".rules.yml"
TESTS = ".test.yml"
TEST_FOLDER = "tests"

# What becomes of a file a person changed: refuse to go on; take its constants over for good; or write over it.
Edited = Literal["refuse", "adopt", "replace"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's content before and after; None = not there. `path` is inside the folder."""

    path: str
    before: str | None
    after: str | None

    def diff(self) -> str:
        """Return the change as a unified diff."""
        return _diff(self.path, self.before, self.after)


@dataclass(frozen=True, slots=True)
class RuleChanges:
    """What has to change in a folder of rules; empty when nothing has.

    Attributes:
        folder: where the rules lie.
        changes: in the order of their paths, only files whose content changes.
    """

    folder: Path
    changes: tuple[FileChange, ...]

    def diff(self) -> str:
        """Return all changes as one unified diff; empty when there are none."""
        return "".join(change.diff() for change in self.changes)

    def check(self, promtool: str | None = None) -> bool:
        """Check what would be written, without writing it.

        Args:
            promtool: the program; found on the PATH when not given.

        Returns:
            Whether promtool was there to check and test it too.

        Raises:
            RuleError: something is wrong with it.
        """
        written = {change.path: change.after for change in self.changes if change.after is not None}
        rules = {path: text for path, text in written.items() if path.endswith(RULES)}
        tests = {path: text for path, text in written.items() if path.endswith(TESTS)}
        faults = [f"{path}: {fault}" for path, text in rules.items() for fault in rulecheck.structure(text)]
        if faults:
            msg = "the rules are not well formed, nothing was written:\n" + "\n".join(faults)
            raise RuleError(msg)
        tested = {path: _rules_path(path) for path in tests}
        alone = {path: self._read(path) for path in set(tested.values()) - set(rules)}
        return (not rules and not tests) or rulecheck.promtool({**alone, **rules}, tests, promtool)

    def write(self, promtool: str | None = None) -> bool:
        """Check the changes, then make them, each file in one step.

        Args:
            promtool: the program; found on the PATH when not given.

        Returns:
            Whether promtool was there to check and test them too.

        Raises:
            RuleError: something is wrong with them, or a file changed since they were planned.
            OSError: a file could not be written; it still has its earlier content.
        """
        checked = self.check(promtool)
        for change in self.changes:
            if _content(self.folder / change.path) != change.before:
                msg = f"{self.folder / change.path}: changed since the rules were planned; nothing more was written"
                raise RuleError(msg)
            if change.after is None:
                (self.folder / change.path).unlink()
            else:
                (self.folder / change.path).parent.mkdir(parents=True, exist_ok=True)
                files.write(self.folder / change.path, change.after.encode())
        return checked

    def restore(self) -> bool:
        """Bring back the earlier content of every file that holds the new one; return whether there was any.

        Raises:
            OSError: a file could not be written.
        """
        written = [change for change in self.changes if _content(self.folder / change.path) == change.after]
        for change in written:
            if change.before is None:
                (self.folder / change.path).unlink()
            else:
                files.write(self.folder / change.path, change.before.encode())
        return bool(written)

    def groups(self) -> dict[str, dict[str, Any]]:
        """Return every group of the folder as it will be, by name, as YAML values.

        Raises:
            RuleError: a file cannot be read.
        """
        after = {change.path: change.after for change in self.changes}
        paths = {path.name for path in self.folder.glob(f"*{RULES}")} | set(after)
        texts = [
            after[path] if path in after else _content(self.folder / path)
            for path in sorted(paths)
            if path.endswith(RULES) and "/" not in path
        ]
        return {group["name"]: group for text in texts if text for group in ruleyaml.groups(text)}

    def _read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")


def plan(
    signals: Iterable[Signal],
    evidences: Mapping[str, Evidence],
    folder: Path,
    *,
    edited: Edited = "refuse",
    prune: bool = True,
    target: Target = DEFAULT,
    manifest: Manifest | None = None,
) -> RuleChanges:
    """Return what has to change so that a folder holds the rules of these signals.

    A constant moves only when the new one differs by more than 5 % of its distance from the typical value; a file
    whose rules come out the same stays as it is, to the byte. A signal without evidence keeps the file it has.

    Args:
        signals: all signals; those without an alert have no file.
        evidences: what learning found, by signal name.
        folder: the rule folder; offkey owns the files in it that it wrote.
        edited: what becomes of files a person changed.
        prune: whether files of signals that are no more are removed.
        target: who reads the rules; what it does not know is left out.
        manifest: where the operator finds the objects, for a target that takes manifests.

    Raises:
        RuleError: a file was changed by hand (or is not offkey's), a signal cannot have the rules it asks for, or two
            signals have one name.
    """
    alerting = [signal for signal in signals if signal.alert is not None]
    stems = {file_stem(signal.name) for signal in alerting}
    if len(stems) < len(alerting):
        msg = "two signals have the same name; a rule file belongs to one"
        raise RuleError(msg)
    changes: list[FileChange] = []
    found = manifest or Manifest() if target.form == "manifest" else None
    for signal in alerting:
        if signal.name in evidences:
            changes += _files(_fitted(signal, target), evidences[signal.name], folder, edited, found)
    if prune:
        gone = _orphans(folder, stems, with_manifests=found is not None)
        changes += [FileChange(path, _content(folder / path), None) for path in gone]
    changes = [change for change in changes if change.before != change.after]
    _refuse_edited(folder, changes, edited)
    return RuleChanges(folder, tuple(sorted(changes, key=lambda change: change.path)))


def _fitted(signal: Signal, target: Target) -> Signal:
    """Return a signal whose alert asks for nothing that the target does not know."""
    if target.keep_firing_for or signal.alert is None:
        return signal
    return replace(signal, alert=replace(signal.alert, keep_firing=0))


def _files(
    signal: Signal, evidence: Evidence, folder: Path, edited: Edited, manifest: Manifest | None
) -> list[FileChange]:
    """Return the files of one signal, before and after."""
    stem, spec = file_stem(signal.name), fingerprint(signal)
    path, test_path = f"{stem}{RULES}", f"{TEST_FOLDER}/{stem}{TESTS}"
    before, test_before = _content(folder / path), _content(folder / test_path)
    ours = before is not None and ruleyaml.is_ours(before)
    changed = before is not None and (not ours or ruleyaml.is_edited(before))
    adopted = ours and edited != "replace" and ((changed and edited == "adopt") or ruleyaml.is_adopted(before or ""))
    written = None
    if before is not None and (adopted or not changed):
        try:
            written = ruleyaml.constants(before)
        except RuleError as error:
            msg = f"{folder / path}: {error}"
            raise RuleError(msg) from error
    file = rule_file(signal, evidence, written, adopt=adopted)
    after = ruleyaml.rules_text(file, spec, adopted=adopted)
    if before is not None and not changed and _same(before, after):
        after = before
    test_after = ruleyaml.tests_text(file, spec, f"../{path}")
    changes = [FileChange(path, before, after), FileChange(test_path, test_before, test_after)]
    if manifest is not None:
        place = f"{rulemanifest.FOLDER}/{stem}{rulemanifest.SUFFIX}"
        text = rulemanifest.manifest_text(replace(file, header=ruleyaml.header(after)), spec, manifest)
        changes.append(FileChange(place, _content(folder / place), text))
    return changes


def _same(before: str, after: str) -> bool:
    """Return whether two files differ in their evidence only: it belongs to the constants that are in force."""
    return ruleyaml.body(before) == ruleyaml.body(after) and ruleyaml.spec_of(before) == ruleyaml.spec_of(after)


def _orphans(folder: Path, stems: set[str], *, with_manifests: bool) -> list[str]:
    """Return the files offkey wrote for signals that are no more."""
    found = [(path.name, path.name.removesuffix(RULES)) for path in folder.glob(f"*{RULES}")]
    tests = [
        (f"{TEST_FOLDER}/{path.name}", path.name.removesuffix(TESTS))
        for path in (folder / TEST_FOLDER).glob(f"*{TESTS}")
    ]
    manifests = [
        (f"{rulemanifest.FOLDER}/{path.name}", path.name.removesuffix(rulemanifest.SUFFIX) if with_manifests else "")
        for path in (folder / rulemanifest.FOLDER).glob(f"*{rulemanifest.SUFFIX}")
    ]
    gone = [path for path, stem in found + tests + manifests if stem not in stems]
    return [path for path in gone if ruleyaml.is_ours(_content(folder / path) or "")]


def _refuse_edited(folder: Path, changes: list[FileChange], edited: Edited) -> None:
    """Refuse to write over a person's work, unless that was asked for.

    Raises:
        RuleError: naming every such file, with what would change in it.
    """
    found = [
        change
        for change in changes
        if change.before is not None
        and (ruleyaml.is_edited(change.before) or not ruleyaml.is_ours(change.before))
        and (edited == "refuse" or not ruleyaml.is_ours(change.before))
    ]
    if not found:
        return
    names = ", ".join(str(folder / change.path) for change in found)
    msg = (
        f"{names}: changed by hand, or not written by offkey; nothing was written. Put the change into the signal, "
        f"adopt its constants, replace it, or move it away\n{''.join(change.diff() for change in found)}"
    )
    raise RuleError(msg)


def _rules_path(test_path: str) -> str:
    """Return the rule file a test file reads."""
    return Path(test_path).name.removesuffix(TESTS) + RULES


def _content(path: Path) -> str | None:
    """Return a file's text, None when there is none.

    Raises:
        RuleError: it cannot be read.
    """
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read: {error}"
        raise RuleError(msg) from error


def _diff(path: str, before: str | None, after: str | None) -> str:
    old, new = ("" if text is None else text for text in (before, after))
    lines = unified_diff(
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        "/dev/null" if before is None else f"a/{path}",
        "/dev/null" if after is None else f"b/{path}",
    )
    return "".join(lines)
