"""What can be known of a PromQL query before a server sees it."""

import re

import promql_parser as promql

from offkey.core.durations import format_duration, parse_duration
from offkey.core.labels import NAME, Matcher
from offkey.engine.promql.parser import condition
from offkey.engine.promql.parser import selector as selector_of
from offkey.engine.promql.parser import syntax as parse

__all__ = ["events_per_unit", "fault", "matchers", "parse", "parsed", "scrapes", "walk"]

_OWN = ("offkey_", "offkey:")
_OWN_NAMES = (
    "offkey_anomaly",
    "offkey_anomaly_score",
    "offkey_anomalous_series",
    "offkey_expected",
    "offkey_forecast",
    "offkey_lower",
    "offkey_observed",
    "offkey_threshold",
    "offkey_upper",
    "offkey:threshold",
)
_RATE_OF_RECORD = re.compile(r".*:[a-z0-9_]*?rate([0-9]+[smhdw])")


def parsed(query: str) -> promql.Expr | None:
    """Return a query, None when it is not PromQL."""
    try:
        return parse(query)
    except ValueError:
        return None


def fault(query: str) -> str:
    """Return why a query cannot be watched, or nothing."""
    try:
        tree = parse(query)
    except ValueError as error:
        return f"not PromQL: {str(error).partition(chr(10))[0]}"
    try:
        parse(f"sum(\n{query}\n)")  # an aggregation takes an instant vector and nothing else
    except ValueError as error:
        return f"gives a {str(error).rpartition(' ')[2]}; a signal needs an instant vector"
    nodes = walk(tree)
    if any(_depends_on_the_range(node) for node in nodes):
        return "@ start() and @ end() change with every reading; use offset, or @ with a number"
    return next((found for node in nodes if isinstance(node, promql.VectorSelector) and (found := _own(node))), "")


def events_per_unit(query: str) -> float | None:
    """Return how many counted events one unit of a query stands for, or None when the query does not show it.

    `rate(x[5m])`, summed or not, counts 300 events a unit; `increase(x[5m])` one; a recorded series counts by the range
    at the end of its name (`job:requests:rate5m`), one without such an end counts itself.
    """
    try:
        tree = parse(query)
    except ValueError:
        return None
    while isinstance(tree, promql.ParenExpr) or (isinstance(tree, promql.AggregateExpr) and str(tree.op) == "sum"):
        tree = tree.expr
    if isinstance(tree, promql.VectorSelector):
        match = _RATE_OF_RECORD.fullmatch(tree.name or "")
        return float(parse_duration(match[1])) if match else 1.0
    if isinstance(tree, promql.Call) and tree.func.name in ("rate", "increase"):
        over = tree.args[0]
        if isinstance(over, promql.MatrixSelector):
            return over.range.total_seconds() if tree.func.name == "rate" else 1.0
    return None


def scrapes(query: str) -> str:
    """Return the query for the raw samples inside a query's ranges, or nothing when it has no plain range.

    Counted is the best-covered series of each group of the outermost aggregation, so that neither a new replica nor
    one that went away counts as a gap. Of several ranges the one with the fewest conditions stands for all.
    """
    nodes = walk(parse(query))
    ranges = [node for node in nodes if isinstance(node, promql.MatrixSelector)]
    if not ranges or any(isinstance(node, promql.SubqueryExpr) for node in nodes):
        return ""
    widest = min(ranges, key=lambda node: len(node.vector_selector.matchers.matchers))
    selector = widest.vector_selector
    if selector.offset is not None or selector.at is not None or selector.matchers.or_matchers:
        return ""
    seconds = int(widest.range.total_seconds())
    counted = f"count_over_time({selector_of(selector).plain}[{format_duration(seconds)}])"
    return _grouped(nodes, counted) if seconds else ""


def _grouped(nodes: list[promql.Expr], counted: str) -> str:
    """Return the greatest count of each group of the outermost aggregation; the bucket of a histogram is no group."""
    outermost = next((node for node in nodes if isinstance(node, promql.AggregateExpr)), None)
    if outermost is None:
        return counted
    modifier = outermost.modifier
    if modifier is None:
        return f"max({counted})"
    if modifier.type == promql.AggModifierType.Without:
        return f"max without ({', '.join(sorted({*modifier.labels, 'le'}))}) ({counted})"
    return f"max by ({', '.join(name for name in modifier.labels if name != 'le')}) ({counted})"


def matchers(selector: str) -> tuple[Matcher, ...]:
    """Return the conditions of a selector such as `{region="eu"}`.

    Raises:
        ValueError: it is no selector.
    """
    tree = parse(selector)
    if not isinstance(tree, promql.VectorSelector):
        msg = "not a selector"
        raise ValueError(msg)  # noqa: TRY004 (the text is wrong, not its type)
    return selector_of(tree).matchers


def walk(tree: promql.Expr) -> list[promql.Expr]:
    """Return every node, parents first and right before left; the parser's own walk takes minutes on long chains."""
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        inner = (getattr(node, part, None) for part in ("expr", "lhs", "rhs", "vector_selector"))
        waiting.extend(part for part in (*inner, *getattr(node, "args", ())) if part is not None)
    return found


def _depends_on_the_range(node: promql.Expr) -> bool:
    at = node.at if isinstance(node, promql.VectorSelector | promql.SubqueryExpr) else None
    return at is not None and at.type != promql.AtModifierType.At


def _own(selector: promql.VectorSelector) -> str:
    """Return why a selector reads what offkey makes, or nothing."""
    if (selector.name or "").startswith(_OWN):
        return f"reads {selector.name}; a signal cannot watch what offkey itself makes"
    if selector.name:
        return ""
    for alternative in (selector.matchers.matchers, *selector.matchers.or_matchers):
        names = [matcher for matcher in alternative if matcher.name == "__name__"]
        written = [matcher.value for matcher in names if matcher.op in (promql.MatchOp.Equal, promql.MatchOp.Re)]
        if any(value.startswith(_OWN) for value in written):
            return f"reads {written[0]}; a signal cannot watch what offkey itself makes"
        if alternative and any(all(_accepts(matcher, name) for matcher in names) for name in _OWN_NAMES):
            return f'{selector} also reads what offkey itself makes; name the metric, or add __name__!~"offkey[_:].*"'
    return ""


def _accepts(matcher: promql.Matcher, name: str) -> bool:
    try:
        return condition(matcher).matches({NAME: name})
    except re.error:  # syntax only the server knows; what begins with our prefix was found before
        return False
