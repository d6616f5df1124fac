import re
import subprocess
from pathlib import Path

import pytest
from rulecases import ALL, ANSWERS_ALONE, HIDDEN_LABELS, PAYMENT

from offkey.adapters.exports.rulefiles import plan

pytestmark = pytest.mark.e2e

# What somebody, or a fault of the generator, could do to a rule: (what is found, what stands there then).
MUTANTS = {
    "waits longer": (r"for: (\d+)(s|m|h)", r"for: \g<1>1\2"),
    "waits not at all": (r"        for: .*\n", ""),
    "compares the other way": (r" > (on|1\b)", r" < \1"),
    "has no reviewed constant to fall back to": (r"offkey:threshold_reviewed\{", "offkey:threshold_gone{"),
    "lets a runaway threshold through": (r"clamp\(((?:[^()]|\([^()]*\))*), [-\d.e+]+, [-\d.e+]+\)", r"(\1)"),
    "lets go in the dead band": (r'alertstate="firing"', 'alertstate="no"'),
    "is told in other words": (r"summary: (\w)", r"summary: Oh! \1"),
    "does not watch the exporter": (r"absent\(", "absent(up or "),
    "asks for no traffic": (r">= 0\.05|>= 100\b", ">= -1e9"),
}


CASES = {"few": (PAYMENT, HIDDEN_LABELS), "all": ALL}


@pytest.fixture(scope="module", params=["few", pytest.param("all", marks=pytest.mark.slow)])
def files(request, tmp_path_factory):
    """Return a folder with the rules and tests of representative signals."""
    folder, cases = tmp_path_factory.mktemp("rules"), CASES[request.param]
    for change in plan(
        [signal for signal, _ in cases], {signal.name: found for signal, found in cases}, folder
    ).changes:
        (folder / change.path).parent.mkdir(exist_ok=True)
        (folder / change.path).write_text(change.after)
    return folder


@pytest.mark.parametrize("what", MUTANTS)
def test_every_harm_to_a_rule_is_found_by_its_own_test(program, files, tmp_path, what):
    """Whatever is changed in a rule, the tests written beside it fail: for every signal the change touches."""
    found, instead = MUTANTS[what]
    survivors, killed = [], 0
    for path in sorted(files.glob("*.rules.yml")):
        text = path.read_text()
        mutant = re.sub(found, instead, text)
        if mutant == text or path.name.startswith(ANSWERS_ALONE[0].name):  # nobody can tell such a query other values
            continue
        stem = path.name.removesuffix(".rules.yml")
        (tmp_path / path.name).write_text(mutant)
        (tmp_path / "t").mkdir(exist_ok=True)
        (tmp_path / "t" / f"{stem}.test.yml").write_text((files / "tests" / f"{stem}.test.yml").read_text())
        command = [program("promtool"), "test", "rules", f"t/{stem}.test.yml"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        killed += done.returncode != 0
        survivors += [stem] if done.returncode == 0 else []
    assert (survivors, killed > 0) == ([], True), Path(what)
