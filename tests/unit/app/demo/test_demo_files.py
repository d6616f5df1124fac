"""The files of the demonstration are ones the real programs accept."""

import fcntl
import subprocess

import numpy as np
import pytest
import yaml

from offkey.adapters.sources.recorded import Source
from offkey.app.config import parse
from offkey.app.demo import layout
from offkey.app.demo.fallback import PAYMENTS, Answers
from offkey.app.demo.history import BLOCK_HOURS, write_openmetrics
from offkey.app.demo.scenario import SCALE, SHORTEST_SHOW, outage_at
from offkey.app.demo.screen import Screen
from offkey.app.demo.start import run
from offkey.core.durations import DAY, HOUR
from offkey.core.errors import ConfigError, ProgramFailed
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.packs.music.calendar import calendar
from offkey.packs.music.platform import DOMAINS, Platform
from offkey.packs.music.recorded import RECORDED_DOMAINS, recorded

PORTS = layout.Ports(prometheus=1, alertmanager=2, offkey=3, platform=4, webhook=5)
NOW = 1_763_769_600


def accepted(*command):
    """Return whether a program accepts a file, with what it says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def test_prometheus_accepts_its_configuration(program, tmp_path):
    """Scrapes, rule files and Alertmanager are there, offkey's labels are honoured, and the pace is quick."""
    rules, generated = tmp_path / "music.rules.yml", tmp_path / "rules"
    generated.mkdir()
    layout.write_yaml(rules, layout.recording_rules(), "Rules.")
    config = layout.prometheus_config(PORTS, rules, generated)
    layout.write_yaml(tmp_path / "prometheus.yml", config, "Prometheus.")
    is_good, said = accepted(program("promtool"), "check", "config", str(tmp_path / "prometheus.yml"))
    assert is_good, said
    jobs = {scrape["job_name"]: scrape for scrape in config["scrape_configs"]}
    assert [*jobs] == ["music", "offkey", "prometheus", "truth"]
    assert jobs["offkey"]["honor_labels"] is True
    assert config["global"]["evaluation_interval"] == "15s"
    assert {group["interval"] for group in yaml.safe_load(rules.read_text())["groups"]} == {"5s"}


def test_alertmanager_accepts_its_configuration(program, tmp_path):
    """It is the project's own routing with webhooks for receivers, and no hour of the day silences anything."""
    own = yaml.safe_load((layout.PROJECT / "alertmanager" / "alertmanager.yml").read_text())
    config = layout.alertmanager_config("http://127.0.0.1:5/")
    layout.write_yaml(tmp_path / "alertmanager.yml", config, "Alertmanager.")
    is_good, said = accepted(program("amtool"), "check-config", str(tmp_path / "alertmanager.yml"))
    assert is_good, said
    assert [receiver["name"] for receiver in config["receivers"]] == [receiver["name"] for receiver in own["receivers"]]
    assert config["inhibit_rules"] == own["inhibit_rules"]
    assert config["route"]["group_by"] == own["route"]["group_by"]
    text = (tmp_path / "alertmanager.yml").read_text()
    assert "time_intervals" not in text
    assert "_file" not in text


