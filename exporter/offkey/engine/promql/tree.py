"""A PromQL expression as a value, read from its text and written back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import promql_parser

from offkey.core.durations import format_duration
from offkey.core.labels import NAME, Matcher, Operator, quote

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

Cardinality = Literal["one-to-one", "many-to-one", "one-to-many", "many-to-many"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float

    def __str__(self) -> str:
        return repr(self.value).removesuffix(".0").replace("inf", "Inf").replace("nan", "NaN")


@dataclass(frozen=True, slots=True)
class Text:
    """A string, plain."""

    value: str

    def __str__(self) -> str:
        return quote(self.value)


@dataclass(frozen=True, slots=True)
class Shift:
    """Where in time something is read: `offset` earlier (milliseconds), or `at` an instant (milliseconds)."""

    offset: int = 0
    at: int | None = None

    def __str__(self) -> str:
        words = "" if self.at is None else f" @ {self.at / 1000:.3f}"
        if self.offset:
            words += f" offset {'-' if self.offset < 0 else ''}{_milliseconds(abs(self.offset))}"
        return words


@dataclass(frozen=True, slots=True)
class Selector:
    """Series chosen by their labels; the metric's name is one of the matchers."""

    matchers: tuple[Matcher, ...]
    shift: Shift = field(default_factory=Shift)

    def __str__(self) -> str:
        return f"{self.plain}{self.shift}"

    @property
    def plain(self) -> str:
        """The selector without its shift."""
        return "{" + ",".join(map(str, self.matchers)) + "}"

    @property
    def name(self) -> str:
        """The metric name, empty when it is not one fixed name."""
        names = [matcher.value for matcher in self.matchers if matcher.name == NAME and matcher.op == "="]
        return names[0] if names else ""


@dataclass(frozen=True, slots=True)
class Range:
    """The samples of a selector over a span, milliseconds."""

    selector: Selector
    span: int

    def __str__(self) -> str:
        return f"{self.selector.plain}[{_milliseconds(self.span)}]{self.selector.shift}"


@dataclass(frozen=True, slots=True)
class Subquery:
    """An expression at the multiples of a step (0 = the default) over a span, milliseconds."""

    expr: "Node"
    span: int
    step: int
    shift: Shift

    def __str__(self) -> str:
        step = _milliseconds(self.step) if self.step else ""
        return f"({self.expr})[{_milliseconds(self.span)}:{step}]{self.shift}"


@dataclass(frozen=True, slots=True)
class Paren:
    """An expression in parentheses, which some functions treat differently."""

    expr: "Node"

    def __str__(self) -> str:
        return f"({self.expr})"


@dataclass(frozen=True, slots=True)
class Negation:
    """Minus an expression."""

    expr: "Node"

    def __str__(self) -> str:
        return f"-({self.expr})"


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied to arguments."""

    function: str
    args: "tuple[Node, ...]"

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.args))})"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Series brought together by some labels, or by all but some (`without`)."""

    op: str
    expr: "Node"
    param: "Node | None"
    labels: tuple[str, ...]
    without: bool

    def __str__(self) -> str:
        param = "" if self.param is None else f"{self.param}, "
        word = "without" if self.without else "by"
        return f"{self.op} {word} ({', '.join(self.labels)}) ({param}{self.expr})"


@dataclass(frozen=True, slots=True)
class Matching:
    """How the series of two sides find each other: `on` some labels, or ignoring them."""

    cardinality: Cardinality = "one-to-one"
    on: bool = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions and an operator; `as_bool` makes a comparison answer 0 or 1."""

    op: str
    left: "Node"
    right: "Node"
    as_bool: bool
    matching: Matching

    def __str__(self) -> str:
        words = [self.op]
        if self.as_bool:
            words.append("bool")
        if self.matching.on or self.matching.labels:
            words.append(f"{'on' if self.matching.on else 'ignoring'} ({', '.join(self.matching.labels)})")
        side = {"many-to-one": "group_left", "one-to-many": "group_right"}.get(self.matching.cardinality)
        if side:
            words.append(f"{side} ({', '.join(self.matching.include)})")
        return f"({self.left}) {' '.join(words)} ({self.right})"


Node = Number | Text | Selector | Range | Subquery | Paren | Negation | Call | Aggregate | Binary


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


def selectors(node: Node) -> Iterator[Selector]:
    """Yield every selector of an expression."""
    if isinstance(node, Selector):
        yield node
    for inner in children(node):
        yield from selectors(inner)


def children(node: Node) -> tuple[Node, ...]:
    """Return the expressions directly inside one."""
    if isinstance(node, Range):
        return (node.selector,)
    if isinstance(node, Call):
        return node.args
    if isinstance(node, Aggregate):
        return (node.expr,) if node.param is None else (node.param, node.expr)
    if isinstance(node, Binary):
        return (node.left, node.right)
    return (node.expr,) if isinstance(node, Subquery | Paren | Negation) else ()


def unwrapped(node: Node) -> Node:
    """Return an expression without the parentheses around it."""
    while isinstance(node, Paren):
        node = node.expr
    return node


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
    written = [
        Matcher(one.name, text, one.value) for one in tree.matchers.matchers for op, text in _OPERATORS if op == one.op
    ]
    return Selector((*named, *written), _shift(tree))


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


def _milliseconds(span: int) -> str:
    """Return a duration of milliseconds as PromQL writes it."""
    whole, rest = divmod(span, 1000)
    return (format_duration(whole) if whole else "") + (f"{rest}ms" if rest else "") or "0s"
