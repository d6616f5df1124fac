"""What alerts were worth, read from a real Prometheus and a real Alertmanager."""

import json
import math
import time

import pytest
import requests
from click.testing import CliRunner
from prometheus_client import generate_latest
from realprometheus import free_port, is_ready, running

from offkey.app.cli import root
from offkey.app.config import parse
from offkey.app.demo.processes import Programs
from offkey.app.reviewing import ReviewLoop
from offkey.app.telemetry import Telemetry

pytestmark = pytest.mark.e2e
OURS = 'ALERTS{alertname="LoadAnomalous",alertstate="firing",offkey_rule="load",severity="warning"}'
THEIRS = 'ALERTS{alertname="DiskFull",alertstate="firing",severity="critical"}'
BUDGET = 'offkey:alert_budget_per_week{signal="load",team=""}'
CONFIG = """\
sources: {default: {url: %s}}
review:
  alertmanager: {url: %s}
  window: 2h
signals:
  # how busy we are
  - name: load
    query: load
    alert:
      budget: 2/week   # as agreed
"""
RULES = """\
groups:
  - name: disks
    rules:
      - alert: DiskFull   # see the runbook
        expr: disk_free < 5
        for: 1m
        labels: {severity: critical}
"""


class Nobody:
    """A log that nobody reads."""

    def log(self, level, event, **fields):
        """Forget."""


def history(now):
    """Return OpenMetrics text of two hours: five short episodes of ours, and one of theirs that goes on."""
    lines = [f"{BUDGET} 2 {at}" for at in range(now - 7200, now + 60, 60)]
    for first in range(now - 6600, now - 600, 1260):
        lines += [f"{OURS} 1 {at}" for at in range(first, first + 241, 60)]
        lines += [f"{OURS} NaN {first + 300}"]  # no sample follows at once; the lookback must not stretch it
    lines += [f"{THEIRS} 1 {at}" for at in range(now - 1200, now + 60, 60)]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture
def alertmanager(program, tmp_path):
    """Return the URL of a real Alertmanager."""
    (tmp_path / "am.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    port, peers = free_port(), free_port()
    command = [program("alertmanager"), f"--config.file={tmp_path / 'am.yml'}", f"--storage.path={tmp_path / 'am'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", f"--cluster.listen-address=127.0.0.1:{peers}"]
    with Programs(tmp_path / "logs") as programs:
        programs.start("alertmanager", command)
        programs.wait("alertmanager", lambda: is_ready(f"http://127.0.0.1:{port}"), 30)
        yield f"http://127.0.0.1:{port}"


def silence(url, comment, **labels):
    """Silence alerts with these labels for an hour from now on."""
    stamp = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + more)) for more in (1, 3600)]
    matchers = [{"name": name, "value": value, "isRegex": False} for name, value in labels.items()]
    body = {"matchers": matchers, "startsAt": stamp[0], "endsAt": stamp[1], "createdBy": "me", "comment": comment}
    requests.post(f"{url}/api/v2/silences", json=body, timeout=5).raise_for_status()


def test_records_and_proposals_come_from_what_really_happened(program, tmp_path, alertmanager):
    """Pages, verdicts and budgets are read from the servers; metrics show them, and the diff touches one key."""
    now = int(time.time()) // 60 * 60
    silence(alertmanager, "false alarm", alertname="LoadAnomalous")
    silence(alertmanager, "real alarm, disk replaced", alertname="DiskFull")
    with running(program, tmp_path, history(now)) as url:
        config, rules = tmp_path / "offkey.yml", tmp_path / "disk.yml"
        config.write_text(CONFIG % (url, alertmanager))
        rules.write_text(RULES)
        command = ["rules", "review", str(rules), "--config.file", str(config), "-o", "json"]
        done = CliRunner().invoke(root, command)
        assert done.exit_code == 1, done.output
        telemetry = Telemetry(Nobody())
        loaded = parse(config.read_text(), str(config))
        assert ReviewLoop(lambda: loaded, telemetry, time.time).once() == 900.0
    told = {one["alert"]: one for one in json.loads(done.stdout)["alerts"]}
    ours, theirs = told["LoadAnomalous"], told["DiskFull"]
    assert (ours["pages"], ours["verdicts"], ours["budget_per_week"]) == (5, {"right": 0, "wrong": 1}, 2.0)
    assert (ours["short_share"], ours["self_resolved_share"], ours["precision"]) == (1.0, 1.0, 0.0)
    assert (theirs["pages"], theirs["verdicts"], theirs["precision"]) == (1, {"right": 1, "wrong": 0}, 1.0)
    added = [line for line in json.loads(done.stdout)["diff"].splitlines() if line[:1] in "+-" and line[1:2] == " "]
    assert added
    assert all(line.startswith("+      ") for line in added)
    shown = generate_latest(telemetry).decode()
    labels = '{alertname="LoadAnomalous",severity="warning",signal="load"}'
    assert f"offkey_alert_precision_ratio{labels} 0.0" in shown
    assert "DiskFull" not in shown


def test_a_server_that_is_down_leaves_what_was_known(tmp_path):
    """The failure is counted; nothing is shown of what was never read."""
    telemetry = Telemetry(Nobody())
    loaded = parse(CONFIG % (f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"), "offkey.yml")
    assert ReviewLoop(lambda: loaded, telemetry, time.time).once() == 900.0
    shown = generate_latest(telemetry).decode()
    assert 'offkey_alert_review_failures_total{reason="down"} 1.0' in shown
    assert "offkey_alert_pages_per_week" not in shown
    telemetry.reviewed((), math.nan)
    assert "offkey_alert_review_timestamp_seconds" not in generate_latest(telemetry).decode()
