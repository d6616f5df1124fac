"""The queries of dashboards as Grafana asks them, with its variables put in."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from offkey.app.dashboard_lint import panels

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"
DASHBOARDS = sorted(FOLDER.glob("*.json"))


class Prometheus:
    """Answers queries at one instant, or over the time before it.

    Args:
        address: of the server.
        instant: Unix seconds.
    """

    def __init__(self, address, instant):
        self._address, self._instant = address, instant

    def __call__(self, expression, instant=None):
        """Return the series of an answer; a query the server refuses fails with its words."""
        return self._asked("query", expression, time=instant or self._instant)

    def over(self, expression, seconds):
        """Return the series of an answer over the last seconds."""
        start, step = self._instant - seconds, max(15, seconds // 1_000)
        return self._asked("query_range", expression, start=start, end=self._instant, step=step)

    def _asked(self, kind, expression, **times):
        fields = urllib.parse.urlencode({"query": expression, **times})
        try:
            with urllib.request.urlopen(f"{self._address}/api/v1/{kind}?{fields}", timeout=30) as answer:  # noqa: S310 (loopback)
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            with error:
                msg = f"{expression}: {error.read().decode()}"
            raise ValueError(msg) from error


def chosen(dashboard, ask, **values):
    """Return what Grafana puts in for each variable not given: everything where offered, or else the first choice."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query" and variable["name"] not in values:
            values[variable["name"]] = variable.get("allValue") or choices(variable, values, ask)[0]
    return values


def choices(variable, values, ask):
    """Return what a variable offers, as Grafana reads its query and its regular expression."""
    kind, inner = re.fullmatch(r"(\w+)\((.*)\)", filled(variable["query"], values), re.DOTALL).groups()
    if kind == "label_values":
        selector, _, label = inner.rpartition(", ")
        return sorted({series["metric"][label] for series in ask(selector)})
    pattern = re.compile(variable["regex"].strip("/"))
    texts = []
    for series in ask(inner):
        name = series["metric"].pop("__name__", "")
        labels = ",".join(f'{label}="{value}"' for label, value in series["metric"].items())
        texts.append(f"{name}{{{labels}}} {series['value'][1]} {series['value'][0] * 1000}")
    return [match[1] for text in texts if (match := pattern.search(text))]


def filled(text, values):
    """Put the variables' values into an expression."""
    return re.sub(r"\$\{?(\w+)(?::raw)?\}?", lambda match: values.get(match[1], match[0]), text)


def targets(dashboard, values):
    """Yield each panel's title with the expression of each of its targets, and whether it is asked over a time."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel["title"], filled(target["expr"], values), bool(target.get("range"))


def unanswered(dashboard, values, ask, seconds=0):
    """Return title and expression of every target that finds no series; curves are asked over the last seconds."""
    return [
        (title, expression)
        for title, expression, is_curve in targets(dashboard, values)
        if not (ask.over(expression, seconds) if is_curve and seconds else ask(expression))
    ]
