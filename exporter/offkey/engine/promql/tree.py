"""A PromQL expression as a value, and its text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from offkey.core.durations import format_duration
from offkey.core.labels import NAME, Matcher, quote

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


def _milliseconds(span: int) -> str:
    """Return a duration of milliseconds as PromQL writes it."""
    whole, rest = divmod(span, 1000)
    return (format_duration(whole) if whole else "") + (f"{rest}ms" if rest else "") or "0s"
