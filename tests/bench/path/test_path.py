"""The measuring instrument itself: its parts hold together on a few series, and a budget is a budget."""

import json
import re
import time

import pytest

from . import __main__ as command
from . import live, receiving, rivals, stages, views
from .__main__ import BUDGET, beyond, main, measured
from .fleet import Fleet, labels
from .measure import Figure, percentile, spent


@pytest.fixture(scope="module")
def fleet():
    """Return an engine that knows a few series."""
    return Fleet(40)


def test_every_stage_gives_figures(fleet, monkeypatch):
    """Each has a unit and a number above 0; the page says the same as the one of prometheus_client."""
    monkeypatch.setattr(stages, "TICKS", 2)
    monkeypatch.setattr(stages, "ROUNDS", 2)
    found = [*stages.exposition(fleet), *stages.cycle(fleet), *stages.memory(fleet), *receiving.receiving(fleet)]
    assert {figure.stage for figure in found} == {"cycle", "memory", "exposition", "receiving"}
    assert all(figure.unit for figure in found)
    assert next(figure.value for figure in found if figure.name == "equal") == 1.0


def test_a_fleet_judges_and_publishes_every_series(fleet):
    """Nothing is unknown, and every series is on the page."""
    fleet.wait()
    fleet.tick()
    page = fleet.sink.render().body.decode()
    assert page.count("\noffkey_anomaly_score{") == 40
    assert len(set(labels(1000))) == 1000


@pytest.mark.parametrize(("value", "better", "is_beyond"), [(9, "more", True), (11, "more", False), (11, "less", True)])
def test_a_budget_limits_the_worse_side(value, better, is_beyond):
    """What is worse is named with its limit; figures without a budget are free."""
    found = [Figure("a", "b_ratio", 10, value, "times", better), Figure("c", "d", 10, 1e9, "s", "less")]
    assert bool(beyond(found, {"a.b_ratio.10": 10})) is is_beyond


def test_only_ratios_have_a_budget():
    """Times depend on the machine; what was measured side by side does not."""
    assert all("_ratio." in key or ".equal." in key for key in json.loads(BUDGET.read_text()))


def test_growth_is_measured_between_tenfold_sizes(monkeypatch):
    """The last figure compares the cycle of ten times as many series."""
    monkeypatch.setattr(command, "OFFLINE", {"cycle": _costing})
    monkeypatch.setattr(command, "Fleet", lambda size: size)
    *_, last = measured([100, 1000], ["cycle"])
    assert (last.name, last.value) == ("growth_ratio", 9.0)


def _costing(size):
    yield Figure("cycle", "cpu", size, {100: 1.0, 1000: 9.0}[size], "s", "less")


def test_the_answer_can_be_read_by_a_program(monkeypatch, capsys):
    """JSON holds every figure, and the exit code says whether the budget holds."""
    monkeypatch.setattr(command, "measured", lambda *_: [Figure("a", "b", 0, 1.0, "s")])
    assert main(["--series", "5", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"][0]["value"] == 1.0


def test_clocks_and_percentiles():
    """The first call does not count; a percentile is one of the values."""
    calls = []
    assert len(spent(lambda: calls.append(time.process_time()), rounds=3)) == 3
    assert len(calls) == 4
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0


def test_the_rival_shows_what_it_was_given():
    """A page read into a collector and written again is the same samples."""
    text = '# HELP a b\n# TYPE a gauge\na{x="1"} 2\na{x="2"} 3\n'
    assert rivals.parsed(rivals.rendered(rivals.registry(text)).decode()) == rivals.parsed(text)


def test_probes_stand_for_all_series():
    """Twenty, from the first to the last."""
    found = live._probes(1000)
    assert (found[0], found[-1], found.count("yes")) == ("yes", "yes", live.PROBES)


def test_panels_are_asked_as_grafana_does():
    """No variable is left in a query, and ranges have a step."""
    asked = [query for path in views.DASHBOARDS.glob("*.json") for query in views.queries(path)]
    assert len(asked) > 100
    assert not [query for _, query in asked if re.search(r"\$[a-z_{]", str(query["query"]))]
    assert {"step", "time"} <= {name for _, query in asked for name in query}
