import difflib
import json
import re
import subprocess
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from offkey.app import wire, yamlfile
from offkey.app.cli import root
from offkey.app.rules.compile import line
from offkey.app.thresholds import compiling, overrides
from offkey.app.thresholds.constants import constants
from offkey.app.thresholds.edit import edited
from offkey.app.thresholds.proposals import Proposal, proposals
from offkey.app.written.conditions import conditions
from offkey.app.written.document import parse
from offkey.core.errors import QueryRejected, RuleError
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels

PEOPLE = Path(__file__).parents[3] / "fixtures" / "rules" / "people"
FILES = ("node", "slo", "shop")
TODAY = date(2026, 3, 1)
NOW = 1_772_323_200
STEP, WEEK = 300, 2_016  # seconds, samples
DECIDED = overrides.load(PEOPLE / "overrides.yml")
LEVELS = {"avail": 40.0, "load1": 1.0, "Mem": 60.0, "timex": 0.0, "payments": 0.01, "queue": 2e5, "orders": 300.0}


def read(query):
    """Return four weeks of two series that depend on the query alone, around what such a metric usually is."""
    random = np.random.default_rng(zlib.crc32(query.encode()))
    middle = next((level for name, level in LEVELS.items() if name in query), 0.1)
    noise = random.normal(size=(2, 4 * WEEK))
    series = (Labels.of(instance="a"), Labels.of(instance="b"))
    return Frame(series, middle + max(abs(middle), 0.01) * 0.1 * noise, Axis(NOW - 4 * WEEK * STEP, STEP, 4 * WEEK))


def compiled(name, decided=DECIDED, source=read):
    """Return one of the files with its proposals."""
    return compiling.compiled(PEOPLE / f"{name}.rules.yml", source, decided, TODAY)


def shown(one):
    """Return what is said of every constant."""
    return [(p.constant.rule.name, p.constant.condition.value, p.after, p.why) for p in one.proposals]


@pytest.mark.parametrize("name", FILES)
def test_golden_diffs_touch_only_thresholds(name, golden):
    """Comments, order, quotes, line ends: every byte outside the numbers stays."""
    one = compiled(name)
    moved = [p for p in one.proposals if p.after is not None]
    before, after, shift = one.document.text, one.after, 0
    for p in moved:
        start, end = p.constant.start, p.constant.end
        assert float(one.document.text[start:end]) == p.constant.condition.value
        before = before[: start + shift] + "#" + before[end + shift :]
        after = after[: start + shift] + "#" + after[start + shift + len(p.after) :]
        shift += 1 - (end - start)
    assert before == after
    golden(f"compile/{name}.diff", one.diff.replace(f"{PEOPLE}/", "").replace("\r\n", "\n"))


def test_every_constant_gets_an_answer():
    """Learned, decided by people, or left with the reason."""
    why = {(name, value): (after, why) for one in map(compiled, FILES) for name, value, after, why in shown(one)}
    assert why["DiskFillsUp", 5.0] == (
        "3",
        "pinned until 2027-01-31: the vendor asks for three percent until the arrays are replaced",
    )
    assert why["SlowCheckout", 0.25] == (None, "adopted: agreed with the product owners")
    assert why["ErrorBudgetBurn", 14.4 * 0.001] == (
        None,
        "the constant is computed, as objectives are: people choose it",
    )
    assert why["TextFileBroken", 1.0] == (None, "it asks for one value")
    assert why["NoOrders", 0.0] == (None, "it asks whether there is any")
    assert why["ClockSkew", 0.05][1] == "budget 2 a week", "an override that ended no longer holds"
    assert {name for name, _ in why} == {
        "DiskFillsUp", "LoadHigh", "MemoryLow", "ClockSkew", "TextFileBroken", "ErrorBudgetBurn", "SlowCheckout",
        "PaymentFailures", "QueueLong", "FewOrders", "NoOrders",
    }  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_promtool_accepts_what_is_written(name, tmp_path, program):
    """The files and the files with learned constants pass the real program, and learn nothing new at once."""
    path = tmp_path / f"{name}.rules.yml"
    path.write_bytes((PEOPLE / path.name).read_bytes())
    one = compiling.compiled(path, read, DECIDED, TODAY)
    compiling.write([one], program("promtool"))
    subprocess.run([program("promtool"), "check", "rules", path], check=True, capture_output=True)
    assert compiling.compiled(path, read, DECIDED, TODAY).diff == ""


