"""Put numbers into a rule file and leave every other byte alone."""

from collections.abc import Iterable

from offkey.app.thresholds.proposals import Proposal
from offkey.app.written.conditions import conditions
from offkey.app.written.document import RuleDocument, parse
from offkey.core.errors import RuleError


def edited(document: RuleDocument, proposals: Iterable[Proposal]) -> str:
    """Return the text of a file with its new constants.

    Raises:
        RuleError: something else than those constants would have changed.
    """
    text = document.text
    changes = sorted((one for one in proposals if one.after is not None), key=lambda one: -one.constant.start)
    for one in changes:
        text = text[: one.constant.start] + str(one.after) + text[one.constant.end :]
    if _skeleton(parse(text, document.name), changes) != _skeleton(document, changes):
        msg = f"{document.name}: more than thresholds would change; nothing was written. Please report it with the file"
        raise RuleError(msg)
    return text


def _skeleton(document: RuleDocument, changes: list[Proposal]) -> list[object]:
    """Return all that a file says; of a changed query only what it compares, and how."""
    changed = {one.constant.rule.place for one in changes}
    return [
        (
            group.name,
            rule.place,
            {key: value.value for key, value in rule.keys.items() if key != "expr" or rule.place not in changed},
            {key: value.value for key, value in {**rule.labels, **rule.annotations}.items()},
            _compared(rule.expr) if rule.place in changed else [],
        )
        for group, rule in document.rules
    ]


def _compared(expr: str) -> list[tuple[str, str]]:
    try:
        return [(one.query, one.op) for one in conditions(expr)]
    except ValueError:
        return []
