"""Queries that are nothing but a selector: their series can be read as they are stored."""

import promql_parser as promql

from offkey.core.labels import NAME, Matcher, Operator

_OPERATORS: tuple[tuple[promql.MatchOp, Operator], ...] = (
    (promql.MatchOp.Equal, "="),
    (promql.MatchOp.NotEqual, "!="),
    (promql.MatchOp.Re, "=~"),
    (promql.MatchOp.NotRe, "!~"),
)


def plain(query: str) -> tuple[Matcher, ...] | None:
    """Return the conditions of a query that is one selector without offset or @; None for any other text."""
    try:
        tree = promql.parse(query)
    except ValueError:
        return None
    while isinstance(tree, promql.ParenExpr):
        tree = tree.expr
    if not isinstance(tree, promql.VectorSelector) or tree.offset is not None or tree.at is not None:
        return None
    if tree.matchers.or_matchers:
        return None
    named = (Matcher(NAME, "=", tree.name),) if tree.name else ()
    return named + tuple(
        Matcher(one.name, text, one.value) for one in tree.matchers.matchers for op, text in _OPERATORS if op == one.op
    )


def written(matchers: tuple[Matcher, ...], *, but: str = "") -> str:
    """Return a selector as PromQL, with another condition if one is given."""
    return "{" + ",".join([*map(str, matchers), *([but] if but else [])]) + "}"
