"""Rules beside each other: names, order, intervals, comments."""

from collections.abc import Iterator

import promql_parser as promql

from offkey.app.lint import comments
from offkey.app.lint.checks.files import seconds
from offkey.app.lint.findings import Check, Folder, Note, Subject
from offkey.app.promql import parsed, walk
from offkey.app.written.document import RuleDocument, WrittenGroup, WrittenRule

_STALE = 300.0  # seconds after which a sample is no more. Source: Prometheus --query.lookback-delta


def duplicate(folder: Folder) -> Iterator[tuple[RuleDocument, Note]]:
    """Two rules make series of the same name and labels.

    Why: Prometheus keeps one sample of the two and counts a failure, or merges the two alerts into one that nobody can
    tell apart.
    Mend: give one another name or a label of its own, or remove it. In different files the queries may differ.
    """
    seen: dict[tuple[object, ...], tuple[RuleDocument, WrittenRule]] = {}
    for document in folder.documents:
        for _, rule in document.rules:
            labels = tuple(sorted((name, text.value) for name, text in rule.labels.items()))
            named = (rule.is_alert, rule.name, labels)
            alike = [(document.name, *named), (" ".join(rule.expr.split()), *named)]
            if known := [seen[key] for key in alike if key in seen]:
                first, other = known[0]
                where = f"line {other.place.line}" if first is document else f"{first.name}:{other.place.line}"
                yield document, Note(f"{rule.name}: the same name and labels as on {where}", rule.place)
            for key in alike:
                seen.setdefault(key, (document, rule))


def dependency(folder: Folder) -> Iterator[tuple[RuleDocument, Note]]:
    """A rule reads a recorded series that is not ready when it is evaluated.

    Why: rules of a group run in their order, groups at different moments: what is recorded later, or in another group,
    is read from the evaluation before.
    Mend: record it above, in the same group.
    """
    made: dict[str, list[tuple[RuleDocument, WrittenGroup, int]]] = {}
    for document in folder.documents:
        for group in document.groups:
            for place, rule in enumerate(group.rules):
                if not rule.is_alert:
                    made.setdefault(rule.name, []).append((document, group, place))
    for document in folder.documents:
        for group in document.groups:
            for place, rule in enumerate(group.rules):
                for name in sorted(_read(rule) & set(made)):
                    if said := _late(made[name], document, group, place):
                        yield document, Note(f"{rule.name} reads {name}, which {said}", rule.place)


def _read(rule: WrittenRule) -> set[str]:
    tree = parsed(rule.expr)
    selectors = (node for node in walk(tree) if isinstance(node, promql.VectorSelector)) if tree is not None else ()
    return {node.name for node in selectors if node.name}


def _late(
    made: list[tuple[RuleDocument, WrittenGroup, int]], document: RuleDocument, group: WrittenGroup, place: int
) -> str:
    """Return why what is made there is not ready here; nothing when some of it is."""
    here = [index for one, owner, index in made if one is document and owner is group]
    if any(index < place for index in here):
        return ""
    if [index for index in here if index != place]:
        return "is recorded below it"
    return "" if here else f'is recorded in group "{made[0][1].name}"'


def interval(folder: Folder) -> Iterator[tuple[RuleDocument, Note]]:
    """A group is evaluated so rarely that its series and alerts vanish in between.

    Why: a sample is gone after 5 minutes; an alert whose `keep_firing_for` is shorter than the interval resolves and
    fires again.
    Mend: evaluate at least every 5 minutes; let `keep_firing_for` be at least the interval.
    """
    for document in folder.documents:
        for group in document.groups:
            written = group.keys.get("interval")
            every = seconds(written.value) if written else None
            if written is None or every is None:
                continue
            if every > _STALE:
                yield (
                    document,
                    Note(f"{group.name}: every {written.value} is rarer than samples last (5m)", written.place),
                )
            for rule in group.rules:
                kept = rule.keys.get("keep_firing_for")
                if kept is not None and 0 < (seconds(kept.value) or every) < every:
                    said = f"keep_firing_for: {kept.value} is shorter than the interval, {written.value}"
                    yield document, Note(said, kept.place)


def comment(folder: Folder) -> Iterator[tuple[RuleDocument, Note]]:
    """A comment that switches a check off is not understood, or says no reason.

    Why: what nobody can read, or nobody remembers the reason of, stays for ever.
    Mend: write `# offkey disable CODE reason`, with a code of this page.
    """
    for document in folder.documents:
        found = comments.read(document.text)
        for line, message in (*found.mistakes, *comments.unknown(found, folder.codes)):
            yield document, Note(message, comments.place(line))


def owner(subject: Subject) -> Iterator[Note]:
    """Nobody owns the rule, or somebody the policy does not know.

    Why: a rule that nobody owns is never mended.
    Mend: write `# offkey owner NAME` above it, or `# offkey file/owner NAME`. `lint.owners` names who may; by default
    no owner is asked for.
    """
    allowed = subject.policy.owners
    if not allowed:
        return
    named = comments.read(subject.document.text).owner(subject.rule.lines)
    if not named:
        yield Note("nobody owns this rule; write # offkey owner NAME above it")
    elif named not in allowed:
        yield Note(f'owner "{named}" is not one of {", ".join(allowed)}')


CHECKS = (
    Check("rule/duplicate", "error", folder=duplicate),
    Check("rule/dependency", "info", folder=dependency),
    Check("group/interval", "warning", folder=interval),
    Check("rule/comment", "warning", folder=comment),
    Check("rule/owner", "warning", owner),
)
