"""The comparisons with a constant that decide what an expression gives, and where they stand in its text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import promql_parser as promql

from offkey.app.promql import parse

COMPARISONS = (">", ">=", "<", "<=", "==", "!=")
_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<duration>(?:\d+(?:ms|[ywdhms]))+(?![a-zA-Z0-9_:.]))
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<sign>=~|!~|==|!=|>=|<=|[-+*/%^<>=(){}\[\],@])""",
    re.VERBOSE,
)
_OPEN, _CLOSE = ("(", "{", "["), (")", "}", "]")
_MATCHING = ("on", "ignoring", "group_left", "group_right")
_FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}

Constant = Literal["literal", "computed"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a constant.

    Attributes:
        left: the compared expression's text.
        op: how it is compared, the constant on the right.
        value: the constant.
        kind: `literal` for one number, `computed` for arithmetic on numbers.
        span: where the number stands in the expression, its sign included.
        query: what is compared, with all that gates it: the expression without the comparison.
    """

    left: str
    op: str
    value: float
    kind: Constant
    span: tuple[int, int]
    query: str


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def conditions(expr: str) -> list[Condition]:
    """Return the comparisons with constants whose outcome is what an expression gives.

    Followed are all sides of `or` and the left side of `and` and `unless`; what stands to the right of these only
    gates the result. Whatever two independent readings of the text do not agree on is left out.

    Raises:
        ValueError: it is not PromQL.
    """
    tree = parse(expr)
    found = list(_in_text(expr, _tokens(expr)))
    known = list(_in_tree(tree))
    return found if [(one.op, one.value) for one in found] == known else []


def _tokens(expr: str) -> list[_Token]:
    found = (match for match in _TOKEN.finditer(expr) if match.lastgroup != "blank")
    return [_Token(match.lastgroup or "", match.group(), match.start(), match.end()) for match in found]


def _split(tokens: list[_Token], signs: tuple[str, ...]) -> list[list[_Token]]:
    """Return the parts between operators outside all brackets; the operators stand alone between them."""
    parts: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text in _OPEN) - (token.text in _CLOSE) if token.kind == "sign" else 0
        if depth == 0 and token.kind in ("sign", "name") and token.text.lower() in signs and parts[-1]:
            parts += [[token], []]
        else:
            parts[-1].append(token)
    return parts


def _bare(tokens: list[_Token]) -> list[_Token]:
    """Return an expression without the brackets around all of it."""
    while tokens and tokens[0].text == "(" and tokens[0].kind == "sign" and _closing(tokens) == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens


def _closing(tokens: list[_Token], start: int = 0) -> int:
    """Return where the bracket that opens at `start` is closed."""
    depth = 0
    for place in range(start, len(tokens)):
        token = tokens[place]
        depth += (token.text in _OPEN) - (token.text in _CLOSE) if token.kind == "sign" else 0
        if depth == 0:
            return place
    return len(tokens)


def _in_text(expr: str, tokens: list[_Token], gated: list[_Token] | None = None) -> Iterator[Condition]:
    """Yield the comparisons of an expression; `gated` is the alternative of `or` it is the left side of."""
    gated = gated or tokens
    tokens = _bare(tokens)
    sides = _split(tokens, ("or",))
    if len(sides) > 1:
        for side in sides[::2]:
            yield from _in_text(expr, _unmatched(side))
        return
    first, *rest = _split(tokens, ("and", "unless"))
    if rest:
        yield from _in_text(expr, first, gated)
        return
    parts = _split(tokens, COMPARISONS)
    if len(parts) != 3 or not parts[2] or parts[2][0].text.lower() == "bool":
        return
    left, op, right = parts[0], parts[1][0].text, parts[2]
    if (number := _number(expr, right)) and _number(expr, left) is None:
        query = expr[gated[0].start : left[-1].end] + expr[right[-1].end : gated[-1].end]
        yield Condition(expr[left[0].start : left[-1].end], op, *number, query)
    elif (number := _number(expr, left)) and _number(expr, right) is None and right[0].text.lower() not in _MATCHING:
        query = expr[gated[0].start : left[0].start] + expr[right[0].start : gated[-1].end]
        yield Condition(expr[right[0].start : right[-1].end], _FLIPPED[op], *number, query)


def _unmatched(tokens: list[_Token]) -> list[_Token]:
    """Return an operand without the `on (...)` that belongs to the operator before it."""
    while len(tokens) > 1 and tokens[0].text.lower() in _MATCHING and tokens[1].text == "(":
        tokens = tokens[_closing(tokens, 1) + 1 :]
    return tokens


def _number(expr: str, tokens: list[_Token]) -> tuple[float, Constant, tuple[int, int]] | None:
    """Return a constant's value, kind and span, or None for anything with a series in it."""
    bare = _bare(tokens)
    names = (token for token in bare if token.kind == "name")
    if not bare or any(token.kind in ("text", "duration") for token in bare) or any(not _is_word(one) for one in names):
        return None
    text = expr[bare[0].start : bare[-1].end]
    try:
        value = _value(parse(text))
    except ValueError:
        return None
    if value is None:
        return None
    kind: Constant = "literal" if [token.kind for token in bare if token.text not in "+-"] == ["number"] else "computed"
    return value, kind, (bare[0].start, bare[-1].end)


def _is_word(token: _Token) -> bool:
    return token.text.lower() in ("inf", "nan")


def _value(tree: promql.Expr) -> float | None:
    """Return the value of arithmetic on numbers, or None where a series is in it."""
    match tree:
        case promql.NumberLiteral():
            return float(tree.val)
        case promql.ParenExpr():
            return _value(tree.expr)
        case promql.UnaryExpr():
            inner = _value(tree.expr)
            return None if inner is None else -inner
        case promql.BinaryExpr():
            return _arithmetic(_value(tree.lhs), str(tree.op), _value(tree.rhs))
    return None


def _arithmetic(left: float | None, op: str, right: float | None) -> float | None:
    if left is None or right is None or op not in ("+", "-", "*", "/") or (op == "/" and not right):
        return None
    return left / right if op == "/" else {"+": left + right, "-": left - right, "*": left * right}[op]


def _in_tree(tree: promql.Expr) -> Iterator[tuple[str, float]]:
    """Yield operator and constant of the same comparisons, found by the parser."""
    if isinstance(tree, promql.ParenExpr):
        yield from _in_tree(tree.expr)
    if not isinstance(tree, promql.BinaryExpr):
        return
    op = str(tree.op).lower()
    if op in ("or", "and", "unless"):
        yield from _in_tree(tree.lhs)
        if op == "or":
            yield from _in_tree(tree.rhs)
    elif op in COMPARISONS and not (tree.modifier and tree.modifier.return_bool):
        left, right = _value(tree.lhs), _value(tree.rhs)
        if right is not None and left is None:
            yield op, right
        elif left is not None and right is None:
            yield _FLIPPED[op], left
