import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml
from realprometheus import free_port, is_ready, wait_until

from offkey.app.demo.processes import Programs

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "alertmanager" / "alertmanager.yml"
TEMPLATES = str(ROOT / "alertmanager" / "templates" / "*.tmpl")
PLAIN = ("title", "link", "silence", "text", "slack.title", "slack.text", "slack.color", "pagerduty.severity", "sms")


def run(*command):
    """Run a program and return what it said; a failure fails the test."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_amtool_accepts_the_configuration(program):
    """Alertmanager 0.25 loads it, templates included."""
    assert "6 receivers" in run(program("amtool"), "check-config", CONFIG)


def test_amlint_finds_nothing():
    """No shadowed route, no circular inhibition, no secret in plain text, no alert of ours that is not routed."""
    rules = [ROOT / "rules" / "offkey.rules.yml", ROOT / "tests" / "golden" / "rules" / "*.rules.yml"]
    options = [option for glob in rules for option in ("--rules", glob)]
    assert "No issues found" in run(Path(sys.executable).parent / "amlint", "check", "--strict", *options, CONFIG)


def routes(route):
    """Yield a route and all below it."""
    yield route
    for inner in route.get("routes", []):
        yield from routes(inner)


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=PaymentSuccessAnomalous severity=critical team=payments service=checkout", "page-payments"),
        ("alertname=PaymentSuccessAnomalous severity=critical team=video", "page"),
        ("alertname=Anything severity=critical", "page"),
        ("alertname=OffkeyDown severity=critical job=offkey", "page"),
        ("alertname=ApiLatencyP99Anomalous severity=warning team=payments", "chat-payments"),
        ("alertname=ApiLatencyP99Anomalous severity=warning team=api", "chat"),
        ("alertname=TracksPlayedAnomalous severity=info team=payments", "digest"),
        ("alertname=OffkeyReviewedThresholdInForce severity=info team=payments", "digest"),
        ("alertname=OffkeySignalUnwatched severity=warning team=payments", "offkey-owners"),
        ("alertname=OffkeySourceDown severity=warning", "offkey-owners"),
        ("alertname=Offkeys severity=none", "offkey-owners"),
        ("alertname=SomebodyElses", "chat"),
        ("alertname=SomebodyElses severity=page team=payments", "chat"),
    ],
)
def test_severity_says_how_and_team_says_who(program, labels, receiver):
    """Every alert reaches exactly one receiver, the one its labels ask for."""
    command = [program("amtool"), "config", "routes", "test", f"--config.file={CONFIG}"]
    assert run(*command, *labels.split()).split("\n")[0] == receiver


def test_only_what_can_wait_is_ever_silent():
    """Routes of critical alerts and of warnings about services have no hours; info and offkey's own warnings do."""
    config = yaml.safe_load(CONFIG.read_text())
    timed = {
        route["receiver"]
        for route in routes(config["route"])
        if "mute_time_intervals" in route or "active_time_intervals" in route
    }
    assert timed == {"digest", "offkey-owners"}


def alert(status="firing", minutes=30, annotations=None, **labels):
    """Return an alert as templates see it."""
    ended = f"2026-03-08T10:{minutes:02}:12Z" if status == "resolved" else "0001-01-01T00:00:00Z"
    began = "2026-03-08T10:00:12Z"
    return {
        "status": status,
        "labels": labels,
        "annotations": annotations or {},
        "startsAt": began,
        "endsAt": ended,
    }


def notification(*alerts, status="firing"):
    """Return a notification's JSON: what its alerts have in common is found as Alertmanager finds it."""
    common = {}
    for kind in ("labels", "annotations"):
        pairs = set.intersection(*(set(one[kind].items()) for one in alerts))
        common[kind] = dict(sorted(pairs))
    return {
        "receiver": "page",
        "status": status,
        "alerts": list(alerts),
        "groupLabels": {},
        "commonLabels": common["labels"],
        "commonAnnotations": common["annotations"],
        "externalURL": "https://alertmanager.example.com",
    }


def payment(region, description):
    """Return what a generated payment alert says."""
    return {
        "summary": "Payment success is below what is usual.",
        "description": f'payment-success (region="{region}") is {description}',
        "runbook_url": "https://runbooks.example.com/pay#card",
        "dashboard_url": f"https://grafana.example.com/d/offkey?var-signal=payment-success&var-region={region}",
    }


SEEN = "31.3%; usual is 96.6% (factor 0.32; bound 91.3%)."
PAGED = {"alertname": "PaymentSuccessAnomalous", "severity": "critical", "team": "payments", "service": "checkout"}
HOSTILE = '"}}{{ .ExternalURL }}<!channel>&<script>alert(1)</script>|\n+ %'
NOTIFICATIONS = {
    "one": notification(
        alert(
            annotations=payment("eu-west", "31.3%; usual is 96.6% (factor 0.32; bound 91.3%)."),
            region="eu-west",
            **PAGED,
        )
    ),
    "several": notification(
        alert(annotations=payment("eu-west", "31.3%; usual is 96.6%."), region="eu-west", **PAGED),
        alert(annotations=payment("eu-north", "40%; usual is 96.6%."), region="eu-north", **PAGED),
        alert("resolved", 41, payment("us-east", "90%; usual is 96.6%."), region="us-east", **PAGED),
    ),
    "resolved": notification(
        alert("resolved", 12, payment("eu-west", "31.3%; usual is 96.6%."), region="eu-west", **PAGED),
        status="resolved",
    ),
    "foreign": notification(alert(alertname="NodeDiskFull", instance="db-1:9100")),
    "hostile": notification(
        alert(
            annotations={"summary": HOSTILE, "description": HOSTILE, "runbook_url": "javascript:alert(1)"},
            alertname="A",
            severity=HOSTILE,
            team="a b",
        )
    ),
}


