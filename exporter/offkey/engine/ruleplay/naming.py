"""The labels of what rules write: templates filled, names overlaid."""

import re

from offkey.core.errors import RuleError
from offkey.core.labels import NAME, Labels
from offkey.core.rules import AlertRule

_ACTION = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_OWN_LABEL = re.compile(r'(?:\$labels|\.Labels)\.(\w+)|index\s+(?:\$labels|\.Labels)\s+"(\w+)"')
_LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"|`([^`]*)`')


def alert_labels(rule: AlertRule, found: Labels) -> Labels:
    """Return the labels of the alert that a series of a rule's expression becomes.

    Raises:
        RuleError: a label is a template of more than the series' own labels and constants.
    """
    own = {name: filled(rule, text, found) for name, text in rule.labels.items()}
    return found.without(NAME).but({**own, "alertname": rule.alert})


def filled(rule: AlertRule, text: str, labels: Labels) -> str:
    """Return a label's value with its template actions filled.

    Raises:
        RuleError: an action cannot be replayed.
    """
    if "{{" not in text:
        return text

    def action(match: re.Match[str]) -> str:
        words = match[1]
        if own := _OWN_LABEL.fullmatch(words):
            return labels.get(own[1] or own[2], "")
        if constant := _LITERAL.fullmatch(words):
            return constant[2] if constant[1] is None else constant[1].replace('\\"', '"').replace("\\\\", "\\")
        msg = (
            f"alert {rule.alert}: label template {{{{ {words} }}}} cannot be replayed; a label may hold "
            "{{ $labels.x }} and text; what follows the value makes a new alert at every "
            "evaluation and belongs into annotations"
        )
        raise RuleError(msg)

    return _ACTION.sub(action, text)
