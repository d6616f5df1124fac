"""The real engine as a judge: values of expressions and states of rules, told by promtool."""

import re
import subprocess

import yaml

_TOLD = re.compile(
    r'^    expr: "(?:\\.|[^"\\])*", time: \w+,(?: err: (?P<error>.*)|\s*\n +exp:.*\n +got: *(?P<got>.*))$', re.MULTILINE
)
_SAMPLE = re.compile(r"((?:\w|:)*\{(?:\"(?:\\.|[^\"\\])*\"|[^}\"])*\}) ([-+\d.eEInfNa]+)(?:, |$)")


def values(promtool, folder, series, exprs, instants, rules=None, interval=60):
    """Return {(expr, seconds): {labels text: value}} as promtool evaluates them, None for a refusal.

    Args:
        promtool: the program.
        folder: where files may lie.
        series: promtool notation by series text.
        exprs: PromQL texts.
        instants: seconds.
        rules: a rule file's name, and the names of its groups, which promtool takes in any order otherwise.
        interval: seconds between samples, and between evaluations.
    """
    wrong = [{"labels": "never", "value": -12345.678}]
    asked = [{"expr": expr, "eval_time": f"{at}s", "exp_samples": wrong} for expr in exprs for at in instants]
    inputs = [{"series": name, "values": text} for name, text in series.items()]
    tests = [{"interval": f"{interval}s", "input_series": inputs, "promql_expr_test": asked}]
    file, order = rules or (None, [])
    plan = {
        "rule_files": [file] if file else [],
        "evaluation_interval": f"{interval}s",
        "tests": tests,
        "group_eval_order": order,
    }
    (folder / "told.test.yml").write_text(yaml.dump(plan, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))
    done = subprocess.run(
        [promtool, "test", "rules", "told.test.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    found = [None if match["error"] else samples(match["got"]) for match in _TOLD.finditer(said)]
    assert len(found) == len(asked), said[:3000]
    return {(one["expr"], int(one["eval_time"][:-1])): got for one, got in zip(asked, found, strict=True)}


def samples(text):
    """Return {labels text: value} of one line of promtool's."""
    return {match[1]: float(match[2]) for match in _SAMPLE.finditer(text.strip())}


def named(labels):
    """Return a label set as promtool writes it."""
    return "{" + ", ".join(f"{name}={quoted(value)}" for name, value in labels.pairs) + "}"


def quoted(value):
    """Return a label value as promtool writes it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
