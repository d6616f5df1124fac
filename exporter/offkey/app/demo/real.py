"""The demonstration on a real Prometheus and Alertmanager."""

import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import requests

from offkey.app.demo import backdrop, layout
from offkey.app.demo.history import import_blocks, scraped, write_openmetrics
from offkey.app.demo.layout import HISTORY, HISTORY_STEP, Ports, address, url
from offkey.app.demo.loopback import Loopback
from offkey.app.demo.processes import Programs, session
from offkey.app.demo.scenario import QUIET, SCALE, SEED, Judgement, from_pages, judged, outage_at, silence_of
from offkey.app.demo.screen import Screen
from offkey.app.demo.stage import Stage
from offkey.app.demo.watch import View, read_alerts, read_offkey
from offkey.app.demo.webhook import Catcher
from offkey.core.durations import MINUTE, format_duration
from offkey.core.frame import Axis
from offkey.packs.music.incidents import Incident
from offkey.packs.music.platform import Platform
from offkey.packs.music.recorded import recorded

OFFKEY = (sys.executable, "-c", "from offkey.app.cli import main; main()")
PREROLL = 10 * MINUTE  # raw samples before the start: rates are whole from the first evaluation
READING = 90  # seconds until whoever was paged has seen what it is; the review of alerts looks at whole minutes
READY_SECONDS = 300.0  # for the slowest step on a busy machine


@dataclass
class Real:
    """Everything that runs.

    Attributes:
        programs: the other programs.
        ports: where everything listens.
        stage: the platform.
        catcher: what was paged.
        due: when the outage begins, Unix seconds.
    """

    programs: Programs
    ports: Ports
    stage: Stage
    catcher: Catcher
    due: float = float("inf")
    client: requests.Session = field(default_factory=session)
    played: Incident | None = None
    is_acknowledged: bool = False

    @property
    def urls(self) -> Mapping[str, str]:
        """Where to look, by name."""
        ports = self.ports
        return {
            "offkey": url(ports.offkey),
            "Prometheus": f"{url(ports.prometheus)}/alerts",
            "Alertmanager": url(ports.alertmanager),
            "platform": f"{url(ports.platform)}/metrics",
        }

    @property
    def allowed(self) -> int:
        """Three evaluations and the rule's `for`."""
        return 3 * layout.EVALUATION + layout.HOLD

    def check(self) -> None:
        """Make sure that all programs still run."""
        self.programs.check()

    def outage(self, now: float) -> Incident | None:
        """Return the outage; it is injected when it is due."""
        if self.played is None and now >= self.due:
            self.played = outage_at(math.ceil(now))
            self.stage.inject(self.played, now)
        return self.played if self.played and now >= self.played.start else None

    def look(self, now: float) -> View:
        """Return what offkey exposes and Prometheus fires; whoever was paged says so after a while."""
        if self.played and not self.is_acknowledged:
            self._acknowledge(self.played, now)
        alerts = read_alerts(self.client, url(self.ports.prometheus))
        seen = read_offkey(self.client, url(self.ports.offkey))
        return View(seen.signals, seen.off, alerts)

    def judge(self, outage: Incident) -> Judgement:
        """Return how it went by what was paged."""
        return judged(from_pages(self.catcher.pages), outage, outage.alert)

    def _acknowledge(self, outage: Incident, now: float) -> None:
        """Silence what was paged, with a verdict that the review of alerts reads."""
        delay = self.judge(outage).delay
        if delay is None or now < outage.start + delay + READING:
            return
        silence = silence_of(outage, now)
        answer = self.client.post(f"{url(self.ports.alertmanager)}/api/v2/silences", json=silence, timeout=1)
        answer.raise_for_status()
        self.is_acknowledged = True


@contextmanager
def set_up(folder: Path, binaries: Mapping[str, str], screen: Screen) -> Iterator[Real]:
    """Run everything while the block runs.

    Args:
        folder: where files are put; it is empty.
        binaries: paths of prometheus, promtool and alertmanager.
        screen: where progress is shown.

    Raises:
        ProgramFailed: a program does not start, or offkey was installed without its source tree.
    """
    began, catcher = time.monotonic(), Catcher()
    for name in layout.NEEDED:
        layout.project_file(name)
    with Programs(folder / "logs", Path(binaries["promtool"]).parent) as programs:
        stage, ports = _past(programs, folder, binaries["promtool"], screen), Ports.free()
        texts = {"/metrics": lambda: stage.exposition(time.time()), "/truth": lambda: stage.truth(time.time())}
        with Loopback(ports.platform, texts), Loopback(ports.webhook, {}, catcher.take):
            real = Real(programs, ports, stage, catcher)
            _start_servers(real, folder, binaries, screen)
            _start_offkey(real, folder, screen, began)
            _start_backfill(real, folder, binaries["promtool"])
            real.due = time.time() + QUIET
            yield real


