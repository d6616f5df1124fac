import itertools
import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import requests
import yaml
from click.testing import CliRunner
from realprometheus import free_port, is_ready, wait_until

from offkey.app import yamlfile
from offkey.app.alertmanager import programs, reading, rendering, routing
from offkey.app.cli import root
from offkey.app.demo.processes import Programs

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "fixtures" / "alertmanager.offkey.yml"


@pytest.fixture(autouse=True)
def real_programs(program, monkeypatch):
    """The programs are found as a user's shell finds them."""
    monkeypatch.setenv("PATH", str(Path(program("amtool")).parent), prepend=":")


def section(text):
    """Return the section of a configuration."""
    return reading.parse(yamlfile.parse(text, "offkey.yml"))


def test_the_programs_find_nothing_wrong():
    """Amtool loads it, amlint is clean in its strict mode, promtool proves the rules against storms."""
    assert programs.check(rendering.rendered(section(EXAMPLE.read_text()))) == ["amtool", "amlint", "promtool"]


def test_alerts_go_where_amtool_says():
    """Our own reading of the routes is Alertmanager's, for every mixture of labels."""
    one = section(EXAMPLE.read_text())
    made, tree = rendering.rendered(one), routing.routes(one)
    names = ("OffkeyDown", "Offkey", "A")
    for severity, team, tenant, name in itertools.product(
        ("critical", "info", "odd"), ("payments", ""), ("shop", "", "x"), names
    ):
        given = {"severity": severity, "team": team, "tenant": tenant, "alertname": name}
        labels = {key: value for key, value in given.items() if value}
        assert routing.receivers(tree, labels) == programs.told(made, labels), labels


def test_the_commands_write_and_test(tmp_path):
    """Files in place, the section's tests pass, a wrong one fails with exit code 1."""
    done = CliRunner().invoke(root, ["alertmanager", "render", "--config.file", str(EXAMPLE), "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*") if path.is_file()) == [
        "alertmanager.yml",
        "rules/offkey-storms.rules.yml",
        "rules/tests/offkey-storms.test.yml",
        "templates/offkey.tmpl",
    ]
    assert "checked by amtool, amlint, promtool" in done.stderr
    assert CliRunner().invoke(root, ["alertmanager", "test", "--config.file", str(EXAMPLE)]).exit_code == 0
    wrong = tmp_path / "offkey.yml"
    wrong.write_text(EXAMPLE.read_text().replace("receivers: [digest]", "receivers: [chat]"))
    failed = CliRunner().invoke(root, ["alertmanager", "test", "--config.file", str(wrong)])
    assert failed.exit_code == 1
    assert "FAIL severity=info: digest" in failed.stdout
    asked = ["alertmanager", "test", "--config.file", str(EXAMPLE), "severity=critical", "tenant=shop"]
    assert CliRunner().invoke(root, asked).stdout == "ok   severity=critical tenant=shop: shop\n"


class Pager(BaseHTTPRequestHandler):
    """Notes who was told of which alert."""

    told: ClassVar[set] = set()

    def log_message(self, *_):
        """Say nothing."""

    def do_POST(self):
        """Take a notification."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        alerts = [one for one in body["alerts"] if one["status"] == "firing"]
        self.told.update((body["receiver"], one["labels"]["alertname"]) for one in alerts)
        self.send_response(200)
        self.end_headers()


ESCALATION = """\
alertmanager:
  receivers:
    first: {webhook: [{url: "http://127.0.0.1:PORT/1"}]}
    second: {webhook: [{url: "http://127.0.0.1:PORT/2"}]}
    third: {webhook: [{url: "http://127.0.0.1:PORT/3"}]}
  default: first
  group_by: [alertname]
  severities:
    critical:
      receiver: first
      group_wait: 1s
      group_interval: 5s
      escalation: [{after: 4s, receiver: second}, {after: 6s, receiver: third}]
    warning: {receiver: first, group_wait: 1s}
  teams: {a: {max_alerts_per_hour: 5}}
"""


@pytest.fixture
def alertmanager(program, tmp_path):
    """Return a real Alertmanager that runs the rendered configuration, with pagers that note."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Pager) as pager, Programs(tmp_path / "logs") as running:
        threading.Thread(target=pager.serve_forever, daemon=True).start()
        for path, text in rendering.rendered(section(ESCALATION.replace("PORT", str(pager.server_address[1])))).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        address = f"127.0.0.1:{free_port()}"
        options = [f"--config.file={tmp_path / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'state'}"]
        server = [program("alertmanager"), *options, f"--web.listen-address={address}", "--cluster.listen-address="]
        running.start("alertmanager", server)
        running.wait("alertmanager", lambda: is_ready(f"http://{address}"), 30)
        yield f"http://{address}/api/v2"
        pager.shutdown()


def alert(name, severity="critical", **labels):
    """Return an alert that fires."""
    return {"labels": {"alertname": name, "severity": severity, **labels}}


def silence(name):
    """Return an acknowledgement: a silence of one alert for an hour."""
    begin, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + late)) for late in (0, 3_600))
    matcher = {"name": "alertname", "value": name, "isRegex": False, "isEqual": True}
    return {"matchers": [matcher], "startsAt": begin, "endsAt": end, "createdBy": "ack:me", "comment": "on it"}


def test_only_what_nobody_takes_care_of_escalates(alertmanager):
    """Acknowledged and healed alerts never reach the second line; a storm holds the team's warnings back."""
    post = requests.post
    Pager.told.clear()
    ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
    assert post(f"{alertmanager}/alerts", json=[alert("OffkeyAlertStorm", team="a")], timeout=5).ok
    given = [
        *map(alert, ("Stays", "Acked", "Healed")),
        alert("Held", "warning", team="a"),
        alert("Told", "warning", team="b"),
    ]
    assert post(f"{alertmanager}/alerts", json=given, timeout=5).ok
    wait_until(lambda: {("first", name) for name in ("Stays", "Acked", "Healed", "Told")} <= Pager.told)
    assert post(f"{alertmanager}/silences", json=silence("Acked"), timeout=5).ok
    assert post(f"{alertmanager}/alerts", json=[{**alert("Healed"), "endsAt": ended}], timeout=5).ok
    wait_until(lambda: ("third", "Stays") in Pager.told)
    escalated = {(who, name) for who, name in Pager.told if who != "first"}
    assert {name for _, name in escalated} == {"Stays", "OffkeyAlertStorm"}
    assert ("first", "Held") not in Pager.told


def test_every_version_of_the_profile_is_yaml_alertmanager_knew(program, tmp_path):
    """What 0.25 reads is accepted by the 0.25 at hand; a later profile differs in what the tables say only."""
    texts = {
        version: rendering.config_text(
            section(EXAMPLE.read_text().replace("alertmanager:\n", f'alertmanager:\n  version: "{version}"\n', 1))
        )
        for version in ("0.25", "0.27", "0.30")
    }
    (tmp_path / "alertmanager.yml").write_text(texts["0.25"])
    subprocess.run([program("amtool"), "check-config", tmp_path / "alertmanager.yml"], check=True, capture_output=True)
    plain = {version: yaml.safe_load(text) for version, text in texts.items()}
    assert plain["0.27"] == plain["0.25"]
    for rule in plain["0.30"]["inhibit_rules"]:
        assert rule.pop("name")
    assert plain["0.30"] == plain["0.25"]
