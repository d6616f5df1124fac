"""Every query of every dashboard, on a real Prometheus."""

import json

import a_day
import pytest
import realprometheus
from paneltargets import DASHBOARDS, Prometheus, filled, targets, unanswered
from paneltargets import chosen as chosen_in

from offkey.app.dashboard_lint import panels

END = 1_750_000_020  # a multiple of 60
HOURS = 6

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def ask(program, tmp_path_factory):
    """Return a function that evaluates PromQL at an instant on a Prometheus that holds a made-up day."""
    folder = tmp_path_factory.mktemp("prometheus")
    with realprometheus.running(program, folder, a_day.openmetrics(END, HOURS, 60), a_day.KEPT) as address:
        yield Prometheus(address, END)


@pytest.fixture(scope="module", params=DASHBOARDS, ids=lambda path: path.stem)
def dashboard(request):
    """Return each dashboard in turn."""
    return json.loads(request.param.read_text())


@pytest.fixture(scope="module")
def chosen(dashboard, ask):
    """Return what Grafana puts in for each variable: the first choice, or everything where that is offered."""
    return chosen_in(dashboard, ask, __rate_interval="4m", __range=f"{HOURS}h")


def test_every_target_returns_series(dashboard, chosen, ask):
    """No panel is empty when there is something to show; forecasts are asked for at the moment they were made for."""
    assert unanswered(dashboard, chosen, ask) == []


def test_a_panel_for_one_series_shows_one(dashboard, chosen, ask):
    """A band drawn between the lines of two series would mean nothing."""
    kinds = {panel["title"]: panel["type"] for panel in panels(dashboard)}
    for title, expression, _ in targets(dashboard, chosen):
        if chosen.get("series", "no choice") in expression and kinds[title] == "timeseries":
            assert len(ask(expression)) == 1, expression


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