def _past(programs: Programs, folder: Path, promtool: str, screen: Screen) -> Stage:
    """Make a storage that remembers; return the platform that goes on from there."""
    now = int(time.time())
    platform, text = Platform(SEED, scale=SCALE), folder / "history.txt"
    with screen.step("simulate 15 days of a music streaming platform") as done:
        stage = Stage(platform, now - PREROLL)
        raw = scraped(stage.series, *stage.until(now), layout.SCRAPE)
        frames = recorded(platform, Axis.between(now - HISTORY, now, HISTORY_STEP))
        samples = write_openmetrics(text, [*frames, raw])
        series = sum(len(frame.series) for frame in frames)
        done(f"simulated 15 days of a platform: {series} recorded series, {samples / 1e6:.2f} million samples")
    with screen.step("give Prometheus that past") as done:
        import_blocks(programs, promtool, text, folder / "prometheus")
        text.unlink()
        done("gave Prometheus that past")
    return stage


def _start_servers(real: Real, folder: Path, binaries: Mapping[str, str], screen: Screen) -> None:
    """Start Alertmanager and Prometheus, and wait for both."""
    ports, recording, generated = real.ports, folder / "music.rules.yml", folder / "rules"
    generated.mkdir()
    for path, content, about in (
        (folder / "alertmanager.yml", layout.alertmanager_config(url(ports.webhook)), "Every receiver is a webhook."),
        (folder / "prometheus.yml", layout.prometheus_config(ports, recording, generated), "Scrapes all that runs."),
        (recording, layout.recording_rules(), "The rules of the music pack, evaluated more often."),
    ):
        layout.write_yaml(path, content, about)
    with screen.step("start Prometheus and Alertmanager") as done:
        real.programs.start(
            "alertmanager",
            [
                binaries["alertmanager"],
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address={address(ports.alertmanager)}",
                "--cluster.listen-address=",
            ],
        )
        real.programs.start(
            "prometheus",
            [
                binaries["prometheus"],
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                "--storage.tsdb.retention.time=10y",
                f"--web.listen-address={address(ports.prometheus)}",
                "--web.enable-lifecycle",
                "--log.level=warn",
            ],
        )
        for name, port in (("prometheus", ports.prometheus), ("alertmanager", ports.alertmanager)):
            real.programs.wait(name, partial(_is_ready, real.client, url(port)), READY_SECONDS)
        done("Prometheus and Alertmanager run")


def _start_offkey(real: Real, folder: Path, screen: Screen, began: float) -> None:
    """Start offkey, let it write its rules, and wait until it scores and Prometheus has the rules."""
    ports, config = real.ports, folder / "offkey.yml"
    step, hold = f"{layout.EVALUATION}s", f"{layout.HOLD}s"
    content = layout.offkey_config({"url": url(ports.prometheus)}, step=step, alert={"for": hold})
    content["review"] = {"alertmanager": {"url": url(ports.alertmanager)}, "window": "1d", "every": "1m"}
    layout.write_yaml(config, content, "The signals of the music streaming pack, at the pace of a demonstration.")
    flags = ["--config.file", str(config)]
    with screen.step("let offkey learn the past") as done:
        listen = ["--web.listen-address", address(ports.offkey), "--web.enable-lifecycle"]
        real.programs.start("offkey", [*OFFKEY, "serve", *flags, *listen])
        real.programs.start("rules", [*OFFKEY, "rules", "generate", *flags, "-o", str(folder / "rules")], is_brief=True)
        real.programs.wait("offkey", lambda: scored(real.client, url(ports.offkey)) > 0, READY_SECONDS)
        done(f"offkey has learned the past; first score {time.monotonic() - began:.0f} s after the start")
    with screen.step("write alerting rules from it") as done:
        real.programs.finish("rules", READY_SECONDS)
        real.client.post(f"{url(ports.prometheus)}/-/reload", timeout=READY_SECONDS).raise_for_status()
        known = len(content["signals"])
        real.programs.wait("offkey", lambda: scored(real.client, url(ports.offkey)) == known, READY_SECONDS)
        written = len([*(folder / "rules").glob("*.rules.yml")])
        done(f"{written} rule files are written and loaded, all {known} signals have scores")


def _start_backfill(real: Real, folder: Path, promtool: str) -> None:
    """Let offkey say, while the show goes on, what it would have said before."""
    ports, config = real.ports, folder / "past.yml"
    content = layout.offkey_config({"url": url(ports.prometheus)}, step=format_duration(HISTORY_STEP))
    layout.write_yaml(config, content, "The same signals, at the pace at which the past was recorded.")
    command = [*backdrop.COMMAND, str(config), address(ports.offkey), promtool, str(folder / "prometheus")]
    real.programs.start("backfill", command, is_brief=True)


def _is_ready(client: requests.Session, program: str) -> bool:
    return client.get(f"{program}/-/ready", timeout=1).ok


def scored(client: requests.Session, offkey: str) -> int:
    """Return how many signals of an offkey have a score."""
    return sum(signal.scored > 0 for signal in read_offkey(client, offkey).signals)
