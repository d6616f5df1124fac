"""The daemon and the commands around it, as a person runs them; the source is a recording, so only offkey is tested."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
from realprometheus import free_port, wait_until

from offkey.adapters.sources.recorded import record
from offkey.app.demo.processes import session
from offkey.core.durations import DAY
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels

OFFKEY = [sys.executable, "-c", "from offkey.app.cli import main; main()"]
FAREWELL_SECONDS = 10.0

pytestmark = pytest.mark.e2e

CONFIG = """\
sources:
  default: {{kind: recorded, path: recording.jsonl}}
defaults: {{step: 5s, history: 4d, history_step: 5m, alert: {{team: web, for: 10s}}}}
signals:
  - name: load
    query: load
    {extra}
"""


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a configuration and a recording of a daily wave that goes on for ten minutes."""
    axis = Axis.between(int(time.time()) - 4 * DAY, int(time.time()) + 600, 60)
    wave = 100 + 20 * np.sin(2 * np.pi * axis.times / DAY) + np.random.default_rng(3).normal(0, 1, (2, axis.size))
    series = (Labels.of(__name__="load", host="a"), Labels.of(__name__="load", host="b"))
    record(tmp_path / "recording.jsonl", "load", Frame(series, wave, axis))
    (tmp_path / "offkey.yml").write_text(CONFIG.format(extra="unit: requests"))
    return tmp_path


@pytest.fixture
def daemon(folder):
    """Run `offkey serve` and give its process and a function that reads one of its pages."""
    with serving(folder, OFFKEY, "--web.enable-lifecycle") as found:
        yield found


@contextmanager
def serving(folder, program, *flags):
    """Run `offkey serve` with some flags; give its process and a function that reads one of its pages."""
    port, client = free_port(), session()
    places = ["--storage.path", str(folder / "state"), "--web.listen-address", f"127.0.0.1:{port}"]
    command = [*program, "serve", *places, *flags, "--log.format", "json"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, cwd=folder, stderr=log) as process:
        page = lambda path, method="GET": client.request(method, f"http://127.0.0.1:{port}{path}", timeout=5)  # noqa: E731 (a short name for the tests)
        try:
            wait_until(lambda: answers(page, "/-/ready"), process)
            yield process, page
        finally:
            process.kill()


def answers(page, path):
    """Whether a page is there and good."""
    try:
        return page(path).ok
    except OSError:
        return False


def run(folder, *words):
    """Run one command in a folder; return the finished process."""
    return subprocess.run([*OFFKEY, *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_a_broken_configuration_is_refused_and_the_good_one_stays(daemon, folder):
    """SIGHUP and /-/reload say so, and a mended file comes into force without forgetting what was learned."""
    process, page = daemon
    (folder / "offkey.yml").write_text(CONFIG.format(extra="directon: above"))
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "offkey_config_last_reload_successful 0.0" in page("/metrics").text, process)
    refused = page("/-/reload", "POST")
    assert refused.status_code == 500
    assert "offkey.yml:7:5" in refused.text
    assert "direction" in refused.text
    assert 'offkey_anomaly_score{host="a",signal="load"}' in page("/metrics").text
    (folder / "offkey.yml").write_text(CONFIG.format(extra="description: mended"))
    assert page("/-/reload", "POST").ok
    wait_until(lambda: "offkey_config_last_reload_successful 1.0" in page("/metrics").text, process)
    assert (folder / "log").read_text().count("learned from history") == 1


def test_a_followed_configuration_is_read_anew_when_it_changes(folder):
    """Nobody asks; a mistake is refused once and mended in the same way, and what was learned stays."""
    eager = [*OFFKEY[:-1], f"from offkey.app import serve; serve.LOOK_SECONDS = 0.2; {OFFKEY[-1]}"]
    with serving(folder, eager, "--config.auto-reload") as (process, page):
        for extra, verdict in (("directon: above", "0.0"), ("description: mended", "1.0")):
            (folder / "offkey.yml").write_text(CONFIG.format(extra=extra))
            wait_until(lambda v=verdict: f"offkey_config_last_reload_successful {v}" in page("/metrics").text, process)
    assert (folder / "log").read_text().count("configuration refused") == 1
    assert (folder / "log").read_text().count("learned from history") == 1


def test_sigterm_ends_in_time_and_keeps_what_was_learned(daemon, folder):
    """The next process does not read the history again."""
    process, page = daemon
    assert "offkey_anomaly_score" in page("/metrics").text
    began = time.monotonic()
    process.terminate()
    assert process.wait(FAREWELL_SECONDS) == 0
    assert time.monotonic() - began < FAREWELL_SECONDS
    assert [*(folder / "state").glob("load-*.state")]
    said = [json.loads(line)["msg"] for line in (folder / "log").read_text().splitlines()]
    assert said[-1] == "offkey ends"


def test_a_folder_for_state_has_one_owner(daemon, folder):
    """A second process names the first and leaves."""
    process, _ = daemon
    second = run(folder, "serve", "--storage.path", "state", "--web.listen-address", f"127.0.0.1:{free_port()}")
    assert second.returncode == 5
    assert str(process.pid) in second.stderr


def test_one_evaluation_prints_every_series(folder):
    """As JSON lines, as a table, as an exposition; nothing but results on stdout."""
    lines = run(folder, "run", "--once", "-o", "json")
    assert lines.returncode == 0, lines.stderr
    found = [json.loads(line) for line in lines.stdout.splitlines()]
    assert [one["labels"]["host"] for one in found] == ["a", "b"]
    assert all(one["score"] < 1 for one in found)
    assert "load" in run(folder, "run", "--once").stdout
    assert run(folder, "run", "--once", "-o", "openmetrics").stdout.endswith("# EOF\n")


def test_rules_are_written_once_and_never_over_a_persons_edit(folder):
    """A second run changes no byte; an edit is shown and refused; `diff` says whether anything would change."""
    assert run(folder, "rules", "diff").returncode == 1
    assert run(folder, "rules", "generate", "--dry-run").stdout.startswith("--- ")
    first = run(folder, "rules", "generate")
    assert first.returncode == 0, first.stderr
    rules = folder / "rules" / "load.rules.yml"
    written = rules.read_text()
    assert run(folder, "rules", "generate").returncode == 0
    assert rules.read_text() == written
    assert run(folder, "rules", "diff").returncode == 0
    edited = written.replace("severity: warning", "severity: critical", 1)
    rules.write_text(edited)
    refused = run(folder, "rules", "generate")
    assert refused.returncode == 1
    assert "load.rules.yml" in refused.stderr
    assert rules.read_text() == edited


def test_without_a_file_or_an_address_there_is_nothing_to_watch(tmp_path):
    """The error says what to give."""
    done = run(tmp_path, "serve")
    assert done.returncode == 2
    assert "--prometheus.url" in done.stderr
