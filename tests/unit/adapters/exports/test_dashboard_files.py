import itertools
import json
from pathlib import Path

import pytest

from offkey.adapters.exports import dashboards
from offkey.adapters.exports.grafana import panels as kinds
from offkey.app import dashboard_lint

FOLDER = Path(__file__).parents[4] / "grafana" / "dashboards"
RENDERED = dashboards.render()

OKABE_ITO = {"#56B4E9", "#E69F00", "#D55E00", "#999999", "transparent"}


@pytest.fixture(params=sorted(RENDERED))
def dashboard(request):
    """Return each dashboard in turn, as Grafana reads it."""
    return json.loads(RENDERED[request.param])


def boxes(dashboard):
    """Return the grid cells of all panels that are drawn together: the top level, and each folded row."""
    together = [panel for panel in dashboard["panels"]]
    yield together
    yield from (row["panels"] for row in together if row["type"] == "row" and row["collapsed"])


@pytest.mark.parametrize("name", sorted(RENDERED))
def test_golden_the_files_are_what_the_code_renders(golden, name):
    """Byte for byte, and a second run changes nothing."""
    golden(f"../../grafana/dashboards/{name}", RENDERED[name])
    assert dashboards.render() == RENDERED


def test_no_file_is_left_of_a_dashboard_that_has_gone():
    """The folder holds exactly the rendered dashboards."""
    assert sorted(path.name for path in FOLDER.glob("*.json")) == sorted(RENDERED)


def test_every_rule_of_the_linter_holds():
    """What is excepted has its reason in .lint."""
    assert [str(finding) for path in FOLDER.glob("*.json") for finding in dashboard_lint.lint_file(path)] == []


def test_no_exception_is_left_without_need():
    """An exception is about a finding that is there; the one for dashboard-linter's parser is about `:raw`."""
    every = [json.loads(text) for text in RENDERED.values()]
    found = {(finding.rule, finding.panel) for each in every for finding in dashboard_lint.lint(each)}
    found |= {
        ("target-promql-rule", panel["title"])
        for each in every
        for panel in dashboard_lint.panels(each)
        if ":raw" in json.dumps(panel["targets"])
    }
    excused = dashboard_lint.exceptions(FOLDER / ".lint").exclusions
    assert found == {(rule, entry.panel) for rule, what in excused.items() for entry in what.entries}


def test_every_expression_is_promql_even_where_the_linter_is_told_to_look_away(dashboard):
    """The rule on PromQL finds nothing before exceptions are taken off."""
    assert not [finding for finding in dashboard_lint.lint(dashboard) if finding.rule == "target-promql-rule"]


def test_a_dashboard_keeps_its_address_and_is_read_only(dashboard):
    """Bookmarks last; changes belong in the code; the classic schema is what every Grafana loads from files."""
    assert dashboard["uid"].startswith("offkey-")
    assert dashboard["title"].startswith("offkey / ")
    assert dashboard["tags"] == ["offkey"]
    assert dashboard["editable"] is False
    assert dashboard["schemaVersion"] == 42
    assert dashboard["graphTooltip"] == 1
    assert (dashboard["refresh"], dashboard["time"]) == ("1m", {"from": "now-24h", "to": "now"})


def test_panels_do_not_overlap_and_stay_on_the_grid(dashboard):
    """Each cell of the grid belongs to one panel at most."""
    for together in boxes(dashboard):
        taken = [
            (x, y)
            for panel in together
            for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        ]
        assert len(taken) == len(set(taken))
        assert max(x for x, _ in taken) < 24


def test_panel_numbers_are_unique(dashboard):
    """Links to a panel lead to one."""
    numbers = [panel["id"] for panel in itertools.chain.from_iterable(boxes(dashboard))]
    assert len(numbers) == len(set(numbers))


def test_every_panel_says_what_to_do_when_it_is_empty(dashboard):
    """Nobody has to guess what a bare 'No data' means."""
    for panel in dashboard_lint.panels(dashboard):
        assert len(panel["fieldConfig"]["defaults"]["noValue"]) > 6, panel["title"]


def test_colours_can_be_told_apart_by_everyone(dashboard):
    """Only colours of one safe palette are used, or Grafana's own for many series."""

    def colours(part):
        if isinstance(part, dict):
            for key, value in part.items():
                if key in ("color", "fixedColor", "iconColor") and isinstance(value, str):
                    yield value
                yield from colours(value)
        elif isinstance(part, list):
            for item in part:
                yield from colours(item)

    found = set(colours(dashboard))
    assert found <= OKABE_ITO
    assert {kinds.SKY, kinds.VERMILION} <= found
