"""Run every check over some files."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from offkey.adapters.exports import rulecheck
from offkey.app.lint import comments
from offkey.app.lint.checks import CHECKS
from offkey.app.lint.findings import Check, Finding, Folder, Note, Severity, Subject
from offkey.app.lint.policy import LintPolicy
from offkey.app.promql import parsed
from offkey.app.written.document import RuleDocument, WrittenRule
from offkey.app.yamlfile import Place
from offkey.core.targets import Target


def lint(documents: Sequence[RuleDocument], policy: LintPolicy, target: Target, today: date) -> list[Finding]:
    """Return everything that is wrong with some rule files, less what their comments switch off.

    Args:
        documents: files that one server reads together.
        policy: what the house asks for.
        target: who reads them.
        today: the day that ends a snooze.
    """
    folder = Folder(documents, policy, target, frozenset(check.code for check in CHECKS))
    found = [*_of_folder(folder), *_of_rules(folder)]
    kept = {one: None for one, rule, text in found if not _is_silent(one, rule, text, today)}
    return sorted(kept)


_Judged = tuple[Finding, WrittenRule | None, str]


def _of_folder(folder: Folder) -> Iterator[_Judged]:
    for check in CHECKS:
        severity = _severity(check, folder.policy)
        if check.folder is None or severity is None:
            continue
        for document, note in check.folder(folder):
            rule = _around(document, note.place)
            yield _finding(check, severity, document, note, rule), rule, document.text


def _of_rules(folder: Folder) -> Iterator[_Judged]:
    for document in folder.documents:
        for group, rule in document.rules:
            subject = Subject(document, group, rule, parsed(rule.expr), folder.policy, folder.target)
            for check in CHECKS:
                severity = _severity(check, folder.policy)
                if check.rule is None or severity is None:
                    continue
                for note in check.rule(subject):
                    yield _finding(check, severity, document, note, rule), rule, document.text


def _severity(check: Check, policy: LintPolicy) -> Severity | None:
    chosen = policy.severity.get(check.code, check.severity)
    if check.severity == "fatal":
        return "fatal"
    return None if chosen == "off" else chosen


def _finding(check: Check, severity: Severity, document: RuleDocument, note: Note, rule: WrittenRule | None) -> Finding:
    place = note.place or (rule.place if rule else Place(1, 1))
    return Finding(document.name, place, check.code, note.message, severity, rule.name if rule else "")


def _around(document: RuleDocument, place: Place | None) -> WrittenRule | None:
    """Return the rule a place is in."""
    rules = (rule for _, rule in document.rules)
    return next((rule for rule in rules if place and rule.place.line <= place.line <= rule.lines[1]), None)


def _is_silent(finding: Finding, rule: WrittenRule | None, text: str, today: date) -> bool:
    lines = rule.lines if rule else None
    return finding.severity != "fatal" and comments.read(text).silence(finding.code, finding.place.line, lines, today)


def with_promtool(found: list[Finding], documents: Sequence[RuleDocument], program: str) -> list[Finding]:
    """Return the findings and what promtool refuses in plain files that nothing fatal was found in.

    Raises:
        RuleError: promtool could not be run.
    """
    broken = {one.file for one in found if one.severity == "fatal"}
    plain = [Path(one.name) for one in documents if not one.is_manifest and one.name not in broken]
    refused = rulecheck.refused(plain, program)
    said = [Finding(str(path), Place(1, 1), "promtool", words, "fatal") for path, words in refused.items()]
    return sorted([*found, *said])
