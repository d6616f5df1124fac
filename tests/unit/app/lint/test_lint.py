import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from offkey.app.cli import root
from offkey.app.lint import outputs
from offkey.app.lint.checks import CHECKS
from offkey.app.lint.policy import LintPolicy
from offkey.app.lint.run import lint
from offkey.app.written.document import parse
from offkey.core import targets

ROOT = Path(__file__).parents[4]
FIXTURES = ROOT / "tests" / "fixtures" / "rules"
TODAY = date(2026, 3, 1)
HEAD = "groups:\n- name: g\n  rules:\n"


def alert(expr, more=""):
    """Return a rule file with one alert that is good but for what is given."""
    annotations = "" if "annotations:" in more else "    annotations: {summary: s}\n"
    labels = "" if "labels:" in more else "    labels: {severity: info}\n"
    return f"{HEAD}  - alert: A\n    expr: {json.dumps(expr)}\n{labels}{annotations}{more}"


def found(text, policy=None, target="prometheus", today=TODAY):
    """Return the (code, line) of every finding."""
    policy = LintPolicy.model_validate(policy or {})
    return [(one.code, one.place.line) for one in lint([parse(text, "f")], policy, targets.target(target), today)]


def codes(*arguments, **options):
    """Return the codes of all findings."""
    return {code for code, _ in found(*arguments, **options)}


ALERTS = {
    "a comparison": ("x > 1", set()),
    "bool": ("x > bool 1", {"alerts/comparison"}),
    "one side of or": ("x > 1 or y", {"alerts/comparison"}),
    "unless": ("x unless y", set()),
    "arithmetic of a filter": ("(x > 1) * 5", set()),
    "absent at once": ("absent(x)", {"alerts/absent"}),
    "NaN": ("x != NaN", {"promql/nan"}),
    "negative rate": ("rate(x[5m]) < 0", {"promql/impossible"}),
    "possible rate": ("rate(x[5m]) <= 0", set()),
    "count of none": ("count(x) < 1", {"promql/impossible"}),
    "up above one": ("max(up) > 1", {"promql/impossible"}),
    "sum of up": ("sum(up) > 1", set()),
    "plain pattern": ('x{a=~"b"} > 1', {"promql/regexp"}),
    "anchored": ('x{a=~"^b.*"} > 1', {"promql/regexp"}),
    "everything": ('x{a!~".*"} > 1', {"promql/regexp"}),
    "a pattern": ('x{a=~"b|c"} > 1', set()),
    "labels that differ": ("sum by (a) (x) / sum by (b) (x) > 1", {"promql/vector_matching"}),
    "labels alike": ("sum by (a) (x) / sum by (a) (x) > 1", set()),
    "on a lost label": ("sum by (a) (x) > on (a, b) sum by (a, b) (x)", {"promql/vector_matching"}),
    "ignoring it": ("sum by (a) (x) > ignoring (b) group_left () sum by (a, b) (x)", set()),
    "a threshold": ('sum by (a) (x) > on () group_left () sum(y) by ()', set()),
    "topk": ("topk(1, x) > 1", {"promql/fragile"}),
    "topk that picks labels": ("x * on (a) group_left (b) topk by (a) (1, y) > 1", set()),
    "a heartbeat": ("vector(1)", set()),
    "a ratio scraped apart": ("a_x / b_y > 1", {"promql/fragile"}),
    "newer function": ("mad_over_time(x[5m]) > 1", {"promql/features"}),
    "older function": ("holt_winters(x[5m], 0.5, 0.5) > 1", set()),
    "not PromQL": ("sum(", {"promql/syntax"}),
}  # fmt: skip


@pytest.mark.parametrize("case", ALERTS)
def test_what_is_wrong_with_a_query_is_found_and_nothing_else(case):
    """Each query gives exactly the codes it should."""
    expr, wanted = ALERTS[case]
    assert codes(alert(expr)) == wanted


TEMPLATES = {
    "{{ $labels.job }} {{ $value | humanize }}": set(),
    "{{ $labels.gone }}": {"alerts/template"},
    "{{ .Labels.gone }}": {"alerts/template"},
    "{{ $value }}": {"alerts/humanize"},
    '{{ printf "%.2f" $value }}': set(),
    "{{ $value }": {"alerts/template"},
    "{{ if $value }}x": {"alerts/template"},
    "{{ if gt $value 1.0 }}x{{ else }}y{{ end }}": set(),
    "{{ range query `up` }}{{ .Labels.any }}{{ end }}": {"alerts/template"},
    '{{ with printf "a{b=%q}" $labels.job | query }}{{ . | first | value }}{{ end }}': set(),
    "{{ humanise $value }}": {"alerts/template", "alerts/humanize"},
    '{{ "{{" }} }}': {"alerts/template"},
    "{{/* $labels.gone */}}": set(),
    "{{ end }}": {"alerts/template"},
}


