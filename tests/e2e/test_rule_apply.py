import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import requests
import yaml
from realprometheus import free_port, is_ready
from rulecases import PLAYS, evidence

from offkey.adapters.exports import ruleserver
from offkey.adapters.exports.rulefiles import plan
from offkey.adapters.http import Endpoint
from offkey.app.demo.processes import Programs
from offkey.core import targets
from offkey.core.errors import RuleError
from offkey.core.signals import Alert, Signal

pytestmark = pytest.mark.e2e
GOOD = Signal("answers", "vector(9)", direction="above", step=1, alert=Alert(hold=2, form="threshold", team="a"))
# Fails at today's times only, so that promtool, whose clock begins at 0, cannot know.
FAILING = replace(
    GOOD,
    name="failing",
    query='vector(9) * on () (vector(1) or label_replace(vector(time()) > 1e9, "a", "x", "", ""))',
)
FOUND = evidence(typical=1.0, upper=(3.0, 2.0, 4.0))
EVIDENCES = {"answers": FOUND, "failing": FOUND}


@pytest.fixture
def prometheus(program, tmp_path, monkeypatch):
    """Return a real Prometheus that loads `rules/*.yml` below the test's folder; promtool is found."""
    monkeypatch.setenv("PATH", program("promtool").rpartition("/")[0])
    (tmp_path / "rules").mkdir()
    (tmp_path / "prometheus.yml").write_text("rule_files: [rules/*.yml]\n")
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    with Programs(tmp_path / "logs") as programs:
        server = [program("prometheus"), *options, f"--web.listen-address={address}", "--web.enable-lifecycle"]
        programs.start("prometheus", server)
        programs.wait("prometheus", lambda: is_ready(f"http://{address}"), 30)
        one = ruleserver.RuleServer(Endpoint(f"http://{address}"))
        yield one
        one.close()


def applied(server, folder, *signals):
    """Apply the rules of some signals."""
    changes = plan(signals, EVIDENCES, folder)
    ruleserver.apply(changes, server, ruleserver.rule_names(changes.groups().values()), 30)


def contents(folder):
    """Return every file's bytes by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def loaded(server):
    """Return the names of the loaded groups."""
    answer = requests.get(f"{server.client.endpoint.url}/api/v1/rules", timeout=5).json()
    return [group["name"] for group in answer["data"]["groups"]]


def test_rules_are_loaded_healthy_or_not_at_all(prometheus, tmp_path):
    """Good rules are verified; a file the server refuses and a rule that fails bring the earlier files back."""
    folder = tmp_path / "rules"
    applied(prometheus, folder, GOOD)
    assert loaded(prometheus) == ["offkey-answers"]
    before = contents(folder)

    with pytest.raises(RuleError, match=r"of group offkey-failing fails: .*; the earlier files are back and loaded"):
        applied(prometheus, folder, GOOD, FAILING)
    assert (contents(folder), loaded(prometheus)) == (before, ["offkey-answers"])

    (folder / "theirs.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]\n")
    moved = replace(FOUND, upper=replace(FOUND.upper, constant=2.5))
    changes = plan([GOOD], {"answers": moved}, folder)
    with pytest.raises(RuleError, match=r"refuses the files: .*; the earlier files are back, but could not be loaded"):
        ruleserver.apply(changes, prometheus, {}, 30)
    (folder / "theirs.yml").unlink()
    assert (contents(folder), loaded(prometheus)) == (before, ["offkey-answers"])


def test_a_server_that_does_not_reload_changes_nothing(program, tmp_path, monkeypatch):
    """Without --web.enable-lifecycle, or without a server at all, the files are as before."""
    monkeypatch.setenv("PATH", program("promtool").rpartition("/")[0])
    server = ruleserver.RuleServer(Endpoint(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(RuleError, match=r"the earlier files are back, but could not be loaded"):
        applied(server, tmp_path, GOOD)
    assert contents(tmp_path) == {}


class FakeRuler(BaseHTTPRequestHandler):
    """As much of Mimir's ruler as its documentation promises: groups of one tenant by namespace."""

    groups: ClassVar = {}
    seen: ClassVar = []
    refused = ""

    def log_message(self, *_):
        """Say nothing."""

    def reply(self, status, body=b""):
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        """Say which rules are loaded, or which groups are kept."""
        if self.path.endswith("/api/v1/rules"):
            rows = [
                {
                    "name": name,
                    "rules": [{"name": rule.get("alert") or rule["record"], "health": "ok"} for rule in group["rules"]],
                }
                for name, group in self.groups.items()
            ]
            return self.reply(200, json.dumps({"status": "success", "data": {"groups": rows}}).encode())
        if not self.groups:
            return self.reply(404, b"no rule groups found")
        return self.reply(200, yaml.safe_dump({"offkey": [*self.groups.values()]}).encode())

    def do_POST(self):
        """Take a group."""
        group = yaml.safe_load(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append((self.path, self.headers["X-Scope-OrgID"], group["name"]))
        if group["name"] == self.refused:
            return self.reply(400, b"invalid rule")
        self.groups[group["name"]] = {**group, "source_tenants": []}
        return self.reply(202)

    def do_DELETE(self):
        """Forget a group."""
        self.seen.append((self.path, self.headers["X-Scope-OrgID"], "deleted"))
        self.groups.pop(self.path.rpartition("/")[2], None)
        return self.reply(202)


@pytest.fixture
def ruler(monkeypatch):
    """Return a ruler of a tenant, and the server behind it."""
    monkeypatch.setattr(FakeRuler, "groups", {})
    monkeypatch.setattr(FakeRuler, "seen", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeRuler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/prometheus"
        one = ruleserver.Ruler(Endpoint(url, headers={"X-Scope-OrgID": "shop"}), "offkey")
        yield one
        one.close()
        server.shutdown()


def groups(folder, *cases):
    """Return the groups of some signals for the ruler."""
    signals = [signal for signal, _ in cases]
    found = {signal.name: one for signal, one in cases}
    return plan(signals, found, folder, target=targets.target("mimir")).groups()


def test_a_ruler_holds_exactly_our_groups(ruler, tmp_path):
    """Group by group, under the tenant's name; what is no more is deleted, what is the same is not sent again."""
    both = groups(tmp_path, (GOOD, FOUND), PLAYS)
    assert ruleserver.send(ruler, both) == ["sent offkey-answers", "sent offkey-plays"]
    assert FakeRuler.seen == [("/prometheus/config/v1/rules/offkey", "shop", name) for name in both]
    assert ruleserver.send(ruler, both) == []
    assert ruleserver.send(ruler, groups(tmp_path, PLAYS)) == ["deleted offkey-answers"]
    assert FakeRuler.seen[-1] == ("/prometheus/config/v1/rules/offkey/offkey-answers", "shop", "deleted")


def test_a_ruler_that_refuses_a_group_keeps_the_earlier_ones(ruler, tmp_path, monkeypatch):
    """Half a change is taken back."""
    ruleserver.send(ruler, groups(tmp_path, PLAYS))
    before = dict(FakeRuler.groups)
    monkeypatch.setattr(FakeRuler, "refused", "offkey-answers")
    moved = replace(PLAYS[1], upper=replace(PLAYS[1].upper, constant=2000.0))
    with pytest.raises(RuleError, match="refuses group offkey-answers: invalid rule; the earlier groups are back"):
        ruleserver.send(ruler, groups(tmp_path, (PLAYS[0], moved), (GOOD, FOUND)))
    assert FakeRuler.groups == before