@pytest.mark.parametrize("labels", [{"severity": "critical", "team": "payments"}, {"severity": "info", "team": "x"}])
def test_every_alert_reaches_the_webhook(program, tmp_path, labels):
    """Whatever the severity and team, the receiver is a webhook."""
    config = layout.alertmanager_config("http://127.0.0.1:5/")
    layout.write_yaml(tmp_path / "alertmanager.yml", config, "Alertmanager.")
    words = [f"{name}={value}" for name, value in labels.items()]
    command = [program("amtool"), "config", "routes", "test", f"--config.file={tmp_path / 'alertmanager.yml'}", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    hooks = {receiver["name"] for receiver in config["receivers"] if receiver["webhook_configs"]}
    assert set(done.stdout.strip().split(",")) <= hooks


def test_offkey_accepts_its_configuration():
    """The pack's signals at the pace of the demonstration, on a Prometheus or on recorded answers."""
    quick = {"step": "15s", "alert": {"for": "30s"}}
    for source, changes in (({"url": "http://127.0.0.1:1"}, quick), ({"kind": "recorded", "path": "recorded"}, {})):
        config = parse(yaml.safe_dump(layout.offkey_config(source, **changes)), "offkey.yml")
        assert len(config.signals) == 10
        assert {signal.history for signal in config.signals} == {15 * DAY}
        assert {signal.history_step for signal in config.signals} == {300}
    quickened = parse(yaml.safe_dump(layout.offkey_config({"url": "http://127.0.0.1:1"}, **quick)), "offkey.yml")
    assert {(signal.step, signal.alert.hold) for signal in quickened.signals} == {(15, 30)}
    assert {signal.alert.keep_firing for signal in quickened.signals} == {300}


def test_promtool_makes_blocks_of_a_history(program, tmp_path):
    """Every number comes back as it was written, at its instant; what is missing stays missing."""
    values = np.array([[1.5, np.nan, 1e-7, 123456.25], [0.0, -2.0, 3e9, np.nan]])
    series = (Labels.of({"__name__": "level:a:rate5m"}, x='q"\\\n'), Labels.of({"__name__": "level:a:rate5m"}, x="y"))
    frame = Frame(series, values, Axis(NOW, 300, 4))
    path = tmp_path / "history.txt"
    assert write_openmetrics(path, [frame]) == 6
    make = [program("promtool"), "tsdb", "create-blocks-from", f"--max-block-duration={BLOCK_HOURS}h"]
    is_good, said = accepted(*make, "openmetrics", str(path), str(tmp_path / "storage"))
    assert is_good, said
    (tmp_path / "storage" / "wal").mkdir()  # a dump expects one
    is_good, dumped = accepted(program("promtool"), "tsdb", "dump", str(tmp_path / "storage"))
    assert is_good, dumped
    found = sorted((float(line.split()[-2]), int(line.split()[-1]) // 1_000) for line in dumped.splitlines())
    times = frame.axis.times.tolist()
    there = ~np.isnan(values)
    assert found == sorted(zip(values[there].tolist(), np.tile(times, 2)[there.ravel()].tolist(), strict=True))


def test_recorded_answers_hold_past_and_future(tmp_path):
    """Every query of the signals is answered, by the history at first and by the minute later."""
    answers = Answers(tmp_path, NOW, history=DAY, length=2 * HOUR)
    assert answers.write() == 206
    source = Source(tmp_path)
    for signal in parse(yaml.safe_dump(layout.offkey_config({"kind": "recorded", "path": "x"})), "offkey.yml").signals:
        for axis in (Axis(NOW - DAY // 2, 300, 5), Axis(NOW + HOUR, 60, 5)):
            frame = source.read(signal.query, axis, 5.0).frame
            assert frame.series
            assert not np.isnan(frame.values).any()


def test_an_outage_is_recorded_where_it_belongs(tmp_path):
    """Only payments are written anew; card payments in Europe fall from its start on, all others stay."""
    answers = Answers(tmp_path, NOW, history=DAY, length=2 * HOUR)
    answers.write()
    stamps = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    query, axis = "region_provider:music_payment_success:ratio_rate2m", Axis(NOW + 60, 60, 10)
    before = Source(tmp_path).read(query, axis, 5.0).frame
    assert answers.write(outage_at(NOW + 300), records=PAYMENTS) == 48
    after = Source(tmp_path).read(query, axis, 5.0).frame
    assert before.series == after.series
    written = {path.name for path in tmp_path.iterdir() if path.stat().st_mtime_ns != stamps[path.name]}
    assert {name.split(".")[1] for name in written} == {"music_payment_attempts", "music_payment_success"}
    np.testing.assert_array_equal(before.values[:, :5], after.values[:, :5])
    felt = [series["provider"] == "card" and series["region"].startswith("eu-") for series in after.series]
    np.testing.assert_array_equal((after.values < before.values - 0.05)[:, 5:].all(axis=1), felt)
    np.testing.assert_array_equal((after.values == before.values).all(axis=1), ~np.array(felt))


def test_a_missing_source_tree_is_told(monkeypatch, tmp_path):
    """Without rules/ beside the package the demonstration says where it can be run."""
    monkeypatch.setattr(layout, "PROJECT", tmp_path)
    with pytest.raises(ProgramFailed, match=r"music\.rules\.yml is missing; run the demonstration in a checkout"):
        layout.recording_rules()


def test_a_show_that_is_too_short_is_refused(tmp_path):
    """Before anything is started."""
    with pytest.raises(ConfigError, match=r"--duration: 100 is too short .* use at least 240, or 0"):
        run(tmp_path / "demo", 100, Screen())
    assert not (tmp_path / "demo").exists()


def test_two_demonstrations_do_not_share_a_folder(tmp_path):
    """The second one names the process of the first, and touches nothing."""
    (tmp_path / "rules").mkdir()
    with (tmp_path / "lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ProgramFailed, match=r"a demonstration runs here already \(process 4711\)"):
            run(tmp_path, 0, Screen())
    assert (tmp_path / "rules").exists()


def test_the_guide_tells_the_numbers_of_the_program():
    """Sizes, paces and lengths in docs/guides/demo.md are those of the code."""
    guide = (layout.PROJECT / "docs" / "guides" / "demo.md").read_text()
    axis = Axis(NOW, 300, 1)
    raw, live = (
        sum(len(family.series) for family in Platform().families(axis, domains))
        for domains in (tuple(DOMAINS), RECORDED_DOMAINS)
    )
    records = sum(len(frame.series) for frame in recorded(Platform(scale=SCALE), axis))
    for words in (
        f"{records} recorded series",
        f"{live:,} raw ones",
        f"{raw:,} series",
        f"holds {len(calendar())} incidents",
        f"after {SHORTEST_SHOW} seconds of show",
        f"evaluations of {layout.EVALUATION} s",
        f"`for` of {layout.HOLD} s",
        f"every {layout.SCRAPE} seconds",
        f"{8 * SCALE:.0f} million users",
    ):
        assert words in " ".join(guide.split())
