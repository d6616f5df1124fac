import copy
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from offkey.app.cli import root
from offkey.app.dashboard_lint import lint, lint_file, panels
from offkey.core.errors import ConfigError

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
MATCHERS = 'job=~"$job",instance=~"$instance"'


def variable(name, query):
    """Return a variable as the rules want it."""
    return {
        "type": "query",
        "name": name,
        "label": name,
        "query": query,
        "datasource": SOURCE,
        "multi": True,
        "allValue": ".+",
        "refresh": 2,
    }


GOOD = {
    "title": "Made up",
    "editable": False,
    "templating": {
        "list": [
            {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus"},
            variable("job", "label_values(up, job)"),
            variable("instance", 'label_values(up{job=~"$job"}, instance)'),
        ]
    },
    "panels": [
        {"type": "row", "title": "Folded", "panels": []},
        {
            "type": "timeseries",
            "title": "Requests",
            "description": "How many there are.",
            "datasource": SOURCE,
            "fieldConfig": {"defaults": {"unit": "reqps"}},
            "targets": [{"expr": f"sum(rate(requests_total{{{MATCHERS}}}[$__rate_interval]))"}],
        },
    ],
}


def spoiled(*route, value=None):
    """Return the good dashboard with one thing replaced, or taken away."""
    dashboard = copy.deepcopy(GOOD)
    part = dashboard
    for step in route[:-1]:
        part = part[step]
    if value is None:
        del part[route[-1]]
    else:
        part[route[-1]] = value
    return dashboard


def asks(expression):
    """Return the good dashboard with another expression."""
    return spoiled("panels", 1, "targets", 0, "expr", value=expression)


def test_a_good_dashboard_has_no_findings():
    """Every rule holds."""
    assert lint(GOOD) == []


VARIABLES = ("templating", "list")


@pytest.mark.parametrize(
    ("rule", "dashboard"),
    [
        ("template-datasource-rule", spoiled(*VARIABLES, 0)),
        ("template-datasource-rule", spoiled(*VARIABLES, 0, "label", value="Prometheus")),
        ("template-job-rule", spoiled(*VARIABLES, 1)),
        ("template-job-rule", spoiled(*VARIABLES, 1, "allValue", value=".*")),
        ("template-instance-rule", spoiled(*VARIABLES, 2, "multi", value=False)),
        ("template-instance-rule", spoiled(*VARIABLES, 2, "datasource", value="prod")),
        ("template-label-promql-rule", spoiled(*VARIABLES, 2, "query", value="label_values(up{, instance)")),
        ("template-label-promql-rule", spoiled(*VARIABLES, 2, "query", value="values(up)")),
        ("template-on-time-change-reload-rule", spoiled(*VARIABLES, 2, "refresh", value=1)),
        ("uneditable-dashboard", spoiled("editable")),
        ("panel-datasource-rule", spoiled("panels", 1, "datasource", value={"uid": "abc"})),
        ("panel-title-description-rule", spoiled("panels", 1, "description")),
        ("panel-units-rule", spoiled("panels", 1, "fieldConfig", "defaults", "unit", value="parsecs")),
        ("panel-no-targets-rule", spoiled("panels", 1, "targets", value=[])),
        ("target-promql-rule", asks(f"sum(up{{{MATCHERS}}}")),
        ("target-rate-interval-rule", asks(f"rate(x_total{{{MATCHERS}}}[5m])")),
        ("target-job-rule", asks('up{instance=~"$instance"}')),
        ("target-instance-rule", asks('up{job=~"$job"}')),
        ("target-instance-rule", asks('up{job=~"$job",instance="$instance"}')),
        ("target-counter-agg-rule", asks(f"sum(x_total{{{MATCHERS}}})")),
        ("target-counter-agg-rule", asks(f"max_over_time(x_total{{{MATCHERS}}}[5m])")),
    ],
)
def test_each_rule_finds_its_own_mistake(rule, dashboard):
    """One mistake gives one finding, of that rule."""
    assert [finding.rule for finding in lint(dashboard)] == [rule]


def test_panels_in_folded_rows_are_checked_too():
    """A finding names the dashboard, the panel and the target."""
    dashboard = copy.deepcopy(GOOD)
    dashboard["panels"][0]["panels"] = [asks('up{job=~"$job"}')["panels"][1]]
    (finding,) = lint(dashboard)
    assert (finding.dashboard, finding.panel, finding.target) == ("Made up", "Requests", 0)


@pytest.mark.parametrize(
    "expression",
    [
        f"x{{{MATCHERS},${{series:raw}}}} offset $horizon",
        f"increase(x_total{{{MATCHERS}}}[$__range])",
        f'x{{{MATCHERS},note="a \\" $b {{"}}',
        f"x{{{MATCHERS}}} > $limit",
    ],
)
def test_grafanas_variables_are_understood(expression):
    """Matchers, durations, numbers and words stand where PromQL has them."""
    assert lint(asks(expression)) == []


def test_an_exception_covers_what_it_names_and_nothing_else(tmp_path):
    """Another target of the same panel is still found."""
    dashboard = asks('up{job=~"$job"}')
    dashboard["panels"][1]["targets"] *= 2
    path = tmp_path / "a.json"
    path.write_text(json.dumps(dashboard))
    (tmp_path / ".lint").write_text(
        "exclusions:\n  target-instance-rule:\n    reason: a total\n"
        "    entries:\n      - {dashboard: Made up, panel: Requests, targetIdx: '1'}\n"
    )
    assert [finding.target for finding in lint_file(path)] == [0]


def test_an_exception_without_a_reason_is_refused(tmp_path):
    """The message says where."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD))
    (tmp_path / ".lint").write_text("exclusions:\n  target-job-rule:\n    entries: []\n")
    with pytest.raises(ConfigError, match=r"\.lint:\d+:\d+: exclusions\.target-job-rule\.reason"):
        lint_file(path)


@pytest.mark.parametrize("text", ["{", "[]", '{"spec": {}}'])
def test_what_is_no_dashboard_is_refused(tmp_path, text):
    """The message names the file."""
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"a\.json: "):
        lint_file(path)


def test_lint_tells_and_ends_with_1(tmp_path):
    """Findings go to stdout, one a line; a clean folder is silent and ends with 0."""
    runner = CliRunner()
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD))
    assert runner.invoke(root, ["dashboards", "lint", str(tmp_path)]).output == ""
    path.write_text(json.dumps(asks('up{job=~"$job"}')))
    result = runner.invoke(root, ["dashboards", "lint", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{path}: Made up, panel 'Requests', target 0: ")


def test_lint_gives_programs_every_finding_with_its_place(tmp_path):
    """The JSON has a version, and -1 for the target where the whole panel is meant."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(asks('up{job=~"$job"}')))
    result = CliRunner().invoke(root, ["dashboards", "lint", "-o", "json", str(tmp_path)])
    told = json.loads(result.stdout)
    assert (result.exit_code, told["version"]) == (1, 1)
    (finding,) = told["findings"]
    assert finding.pop("message")
    rule = "target-instance-rule"
    assert finding == {"file": str(path), "rule": rule, "dashboard": "Made up", "panel": "Requests", "target": 0}


def test_render_writes_what_the_repository_holds(tmp_path):
    """The files are byte-identical, and stdout names them."""
    result = CliRunner().invoke(root, ["dashboards", "render", "-o", str(tmp_path / "new")])
    folder = Path(__file__).parents[3] / "grafana" / "dashboards"
    new = tmp_path / "new"
    written = {path.relative_to(new): path.read_bytes() for path in new.rglob("*.json")}
    assert written == {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.json")}
    assert sorted(result.stdout.splitlines()) == sorted(str(new / name) for name in written)


def test_the_v2_schema_holds_the_same_panels_and_variables(tmp_path):
    """Every panel, target, variable and annotation of the classic file is in the resource, each panel in one place."""
    assert CliRunner().invoke(root, ["dashboards", "render", "-o", str(tmp_path), "--schema", "v2"]).exit_code == 0
    folder = Path(__file__).parents[3] / "grafana" / "dashboards"
    for path in folder.rglob("*.json"):
        classic, made = (json.loads((each / path.relative_to(folder)).read_text()) for each in (folder, tmp_path))
        assert (made["apiVersion"], made["kind"]) == ("dashboard.grafana.app/v2", "Dashboard")
        assert made["metadata"] == {"name": classic["uid"]}
        spec = made["spec"]
        assert {key: spec[key] for key in ("title", "tags", "editable")} == {
            key: classic[key] for key in ("title", "tags", "editable")
        }
        known = {f"panel-{panel['id']}": panel for panel in panels(classic)}
        for name, element in spec["elements"].items():
            panel, shown = known[name], element["spec"]
            queries = [query["spec"] for query in shown["data"]["spec"]["queries"]]
            assert shown["vizConfig"]["group"] == panel["type"]
            assert shown["vizConfig"]["spec"]["fieldConfig"] == panel["fieldConfig"]
            assert [(query["refId"], query["query"]["spec"]["expr"]) for query in queries] == [
                (target["refId"], target["expr"]) for target in panel["targets"]
            ]
        rows = spec["layout"]["spec"]["rows"]
        placed = [item["spec"]["element"]["name"] for row in rows for item in row["spec"]["layout"]["spec"]["items"]]
        assert sorted(placed) == sorted(known) == sorted(spec["elements"])
        for own, theirs in (
            ([each["spec"]["name"] for each in spec["variables"]], classic["templating"]["list"]),
            ([each["spec"]["name"] for each in spec["annotations"]], classic["annotations"]["list"]),
        ):
            assert own == [each["name"] for each in theirs]