def render(program, tmp_path, data, kind, names):
    """Return what templates make of a notification, one after the other under their names."""
    (tmp_path / "data.json").write_text(json.dumps(data))
    text = "\n".join(f'--- {name}\n{{{{ template "offkey.{name}" . }}}}' for name in names)
    return run(
        program("amtool"), "template", "render", f"--template.type={kind}", f"--template.glob={TEMPLATES}",
        f"--template.data={tmp_path / 'data.json'}", f"--template.text={text}\n",
    )  # fmt: skip


@pytest.mark.parametrize("name", NOTIFICATIONS)
def test_golden_notifications(program, golden, tmp_path, name):
    """What people receive, word for word, in every form."""
    data = NOTIFICATIONS[name]
    golden(f"alertmanager/{name}.txt", render(program, tmp_path, data, "text", PLAIN))
    golden(f"alertmanager/{name}.html", render(program, tmp_path, data, "html", ["email.html"]))


def test_hostile_texts_stay_texts(program, tmp_path):
    """Labels can neither call a channel, nor break out of HTML, nor run a template, nor lead to a script."""
    said = render(program, tmp_path, NOTIFICATIONS["hostile"], "text", ["slack.title", "slack.text"])
    assert "<!channel>" not in said
    assert "https://alertmanager.example.com" not in said
    page = render(program, tmp_path, NOTIFICATIONS["hostile"], "html", ["email.html"])
    assert "<script>" not in page
    assert "javascript:" not in page


def test_a_long_list_is_cut(program, tmp_path):
    """A chat shows ten alerts and says how many there are."""
    data = notification(*(alert(annotations={"description": f"d{k}"}, alertname="A") for k in range(12)))
    said = render(program, tmp_path, data, "text", ["slack.text"])
    assert [f"d{k}\n" in said for k in range(12)] == [True] * 10 + [False] * 2
    assert said.strip().endswith("The first 10 of 12 alerts.")


def test_a_text_message_is_one_part(program, tmp_path):
    """However long the sentence, a message has at most 160 characters."""
    data = notification(*(alert(annotations={"description": "ü" * 999}, alertname="A") for _ in range(99)))
    said = render(program, tmp_path, data, "text", ["sms"]).removeprefix("--- sms\n").strip()
    assert said.startswith("FIRING 99: üü")
    assert said.endswith("ü...")
    assert len(said) <= 160


@pytest.fixture
def alertmanager(program, tmp_path):
    """Return the URL of a real Alertmanager with our routes and inhibition, whose receivers tell nobody."""
    config = yaml.safe_load(CONFIG.read_text())
    config["receivers"] = [{"name": receiver["name"]} for receiver in config["receivers"]]
    config |= {"global": {}, "templates": []}
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={tmp_path / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'state'}"]
    with Programs(tmp_path / "logs") as programs:
        server = [program("alertmanager"), *options, f"--web.listen-address={address}", "--cluster.listen-address="]
        programs.start("alertmanager", server)
        programs.wait("alertmanager", lambda: is_ready(f"http://{address}"), 30)
        yield f"http://{address}/api/v2/alerts"


def muting(cause, effect, muted, **both):
    """Return a case: labels of the alert that may mute, of the one that may be muted, and whether it is."""
    return {**cause, **both}, {**effect, **both}, muted


CRITICAL, WARNING, INFO = ({"severity": severity} for severity in ("critical", "warning", "info"))
DOWN = {"alertname": "OffkeyDown", **CRITICAL}
UNWATCHED = {"alertname": "OffkeySignalUnwatched", **WARNING}
INHIBITION = {
    "same-signal-told-louder": muting(CRITICAL, INFO, True, offkey_rule="a"),
    "warning-mutes-info": muting(WARNING, INFO, True, offkey_rule="b"),
    "another-signal": muting({"offkey_rule": "c", **CRITICAL}, {"offkey_rule": "d", **INFO}, False),
    "neither-has-a-signal": muting(CRITICAL, WARNING, False),
    "same-service": muting(CRITICAL, WARNING, True, team="t", service="s"),
    "same-team-no-service": muting(CRITICAL, WARNING, False, team="u"),
    "equal-severities": muting(CRITICAL, CRITICAL, False, offkey_rule="e"),
    "unwatched-signal": muting(UNWATCHED, {"alertname": "PlaysOutOfRange", **INFO}, False, offkey_rule="f"),
    "exporter-down": muting(DOWN, UNWATCHED, True, cluster="x"),
    "exporter-down-elsewhere": muting({"cluster": "y", **DOWN}, {"cluster": "z", **UNWATCHED}, False),
    "exporter-down-and-a-service": muting(DOWN, {"alertname": "PlaysAnomalous", **WARNING}, False, cluster="v"),
}


def test_the_louder_alert_mutes_the_quieter_and_nothing_else(alertmanager):
    """In a real Alertmanager, inhibition follows the labels both alerts have, and never labels both lack."""
    alerts = []
    for case, (source, target, _) in INHIBITION.items():
        for role, labels in (("source", source), ("target", target)):
            alerts.append({"labels": {"alertname": f"{case}-{role}", **labels, "case": case, "role": role}})
    assert requests.post(alertmanager, json=alerts, timeout=5).ok
    wanted = {(case, "source"): False for case in INHIBITION}
    wanted |= {(case, "target"): is_muted for case, (_, _, is_muted) in INHIBITION.items()}

    def muted():
        answer = requests.get(alertmanager, timeout=5).json()
        return {(one["labels"]["case"], one["labels"]["role"]): bool(one["status"]["inhibitedBy"]) for one in answer}

    wait_until(lambda: muted() == wanted)