def test_a_constant_within_the_dead_band_stays():
    """A proposal is worth reading: nothing moves by a few percent of its distance from what is usual."""
    one = compiled("node", overrides.Overrides())
    after = next(p.after for p in one.proposals if p.constant.rule.name == "LoadHigh")
    text = one.document.text.replace("> 2\n", f"> {float(after) * 1.002:.6g}\n")
    (said,) = (
        p
        for p in proposals(constants(parse(text, "f")), read, overrides.Overrides(), TODAY)
        if p.constant.rule.name == "LoadHigh"
    )
    assert (said.after, said.why) == (None, "the past asks for nearly the same")


HEAD = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: "


def one_constant(expr, decided=None, source=read):
    """Return what is proposed for the only constant of an expression."""
    found = constants(parse(HEAD + json.dumps(expr) + "\n", "f"))
    (said,) = proposals(found, source, decided or overrides.Overrides(), TODAY)
    return said


def test_history_is_asked_for_what_is_compared_with_all_that_gates_it():
    """The query is the expression without the comparison."""
    asked = []

    def noted(query):
        asked.append(query)
        return read(query)

    one_constant("a / b > 5 and on (x) c == 0", source=noted)
    one_constant("5 < (a - b)", source=noted)
    one_constant('x{a="> 5"} > -5 unless y', source=noted)
    assert asked == ["a / b and on (x) c == 0", "(a - b)", 'x{a="> 5"} unless y']


def test_what_cannot_be_learned_stays():
    """No samples, a refused query, or a past that is the same all the time."""

    def empty(query):
        return read(query).with_values(np.full((2, 4 * WEEK), np.nan))

    def refused(query):
        raise QueryRejected(query)

    def flat(query):
        return read(query).with_values(np.ones((2, 4 * WEEK)))

    assert one_constant("x > 5", source=empty).why == "its past holds less than a day of samples"
    assert one_constant("x > 5", source=refused).why == "its past cannot be read: x"
    assert one_constant("x > 5", source=flat).why == "no threshold lies beyond what is usual"
    assert one_constant("ALERTS > 5").why == "it reads ALERTS"


def test_each_series_is_told_what_it_would_have_alone():
    """One constant serves all; where series differ by more than twice, the command names both ends."""

    def apart(query):
        frame = read(query)
        return frame.with_values(frame.values * np.array([[1.0], [10.0]]))

    said = one_constant("queue > 5", source=apart)
    (first, low), (second, high) = said.each
    assert (first["instance"], second["instance"]) == ("a", "b")
    assert high > 9 * low
    assert float(said.after) == high
    assert line(parse("", "f"), said).endswith(
        f'; alone {{instance="a"}} asks for {low:g}, {{instance="b"}} for {high:g}'
    )
    assert "alone" not in line(parse("", "f"), one_constant("queue > 5"))


def test_a_number_is_written_as_it_was():
    """With an exponent where there was one, positional where not, the sign kept."""
    huge = lambda query: read("queue").with_values(read("queue").values * 1e9)  # noqa: E731 (a source in one line)
    assert re.fullmatch(r"[\d.]+e14", one_constant("x > 1e9", source=huge).after)
    assert re.fullmatch(r"\d{15}", one_constant("x > 5", source=huge).after)
    low = lambda query: read("queue").with_values(-read("queue").values)  # noqa: E731 (as above)
    assert re.fullmatch(r"-\d{6}", one_constant("x < -5", source=low).after)


@given(
    st.integers(0, 10_000),
    st.sampled_from([">", "<", ">=", "<="]),
    st.sampled_from(["'", '"', "|\n     ", ">-\n     ", ""]),
)
def test_any_style_of_yaml_is_edited_in_place(number, op, style):
    """The number in the file becomes the number of the proposal, wherever YAML put it."""
    expr = f"sum(x) {op} {number / 8:g}"
    value = {"'": f"'{expr}'", '"': f'"{expr}"'}.get(style, f"{style} {expr}")
    document = parse(f"# {number}\n{HEAD}{value}\n    for: 5m # {number}\n", "f")
    found = [Proposal(one, "4711", "", 0) for one in constants(document)]
    after = parse(edited(document, found), "f")
    assert [one.value for _, rule in after.rules for one in conditions(rule.expr)] == [4711.0] * len(found)
    assert (
        len(
            [
                tag
                for tag, *_ in difflib.SequenceMatcher(None, document.text, edited(document, found)).get_opcodes()
                if tag != "equal"
            ]
        )
        <= 4
    )