@pytest.mark.parametrize("text", TEMPLATES)
def test_templates_are_read_as_they_will_be(text):
    """Brackets, functions, and labels that the query's result can have."""
    more = f"    annotations: {{summary: {json.dumps(text)}}}\n"
    assert codes(alert("sum by (job) (rate(x[5m])) > 1", more)) == TEMPLATES[text]


def test_a_value_in_a_label_is_an_error():
    """Such an alert never gets older than one evaluation."""
    more = "    labels: {severity: info, seen: '{{ .Value }}'}\n"
    assert found(alert("x > 1", more)) == [("alerts/template", 7)]


GATES = {
    "severity is asked for": ("    labels: {team: a}\n", {}, {"rule/label"}),
    "another label": ("", {"labels": {"team": "a|b"}}, {"rule/label"}),
    "a summary is asked for": ("    annotations: {message: a}\n", {}, {"alerts/annotation"}),
    "nothing is asked for": ("    labels: {}\n", {"labels": {}}, set()),
    "no link": ("    annotations: {summary: s, runbook_url: here}\n", {}, {"rule/link"}),
    "a link": ("    annotations: {summary: s, runbook_url: 'https://a.example/{{ $labels.a }}'}\n", {}, set()),
    "for is too short": ("    for: 1m\n", {"for": {"min": "5m"}}, {"rule/for"}),
    "for is too long": ("    for: 1d\n", {"for": {"max": "1h"}}, {"rule/for"}),
    "for nothing": ("    for: 0s\n", {}, {"alerts/for"}),
    "no owner": ("", {"owners": ["web"]}, {"rule/owner"}),
    "an owner": ("    # pint rule/owner web\n    for: 1m\n", {"owners": ["web"]}, set()),
    "another owner": ("    # offkey owner db\n    for: 1m\n", {"owners": ["web"]}, {"rule/owner"}),
    "a rejected value": ("    labels: {severity: info, team: old-ops}\n", {"reject": ["old-.*"]}, {"rule/reject"}),
    "a selector without cluster": ("", {"selectors": ["cluster"]}, {"promql/selector"}),
    "an aggregation without job": ("", {"keep_labels": ["job"]}, {"promql/aggregate"}),
    "another name": ("", {"alert_name": "Web.+"}, {"rule/name"}),
    "switched off": ("", {"alert_name": "Web.+", "severity": {"rule/name": "off"}}, set()),
}  # fmt: skip


@pytest.mark.parametrize("case", GATES)
def test_house_rules_are_those_of_the_configuration(case):
    """Each policy finds what it says, and nothing by default."""
    more, policy, wanted = GATES[case]
    assert codes(alert("sum by (a) (x) > 1", more), policy) == wanted


def test_fatal_findings_cannot_be_switched_off():
    """Neither by a comment nor by the policy."""
    text = "# offkey file/disable promql/syntax no\n" + alert("sum(")
    assert codes(text, {"severity": {"promql/syntax": "off"}}) == {"promql/syntax"}


COMMENTS = {
    "# offkey disable alerts/comparison it is meant so": set(),
    "# offkey disable alerts/comparison": {"rule/comment"},
    "# offkey disable alerts/comparision it is meant so": {"rule/comment", "alerts/comparison"},
    "# offkey disble alerts/comparison it is meant so": {"rule/comment", "alerts/comparison"},
    "# offkey file/disable alerts/comparison everywhere": set(),
    "# pint disable alerts/comparison": set(),
    "# pint file/disable alerts/comparison": set(),
    "# pint snooze 2026-03-02 alerts/comparison": set(),
    "# pint snooze 2026-03-01 alerts/comparison": {"alerts/comparison"},
    "# pint snooze tomorrow alerts/comparison": {"rule/comment", "alerts/comparison"},
    "# pint ignore/file": set(),
    "# pint ignore/begin": set(),
    "# pint ignore/next-line": {"alerts/comparison"},
    "# offkey about itself": {"alerts/comparison"},
}


@pytest.mark.parametrize("comment", COMMENTS)
def test_comments_switch_checks_off(comment):
    """In offkey's words and in pint's; a reason is asked for, a wrong code told."""
    text = alert("up").replace("  - alert", f"  {comment}\n  - alert")
    assert codes(text) == COMMENTS[comment]


