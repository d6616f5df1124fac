import json
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from realprometheus import free_port, is_ready

from offkey.app import wire
from offkey.app.cli import root
from offkey.app.demo.processes import Programs

pytestmark = pytest.mark.e2e
NOW = 1_772_323_200
CONFIG = """\
sources: {default: {kind: recorded, path: past.jsonl}}
signals:
  - name: answers
    query: vector(9)
    direction: above
    history: 2d
    history_step: 5m
    alert: {form: threshold}
rules: {server: {url: "URL"}}
"""


@pytest.fixture
def prometheus(program, tmp_path, monkeypatch):
    """Return the URL of a real Prometheus that loads the rules of a folder whose signal has a recorded past."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "prometheus.yml").write_text("global: {evaluation_interval: 1s}\nrule_files: [rules/*.yml]\n")
    address = f"127.0.0.1:{free_port()}"
    values = [9 + 0.1 * (place % 7) for place in range(600)]
    past = {"query": "vector(9)", "start": NOW - 599 * 300, "step": 300, "series": [{"labels": {}, "values": values}]}
    (tmp_path / "past.jsonl").write_text(json.dumps(past) + "\n")
    (tmp_path / "offkey.yml").write_text(CONFIG.replace("URL", f"http://{address}"))
    monkeypatch.setattr(wire, "CLOCKS", replace(wire.CLOCKS, wall=lambda: float(NOW)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(program("promtool")).parent))
    options = [f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    with Programs(tmp_path / "logs") as programs:
        server = [program("prometheus"), *options, f"--web.listen-address={address}", "--web.enable-lifecycle"]
        programs.start("prometheus", server)
        programs.wait("prometheus", lambda: is_ready(f"http://{address}"), 30)
        yield f"http://{address}"


def offkey(*arguments):
    """Run a command."""
    return CliRunner().invoke(root, ["rules", *arguments])


def test_diff_apply_and_nothing_more_to_do(prometheus, monkeypatch):
    """A diff and exit code 1, files that are loaded and healthy, then exit code 0; an operator's rules are refused."""
    shown = offkey("diff")
    assert (shown.exit_code, "+  - name: offkey-answers" in shown.stdout) == (1, True), shown.output
    assert offkey("apply", "--dry-run").stdout == shown.stdout
    assert list(Path("rules").iterdir()) == []
    done = offkey("apply")
    assert done.exit_code == 0, done.output
    assert f"{prometheus}: 1 group loaded and healthy" in done.stderr
    groups = requests.get(f"{prometheus}/api/v1/rules", timeout=5).json()["data"]["groups"]
    assert [group["name"] for group in groups] == ["offkey-answers"]
    again = offkey("diff")
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", "rules: nothing to change\n")
    refused = offkey("apply", "--target", "operator")
    assert (refused.exit_code, "kubectl apply" in str(refused.exception)) == (1, True)


def test_generate_for_the_operator(prometheus):
    """The objects lie beside the files, with what the section says."""
    text = Path("offkey.yml").read_text().replace("rules: {", "rules: {target: operator, namespace: monitoring, ")
    Path("offkey.yml").write_text(text)
    assert offkey("generate").exit_code == 0
    assert "namespace: monitoring" in Path("rules/kubernetes/answers.prometheusrule.yaml").read_text()
