"""Which rules read what other rules write, and in which order they can be replayed."""

from collections.abc import Sequence
from dataclasses import dataclass

from offkey.core.errors import RuleError
from offkey.core.labels import NAME, Labels, Matcher
from offkey.core.rules import AlertRule, Rule, RuleGroup
from offkey.engine.promql.parser import parse
from offkey.engine.promql.series import Pattern
from offkey.engine.promql.tree import Node, Range, Selector, Subquery, children, selectors

ALERTS, ALERTS_FOR_STATE = "ALERTS", "ALERTS_FOR_STATE"


@dataclass(frozen=True, slots=True)
class Part:
    """One rule in its place.

    Attributes:
        place: position among all rules; of two at the same instant the lower is evaluated first.
        group: where it stands.
        rule: what it says.
        expr: its expression.
    """

    place: int
    group: RuleGroup
    rule: Rule
    expr: Node

    @property
    def name(self) -> str:
        """The alert's or the recorded metric's name."""
        return self.rule.alert if isinstance(self.rule, AlertRule) else self.rule.record

    @property
    def writes(self) -> tuple[str, ...]:
        """Names of the metrics it writes."""
        return (ALERTS, ALERTS_FOR_STATE) if isinstance(self.rule, AlertRule) else (self.rule.record,)

    def may_write(self, selector: Selector) -> bool:
        """Return whether a selector may choose something this rule writes."""
        fixed = {name: value for name, value in self.rule.labels.items() if "{{" not in value}
        if isinstance(self.rule, AlertRule):
            fixed["alertname"] = self.rule.alert
        names = [one for one in selector.matchers if one.name == NAME]
        certain = [one for one in selector.matchers if one.name in fixed]
        return any(_accepts(names, {NAME: name}) for name in self.writes) and _accepts(certain, fixed)


def _accepts(matchers: Sequence[Matcher], labels: dict[str, str]) -> bool:
    return Pattern(matchers).accepts(Labels.of(labels))


def parts(groups: Sequence[RuleGroup]) -> tuple[Part, ...]:
    """Return all rules in the order they are evaluated.

    Raises:
        RuleError: an expression is not PromQL.
    """
    found: list[Part] = []
    for group in groups:
        for rule in group.rules:
            try:
                expr = parse(rule.expr)
            except ValueError as error:
                name = rule.alert if isinstance(rule, AlertRule) else rule.record
                msg = f"group {group.name}, rule {name}: not PromQL: {str(error).partition(chr(10))[0]}"
                raise RuleError(msg) from error
            found.append(Part(len(found), group, rule, expr))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Circle:
    """Rules that can only be replayed together; a single rule that does not read itself is none of these.

    Attributes:
        members: in the order of evaluation.
        reach: how far back they look at each other, milliseconds; None = without end.
        is_stepwise: whether each evaluation must be done by itself.
    """

    members: tuple[Part, ...]
    reach: int | None
    is_stepwise: bool


class Reads:
    """Who reads whom."""

    def __init__(self, all_parts: Sequence[Part]) -> None:
        self._parts = all_parts
        self._named: dict[str, list[Part]] = {}
        for part in all_parts:
            for name in part.writes:
                self._named.setdefault(name, []).append(part)
        self._found: dict[Selector, tuple[Part, ...]] = {}
        self._foreign: dict[int, bool] = {}

    def writers(self, selector: Selector) -> tuple[Part, ...]:
        """Return the rules that may write what a selector chooses."""
        if selector not in self._found:
            near = self._named.get(selector.name, []) if selector.name else self._parts
            self._found[selector] = tuple(part for part in near if part.may_write(selector))
        return self._found[selector]

    def is_foreign(self, node: Node) -> bool:
        """Return whether nothing in an expression is written by a rule."""
        if id(node) not in self._foreign:
            self._foreign[id(node)] = not any(self.writers(selector) for selector in selectors(node))
        return self._foreign[id(node)]

    def order(self) -> list[Part | Circle]:
        """Return the rules in an order in which each finds what it reads; circles as one."""
        reads = {part.place: {one.place for sel in selectors(part.expr) for one in self.writers(sel)}
                 for part in self._parts}  # fmt: skip
        stepwise = set()
        for part in self._parts:
            for late in self._read_late_inside(part.expr, part.place):
                stepwise |= {part.place, late}
                reads[late].add(part.place)
        made: list[Part | Circle] = []
        for places in _components(reads):
            members = tuple(self._parts[place] for place in sorted(places))
            if len(members) == 1 and members[0].place not in reads[members[0].place]:
                made.append(members[0])
            else:
                made.append(Circle(members, self._reach(members), bool(stepwise.intersection(places))))
        return made

    def _read_late_inside(self, node: Node, place: int, *, inside: bool = False) -> set[int]:
        """Return the rules evaluated no earlier than `place` that a subquery reads."""
        if isinstance(node, Selector):
            return {one.place for one in self.writers(node) if inside and one.place >= place}
        inside = inside or isinstance(node, Subquery)
        return {late for inner in children(node) for late in self._read_late_inside(inner, place, inside=inside)}

    def _reach(self, members: Sequence[Part]) -> int | None:
        spans = [_span(part.expr) for part in members]
        return None if None in spans else max(span for span in spans if span is not None)


def _span(node: Node) -> int | None:
    """Return how far back an expression looks, milliseconds, without the lookback; None = to a fixed instant."""
    inner = [_span(one) for one in children(node)]
    if None in inner:
        return None
    own = 0
    if isinstance(node, Selector | Subquery):
        if node.shift.at is not None:
            return None
        own = max(0, node.shift.offset)
    own += node.span if isinstance(node, Range | Subquery) else 0
    return own + max((span for span in inner if span is not None), default=0)


def _components(reads: dict[int, set[int]]) -> list[list[int]]:
    """Return the strongly connected components, what is read first.

    Source: Tarjan (1972), SIAM J. Comput. 1:146-160.
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    made: list[list[int]] = []

    for root in sorted(reads):
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        path = [(root, iter(sorted(reads[root])))]
        while path:
            node, inner = path[-1]
            for other in inner:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    path.append((other, iter(sorted(reads[other]))))
                    break
                if other in stack:
                    low[node] = min(low[node], index[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    place = stack.index(node)
                    made.append(stack[place:])
                    del stack[place:]
    return made