def test_a_comment_speaks_for_its_own_rule_only():
    """The rule below the next one is judged."""
    rule = alert("up").removeprefix(HEAD)
    text = f"{HEAD}  # offkey disable alerts/comparison meant so\n{rule}{rule.replace('alert: A', 'alert: B')}"
    assert found(text) == [("alerts/comparison", 10)]


def test_rules_of_several_files_are_judged_together():
    """The same rule in two files, and a series recorded in another group, are found."""
    record = f"{HEAD}  - record: a:b\n    expr: sum(x)\n"
    reads = "groups:\n- name: h\n  rules:\n  - record: c:d\n    expr: sum(a:b)\n"
    documents = [parse(record, "one"), parse(record.replace("name: g", "name: i"), "two"), parse(reads, "three")]
    said = lint(documents, LintPolicy(), targets.DEFAULT, TODAY)
    assert [(one.file, one.code) for one in said] == [("three", "rule/dependency"), ("two", "rule/duplicate")]


def test_each_target_has_its_own_keys():
    """What a newer server reads, an older one refuses."""
    late = alert("x > 1").replace("  rules", "  query_offset: 1m\n  rules")
    assert codes(late) == {"yaml/parse"}
    assert codes(late, target="prometheus-2.53") == set()
    kept = alert("x > 1", "    keep_firing_for: 5m\n")
    assert codes(kept) == set()
    assert codes(kept, target="vmalert") == {"yaml/parse"}


def test_a_manifest_is_read_as_the_operator_does():
    """A PrometheusRule holds its groups under spec."""
    inner = alert("up").replace("\n", "\n  ")
    text = f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {{name: a}}\nspec:\n  {inner}"
    assert codes(text, target="operator") == {"alerts/comparison"}


def test_every_check_has_its_page():
    """A line on what is wrong, why it is, and how to mend it; codes are unique."""
    assert len({check.code for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        first, _, rest = check.page.partition("\n\n")
        assert first.endswith("."), check.code
        assert rest.startswith("Why:"), check.code
        assert "\nMend:" in rest, check.code


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), st.text(max_size=40))
def test_no_text_is_too_strange(expr, more):
    """Whatever stands in a file is judged or called unreadable, never a crash."""
    written = more.replace("\n", "")
    outputs.written(lint([parse(alert(expr, f"    x{written}\n"), "f")], LintPolicy(), targets.DEFAULT, TODAY), "sarif")


def check_rules(*arguments):
    """Run the command from the root of the project."""
    return CliRunner().invoke(root, ["check", "rules", *arguments])


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_golden_findings(golden, form, monkeypatch):
    """What people, programs and code hosts read."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("shutil.which", lambda _: None)
    done = check_rules("tests/fixtures/rules/mistakes.rules.yml", "tests/fixtures/rules/refused.rules.yml", "-o", form)
    assert done.exit_code == 3
    golden(f"lint/findings.{form}", done.stdout)


def test_exit_codes(tmp_path):
    """0 nothing so bad, 1 findings, 2 usage, 3 what Prometheus would refuse."""
    file = tmp_path / "a.yml"
    file.write_text(alert("x > 1", "    for: 0s\n"))
    assert check_rules(str(file)).exit_code == 0
    assert check_rules(str(file), "--fail-on", "info").exit_code == 1
    assert check_rules(str(tmp_path)).exit_code == 0
    assert check_rules(str(file), "--fail-on", "much").exit_code == 2
    file.write_text(alert("sum("))
    assert check_rules(str(file), "--fail-on", "fatal").exit_code == 3


def test_promtool_judges_beside(tmp_path, program, monkeypatch):
    """What only promtool refuses is fatal: a template it cannot parse."""
    monkeypatch.setenv("PATH", str(Path(program("promtool")).parent))
    file = tmp_path / "a.yml"
    file.write_text(alert("x > 1", "    annotations: {summary: '{{ 5 5 }}{{ $nothing }}'}\n"))
    done = check_rules(str(file))
    assert done.exit_code == 3
    assert "undefined variable" in done.stdout


def test_rules_of_the_project_have_no_findings():
    """Written by hand or generated, they pass their own lint."""
    folders = (ROOT / "rules", ROOT / "rules" / "packs", ROOT / "tests" / "golden" / "rules")
    documents = [parse(path.read_text(), path.name) for one in folders for path in sorted(one.glob("*.rules.yml"))]
    said = lint(documents, LintPolicy(), targets.DEFAULT, TODAY)
    assert [str(one) for one in said if one.code != "rule/dependency"] == []
