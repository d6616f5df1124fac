"""Matchers of selectors."""

import re
from collections.abc import Iterator

import promql_parser as promql

from offkey.app.lint.findings import Check, Note, Subject
from offkey.app.promql import walk

_SPECIAL = re.compile(r"[.*+?()\[\]{}|^$\\]")
_EVERYTHING = (".*", "^.*$", "^.*", ".*$")


def regexp(subject: Subject) -> Iterator[Note]:
    """A regular expression that is none, or says nothing.

    Why: `=~"api"` is `="api"` and slower; patterns are anchored, so `^` and `$` change nothing; `=~".*"` matches what
    has no such label too.
    Mend: write `=` or `!=`; drop the anchors; write `=~".+"` for "has the label".
    """
    for one in _matchers(subject.tree):
        if one.op not in (promql.MatchOp.Re, promql.MatchOp.NotRe):
            continue
        op = "=~" if one.op == promql.MatchOp.Re else "!~"
        if not _SPECIAL.search(one.value):
            yield Note(
                f'{one.name}{op}"{one.value}" is no pattern; write {"=" if op == "=~" else "!="}', subject.where("expr")
            )
        elif one.value in _EVERYTHING:
            what = "matches everything" if op == "=~" else "matches nothing"
            yield Note(f'{one.name}{op}"{one.value}" {what}', subject.where("expr"))
        elif one.value.startswith("^") or re.search(r"(?<!\\)\$$", one.value):
            yield Note(f'{one.name}{op}"{one.value}" is anchored anyway; drop ^ and $', subject.where("expr"))


def _matchers(tree: promql.Expr | None) -> Iterator[promql.Matcher]:
    for node in walk(tree) if tree is not None else ():
        if isinstance(node, promql.VectorSelector):
            yield from node.matchers.matchers


def selector(subject: Subject) -> Iterator[Note]:
    """A selector does not match on a label that the policy asks for.

    Why: without it the rule reads series of every cluster or tenant at once.
    Mend: add the matcher. `lint.selectors` names the labels; none by default.
    """
    for node in walk(subject.tree) if subject.tree is not None else ():
        if not isinstance(node, promql.VectorSelector):
            continue
        given = {one.name for one in node.matchers.matchers}
        for label in subject.policy.selectors:
            if label not in given:
                yield Note(f"{node.name or 'a selector'} does not match on {label}", subject.where("expr"))


def aggregate(subject: Subject) -> Iterator[Note]:
    """An aggregation drops a label that the policy keeps.

    Why: whoever is paged, or routed by that label, no longer sees it.
    Mend: add it to `by (...)`, or take it out of `without (...)`. `lint.keep_labels` names the labels; none by default.
    """
    for node in walk(subject.tree) if subject.tree is not None else ():
        if not isinstance(node, promql.AggregateExpr) or str(node.op) in ("topk", "bottomk"):
            continue
        by = node.modifier is None or node.modifier.type == promql.AggModifierType.By
        named = frozenset(node.modifier.labels if node.modifier else ())
        for label in subject.policy.keep_labels:
            if (label not in named) if by else (label in named):
                yield Note(f"{node.op} drops {label}", subject.where("expr"))


CHECKS = (
    Check("promql/regexp", "warning", regexp),
    Check("promql/selector", "warning", selector),
    Check("promql/aggregate", "warning", aggregate),
)
