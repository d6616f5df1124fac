"""What a good dashboard keeps to, rule by rule.

Source: grafana/dashboard-linter, docs/rules. Its two rules on LogQL have nothing to check here: every panel must read
Prometheus.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import promql_parser as promql

from offkey.app.promql import parse

Tree = Mapping[str, Any]

_QUERY_PANELS = frozenset({"gauge", "graph", "singlestat", "stat", "state-timeline", "table", "timeseries"})
_OWN_SOURCE = ("$datasource", "${datasource}")
_RATES = frozenset({"rate", "irate", "increase"})
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_VARIABLE = re.compile(rf"(?P<quoted>{_QUOTED})|\$\{{\w+:raw\}}|(?P<plain>\$\w+|\$\{{\w+\}})")
_VARIABLE_QUERY = re.compile(r"(label_names|label_values|metrics|query_result)\((.*)\)", re.DOTALL)
_RATE_INTERVAL_SECONDS = 997.0  # stands for the variable; nobody writes such a range


def plain(expression: str) -> str:
    """Return PromQL with Grafana's variables replaced by something of their kind; quoted ones are left alone."""

    def value(match: re.Match[str]) -> str:
        if match["quoted"]:
            return match["quoted"]
        if not match["plain"]:
            return 'chosen="one"'
        return f"{_RATE_INTERVAL_SECONDS:.0f}s" if match["plain"].strip("${}") == "__rate_interval" else "1h"

    return _VARIABLE.sub(value, expression)


def _has_source(dashboard: Tree) -> Iterator[str]:
    found = [variable for variable in _variables(dashboard) if variable.get("type") == "datasource"]
    if len(found) != 1:
        yield f"has {len(found)} data source variables; wants one, called datasource"
    elif (found[0].get("name"), found[0].get("label"), found[0].get("query")) != (
        "datasource",
        "Data source",
        "prometheus",
    ):
        yield "the data source variable should be called datasource, labelled 'Data source', of type prometheus"


def _has_variable(name: str) -> Callable[[Tree], Iterator[str]]:
    def check(dashboard: Tree) -> Iterator[str]:
        variable = next((variable for variable in _variables(dashboard) if variable.get("name") == name), None)
        if variable is None:
            yield f"has no variable called {name}"
            return
        wanted = {"type": "query", "label": name, "multi": True, "allValue": ".+"}
        for key, value in wanted.items():
            if variable.get(key) != value:
                yield f"variable {name}: {key} is {variable.get(key)!r}; wants {value!r}"
        if _source_of(variable) not in _OWN_SOURCE:
            yield f"variable {name} should read ${{datasource}}"

    return check


def _variable_queries(dashboard: Tree) -> Iterator[str]:
    for variable in _variables(dashboard):
        if variable.get("type") != "query":
            continue
        match = _VARIABLE_QUERY.fullmatch(str(variable.get("query")))
        try:
            if match is None:
                yield f"variable {variable.get('name')}: {variable.get('query')} is not a query for Prometheus"
            else:
                parse(plain(match[2].rpartition(",")[0] or match[2]) if match[1] == "label_values" else plain(match[2]))
        except ValueError as error:
            yield f"variable {variable.get('name')}: {variable.get('query')}: {str(error).partition(chr(10))[0]}"


def _reloads(dashboard: Tree) -> Iterator[str]:
    for variable in _variables(dashboard):
        if variable.get("type") == "query" and variable.get("refresh") != 2:
            yield f"variable {variable.get('name')} should be read anew when the time range changes (refresh 2)"


def _is_locked(dashboard: Tree) -> Iterator[str]:
    if dashboard.get("editable", True):
        yield "should not be editable: changes belong in its code"


def _panel_source(panel: Tree) -> Iterator[str]:
    if panel.get("type") in _QUERY_PANELS and _source_of(panel) not in _OWN_SOURCE:
        yield "should read ${datasource}"


def _panel_words(panel: Tree) -> Iterator[str]:
    if not panel.get("title") or not panel.get("description"):
        yield "needs a title and a description"


def _panel_unit(panel: Tree) -> Iterator[str]:
    from grafana_foundation_sdk.models import units  # noqa: PLC0415 (300 names that only linting needs)

    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit")
    if panel.get("type") in _QUERY_PANELS and unit not in {
        value for value in vars(units).values() if isinstance(value, str)
    }:
        yield f"{unit!r} is not one of Grafana's units"


def _panel_targets(panel: Tree) -> Iterator[str]:
    if panel.get("type") in _QUERY_PANELS and not panel.get("targets"):
        yield "has no targets"


def _wants(name: str) -> Callable[[promql.Expr], Iterator[str]]:
    def check(tree: promql.Expr) -> Iterator[str]:
        for selector in _selectors(tree):
            wanted = (name, promql.MatchOp.Re, f"${name}")
            if wanted not in [(matcher.name, matcher.op, matcher.value) for matcher in selector.matchers.matchers]:
                yield f'a selector lacks {name}=~"${name}"'

    return check


def _rate_interval(tree: promql.Expr) -> Iterator[str]:
    for call in _rate_calls(tree):
        if call.func.name != "increase" and call.args[0].range.total_seconds() != _RATE_INTERVAL_SECONDS:
            yield f"{call.func.name} should be over $__rate_interval"


def _counters(tree: promql.Expr) -> Iterator[str]:
    named = [selector.name or "" for selector in _selectors(tree)]
    for call in _rate_calls(tree):
        named.remove(call.args[0].vector_selector.name or "")
    yield from (f"{name} is a counter; wants rate, irate or increase" for name in named if name.endswith("_total"))


def _rate_calls(tree: promql.Expr) -> list[promql.Call]:
    calls = [node for node in _nodes(tree) if isinstance(node, promql.Call) and node.func.name in _RATES]
    return [call for call in calls if isinstance(call.args[0], promql.MatrixSelector)]


def _selectors(tree: promql.Expr) -> list[promql.VectorSelector]:
    return [node for node in _nodes(tree) if isinstance(node, promql.VectorSelector)]


def _nodes(tree: promql.Expr) -> list[promql.Expr]:
    found: list[promql.Expr] = []
    promql.walk(tree, found.append)
    return found


def _variables(dashboard: Tree) -> list[Tree]:
    return dashboard.get("templating", {}).get("list") or []


def _source_of(part: Tree) -> str:
    source = part.get("datasource")
    return str(source.get("uid")) if isinstance(source, dict) else str(source)


DASHBOARD_RULES: Mapping[str, Callable[[Tree], Iterator[str]]] = {
    "template-datasource-rule": _has_source,
    "template-job-rule": _has_variable("job"),
    "template-instance-rule": _has_variable("instance"),
    "template-label-promql-rule": _variable_queries,
    "template-on-time-change-reload-rule": _reloads,
    "uneditable-dashboard": _is_locked,
}
PANEL_RULES: Mapping[str, Callable[[Tree], Iterator[str]]] = {
    "panel-datasource-rule": _panel_source,
    "panel-title-description-rule": _panel_words,
    "panel-units-rule": _panel_unit,
    "panel-no-targets-rule": _panel_targets,
}
TARGET_RULES: Mapping[str, Callable[[promql.Expr], Iterator[str]]] = {
    "target-rate-interval-rule": _rate_interval,
    "target-job-rule": _wants("job"),
    "target-instance-rule": _wants("instance"),
    "target-counter-agg-rule": _counters,
}
