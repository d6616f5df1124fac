"""Read PromQL texts as expressions."""

import re
from datetime import timedelta
from typing import Any

import promql_parser

from offkey.core.labels import NAME, Matcher, Operator
from offkey.engine.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Matching,
    Negation,
    Node,
    Number,
    Paren,
    Range,
    Selector,
    Shift,
    Subquery,
    Text,
)

MAX_LENGTH = 16_384
MAX_OPERATORS = 500  # the parser's time grows with the square of a chain, and its stack with its length
_OPERATOR = re.compile(r"[-+*/%^(<>=!]|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_TEXT = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)""", re.DOTALL)

# Functions that servers know and the parser does not; it has another of the same shape.
_RENAMED = {r"\bholt_winters\s*\(": "double_exponential_smoothing("}
_OPERATORS: tuple[tuple[promql_parser.MatchOp, Operator], ...] = (
    (promql_parser.MatchOp.Equal, "="),
    (promql_parser.MatchOp.NotEqual, "!="),
    (promql_parser.MatchOp.Re, "=~"),
    (promql_parser.MatchOp.NotRe, "!~"),
)


def parse(text: str) -> Node:
    """Return the expression of a text.

    Raises:
        ValueError: it is not PromQL, too long, or holds what has no fixed meaning over the past (`@ start()`).
    """
    return _node(syntax(text))


def syntax(text: str) -> promql_parser.Expr:
    """Return the parser's own tree of a query.

    Raises:
        ValueError: it is not PromQL, or too long.
    """
    if len(text.encode()) > MAX_LENGTH:
        msg = f"longer than {MAX_LENGTH:,} bytes; record parts of it with a recording rule"
        raise ValueError(msg)
    if len(_OPERATOR.findall(_TEXT.sub("", text))) > MAX_OPERATORS:
        msg = f"more than {MAX_OPERATORS} operators and parentheses; record parts of it with a recording rule"
        raise ValueError(msg)
    for found, known in _RENAMED.items():
        text = re.sub(found, known, text)
    return promql_parser.parse(text)


def _node(tree: Any) -> Node:  # noqa: ANN401, PLR0911 (the parser's classes are untyped; a return for each)
    """Return the parser's tree as ours."""
    kinds = promql_parser
    match tree:
        case kinds.NumberLiteral():
            return Number(float(tree.val))
        case kinds.StringLiteral():
            return Text(tree.val)
        case kinds.VectorSelector():
            return selector(tree)
        case kinds.MatrixSelector():
            return Range(selector(tree.vector_selector), _span(tree.range))
        case kinds.SubqueryExpr():
            return Subquery(_node(tree.expr), _span(tree.range), _span(tree.step), _shift(tree))
        case kinds.ParenExpr():
            return Paren(_node(tree.expr))
        case kinds.UnaryExpr():
            return Negation(_node(tree.expr))
        case kinds.Call():
            return Call(tree.func.name, tuple(map(_node, tree.args)))
        case kinds.AggregateExpr():
            without = tree.modifier is not None and tree.modifier.type == kinds.AggModifierType.Without
            labels = () if tree.modifier is None else tuple(tree.modifier.labels)
            param = None if tree.param is None else _node(tree.param)
            return Aggregate(str(tree.op), _node(tree.expr), param, labels, without)
        case _:
            return _binary(tree)


def selector(tree: Any) -> Selector:  # noqa: ANN401 (as above)
    """Return a selector of the parser's own tree.

    Raises:
        ValueError: it has alternatives, or a shift without fixed meaning.
    """
    if tree.matchers.or_matchers:
        msg = f"{tree.prettify()}: `or` between matchers is not PromQL of Prometheus; write two selectors"
        raise ValueError(msg)
    named = [Matcher(NAME, "=", tree.name)] if tree.name else []
    written = map(condition, tree.matchers.matchers)
    return Selector((*named, *written), _shift(tree))


def condition(matcher: promql_parser.Matcher) -> Matcher:
    """Return one condition of the parser's own tree."""
    operator = next(text for op, text in _OPERATORS if op == matcher.op)
    return Matcher(matcher.name, operator, matcher.value)


def _shift(tree: Any) -> Shift:  # noqa: ANN401 (as above)
    offset = _span(tree.offset)
    if tree.at is None:
        return Shift(offset)
    if tree.at.type != promql_parser.AtModifierType.At:
        msg = f"{tree.prettify()}: @ start() and @ end() have no fixed meaning over the past; write @ with a number"
        raise ValueError(msg)
    return Shift(offset, round(tree.at.at.timestamp() * 1000))


def _binary(tree: Any) -> Node:  # noqa: ANN401 (as above)
    modifier = tree.modifier
    op = str(tree.op)
    is_set = op in ("and", "or", "unless")
    if modifier is None:
        matching = Matching("many-to-many" if is_set else "one-to-one")
        return Binary(op, _node(tree.lhs), _node(tree.rhs), False, matching)
    kinds = promql_parser.VectorMatchCardinality
    cardinality: Cardinality = "one-to-one"
    if is_set:
        cardinality = "many-to-many"
    elif modifier.card == kinds.ManyToOne:
        cardinality = "many-to-one"
    elif modifier.card == kinds.OneToMany:
        cardinality = "one-to-many"
    found = modifier.matching
    on = found is not None and found.type == promql_parser.LabelModifierType.Include
    labels = () if found is None else tuple(found.labels)
    matching = Matching(cardinality, on, labels, tuple(modifier.group_labels or ()))
    return Binary(op, _node(tree.lhs), _node(tree.rhs), bool(modifier.return_bool), matching)


def _span(found: timedelta | None) -> int:
    return 0 if found is None else round(found.total_seconds() * 1000)