def test_an_edit_beside_the_number_is_refused():
    """Whatever goes wrong, a file never changes in another place."""
    document = parse(f"{HEAD}sum(x) > 5\n", "f")
    (one,) = constants(document)
    wrong = Proposal(replace(one, start=one.start - 3), "4711", "")
    with pytest.raises(RuleError, match="more than thresholds would change"):
        edited(document, [wrong])


MISTAKES = {
    "overrides:\n  - rule: A\n    pin: 5\n": "2:5: overrides[0].reason: missing",
    "overrides:\n  - rule: A\n    reason: r\n": "2:5: overrides[0]: decides nothing",
    "overrides:\n- {rule: A, pin: 5, max: 6, reason: r}\n": "2:26: overrides[0].max: pin and max exclude each other",
    "overrides:\n  - {rule: A, min: 5, max: 4, reason: r}\n": "2:20: overrides[0].min: 5 is above max, 4",
    "overrides:\n  - {rule: A, pin: x, reason: r}\n": '2:20: overrides[0].pin: "x" is not a number',
    "overrides:\n- {rule: A, adopt: true, until: soon, reason: r}\n": '2:33: overrides[0].until: "soon" is not a day',
    "overrides:\n  - {rule: A, adopt: true, reason: ' '}\n": "2:36: overrides[0].reason: is empty; say why",
    "overides: []\n": '1:1: overides: unknown key "overides"; did you mean "overrides"?',
    "budgets: {page: often}\n": '1:17: budgets.page: "often" is not an alert budget',
}  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_of_an_override_has_its_place(text):
    """File, line, column, key, and what would be right."""
    with pytest.raises(yamlfile.InvalidFile) as caught:
        overrides.parse(yamlfile.parse(text, "o.yml"))
    assert str(caught.value).startswith(f"o.yml:{MISTAKES[text]}")


def test_an_override_that_nobody_obeys_is_told():
    """A wrong name, or a day that is past."""
    one = compiled("node")
    said = list(compiling.unused([one], DECIDED, TODAY))
    assert said == [
        "override of QueueLong: no threshold of these files",
        "override of SlowCheckout: no threshold of these files",
        "override of ClockSkew: ended on 2026-02-01; remove it",
    ]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder with a configuration whose source has the recorded past of one rule file."""
    path = tmp_path / "shop.rules.yml"
    path.write_bytes((PEOPLE / "shop.rules.yml").read_bytes())
    lines = []
    for one in constants(parse(path.read_bytes().decode(), "f")):
        frame = read(one.condition.query)
        rows = [
            {"labels": dict(labels), "values": row.tolist()}
            for labels, row in zip(frame.series, frame.values, strict=True)
        ]
        lines.append(
            orjson.dumps({"query": one.condition.query, "start": frame.axis.start, "step": STEP, "series": rows})
        )
    (tmp_path / "past.jsonl").write_bytes(b"\n".join(lines))
    (tmp_path / "offkey.yml").write_text("sources:\n  default: {kind: recorded, path: past.jsonl}\nsignals: []\n")
    monkeypatch.setattr(wire, "CLOCKS", replace(wire.CLOCKS, wall=lambda: float(NOW)))
    monkeypatch.chdir(tmp_path)
    return path


def test_the_command_proposes_and_writes(shop):
    """Exit code 1 with a diff, 0 once it is written; permissions stay; JSON says the same."""
    shop.chmod(0o600)
    before = shop.read_bytes()
    done = CliRunner().invoke(root, ["rules", "compile", "shop.rules.yml"])
    assert done.exit_code == 1, done.output
    assert "PaymentFailures: > 0.05 -> " in done.stderr
    assert shop.read_bytes() == before
    listed = CliRunner().invoke(root, ["rules", "compile", "shop.rules.yml", "-o", "json"])
    rows = json.loads(listed.stdout)["constants"]
    assert [row["rule"] for row in rows] == ["PaymentFailures", "QueueLong", "FewOrders", "NoOrders"]
    assert rows[0]["pages_per_week_after"] <= 0.5
    assert CliRunner().invoke(root, ["rules", "compile", "--write", "shop.rules.yml"]).exit_code == 0
    assert (shop.stat().st_mode & 0o777, shop.read_bytes() == before) == (0o600, False)
    again = CliRunner().invoke(root, ["rules", "compile", "shop.rules.yml"])
    assert (again.exit_code, again.stdout) == (0, "")
