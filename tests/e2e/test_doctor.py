"""The doctor at a real Prometheus."""

import json

import pytest
from realprometheus import running, wait_until

from offkey.adapters.api import Api
from offkey.adapters.endpoint import Endpoint
from offkey.app import cli

pytestmark = pytest.mark.e2e


def test_the_doctor_finds_what_keeps_pages_from_coming(program, tmp_path, capsys):
    """The source and its clock are fine; no rules, no Alertmanager and a metric that is not there are failures."""
    with running(program, tmp_path, "") as url:
        api = Api(Endpoint(url))
        wait_until(lambda: api.number("count(up offset 2s)", 5.0))
        file = tmp_path / "offkey.yml"
        file.write_text(
            f"sources: {{default: {{url: {url}}}}}\n"
            "signals:\n"
            "  - {name: targets, query: up, alert: none}\n"
            "  - {name: nothing, query: there_is_no_such_metric}\n"
        )
        assert cli.run(["doctor", "--config.file", str(file), "-o", "json"]) == 1
        api.close()
    found = {one["subject"]: one for one in json.loads(capsys.readouterr().out)["checkups"]}
    states = {subject: one["state"] for subject, one in found.items()}
    assert states == {
        "compiled code": "ok",
        "storage": "ok",
        "source default": "ok",
        "clock of default": "ok",
        "signal targets": "warning",
        "signal nothing": "failed",
        "rules of nothing": "failed",
        "rules that watch offkey": "warning",
        "Alertmanager": "failed",
        "scrape of offkey": "warning",
        "cost to Prometheus": "ok",
    }
    assert "2.42" in found["source default"]["found"]


def test_a_server_that_is_not_there_is_told_with_what_to_do(capsys):
    """In words, on stdout, and code 1; nothing else is asked of it."""
    assert cli.run(["doctor", "--prometheus.url", "http://127.0.0.1:9", "--timeout", "1"]) in (1, 4)
    said = capsys.readouterr()
    assert "127.0.0.1:9" in said.out + said.err
