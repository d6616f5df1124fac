"""What can be known of a PromQL query before a server sees it."""

import re

import promql_parser as promql

from offkey.core.durations import parse_duration

MAX_LENGTH = 8_192  # the parser is recursive: far longer chains would exhaust its stack

# Functions that servers know and the parser does not; it has another of the same shape.
_RENAMED = {r"\bholt_winters\s*\(": "double_exponential_smoothing("}

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


def parse(query: str) -> promql.Expr:
    """Parse a query.

    Raises:
        ValueError: it is not PromQL, or too long.
    """
    if len(query.encode()) > MAX_LENGTH:
        msg = f"longer than {MAX_LENGTH:,} bytes; record parts of it with a recording rule"
        raise ValueError(msg)
    for found, known in _RENAMED.items():
        query = re.sub(found, known, query)
    return promql.parse(query)


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
    nodes = _nodes(tree)
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


def _nodes(tree: promql.Expr) -> list[promql.Expr]:
    found: list[promql.Expr] = []

    def visit(node: promql.Expr) -> None:
        found.append(node)

    promql.walk(tree, visit)
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
    if matcher.op in (promql.MatchOp.Equal, promql.MatchOp.NotEqual):
        return (matcher.value == name) is (matcher.op == promql.MatchOp.Equal)
    try:
        return bool(re.fullmatch(matcher.value, name)) is (matcher.op == promql.MatchOp.Re)
    except re.error:  # syntax only the server knows; what begins with our prefix was found before
        return False
