"""Every query of every dashboard, on a real Prometheus."""

import json
import re
import urllib.parse
import urllib.request
from pathlib import Path

import a_day
import pytest
import realprometheus

from offkey.app.dashboard_lint import panels

DASHBOARDS = sorted((Path(__file__).parents[2] / "grafana" / "dashboards").glob("*.json"))
END = 1_750_000_020  # a multiple of 60
HOURS = 6

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def ask(program, tmp_path_factory):
    """Return a function that evaluates PromQL at an instant on a Prometheus that holds a made-up day."""
    folder = tmp_path_factory.mktemp("prometheus")
    with realprometheus.running(program, folder, a_day.openmetrics(END, HOURS, 60), a_day.KEPT) as address:

        def query(expression, instant=END):
            fields = urllib.parse.urlencode({"query": expression, "time": instant})
            with urllib.request.urlopen(f"{address}/api/v1/query?{fields}", timeout=10) as answer:  # noqa: S310 (loopback)
                return json.load(answer)["data"]["result"]

        yield query


@pytest.fixture(scope="module", params=DASHBOARDS, ids=lambda path: path.stem)
def dashboard(request):
    """Return each dashboard in turn."""
    return json.loads(request.param.read_text())


@pytest.fixture(scope="module")
def chosen(dashboard, ask):
    """Return what Grafana puts in for each variable: the first choice, or everything where that is offered."""
    values = {"__rate_interval": "4m", "__range": f"{HOURS}h"}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
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


def test_every_target_returns_series(dashboard, chosen, ask):
    """No panel is empty when there is something to show; forecasts are asked for at the moment they were made for."""
    empty = []
    for panel in panels(dashboard):
        for target in panel["targets"]:
            expression = filled(target["expr"], chosen)
            if not ask(expression):
                empty.append((panel["title"], expression))
    assert empty == []


def test_a_panel_for_one_series_shows_one(dashboard, chosen, ask):
    """A band drawn between the lines of two series would mean nothing."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            if "${series:raw}" in target["expr"] and panel["type"] == "timeseries":
                assert len(ask(filled(target["expr"], chosen))) == 1, target["expr"]


def test_the_worst_series_is_offered_first(chosen):
    """Whoever opens a dashboard sees what is off, without choosing."""
    assert chosen.get("signal", "payment_success") == "payment_success"
    assert 'method="card"' in chosen.get("series", 'method="card"')
    assert 'region="eu-west"' in chosen.get("series", 'region="eu-west"')


def test_annotations_are_read_by_prometheus(dashboard, ask):
    """Firing alerts are found; the others are at least valid."""
    found = {
        note["name"]: ask(filled(note["expr"], {"job": ".+", "instance": ".+"}))
        for note in dashboard["annotations"]["list"]
        if "expr" in note
    }
    assert [alert["metric"]["alertname"] for alert in found["Firing alerts"]] == ["PaymentsFail"]


def test_no_anomaly_is_told_in_words(dashboard, chosen, ask):
    """In a quiet hour the tables of what is off are empty, not wrong, and the counts are 0."""
    quiet = END - 2 * 3600
    for panel in panels(dashboard):
        answers = [ask(filled(target["expr"], chosen), quiet) for target in panel["targets"]]
        if panel["title"] in ("Anomalous series", "Firing alerts"):
            assert not any(answers), panel["title"]
        if panel["title"] in ("Anomalous now", "Alerts firing", "Data faults"):
            assert answers[0][0]["value"][1] == "0", panel["title"]
