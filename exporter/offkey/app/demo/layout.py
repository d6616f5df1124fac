"""The configurations of the demonstration's Prometheus, Alertmanager and offkey, made from the project's own files."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from offkey.adapters.files import write
from offkey.app.demo.processes import LOOPBACK, free_port
from offkey.core.durations import DAY, MINUTE, format_duration
from offkey.core.errors import ProgramFailed

PROJECT = Path(__file__).parents[4]  # a checkout: rules/ and alertmanager/ lie beside exporter/
_RECORDING, _OWN, _ALERTMANAGER = NEEDED = (
    "rules/packs/music.rules.yml",
    "rules/offkey.rules.yml",
    "alertmanager/alertmanager.yml",
)
SCRAPE = 5  # seconds
RECORDING = 5  # seconds between evaluations of the recording rules
EVALUATION = 15  # seconds between evaluations of all other rules; offkey's step too
HOLD = 30  # seconds of an alert's `for`
CAPACITY = 8_000  # plays a second that a region has room for: at any hour some region reaches it within the next twelve
HISTORY = 15 * DAY
HISTORY_STEP = 5 * MINUTE
JOB, INSTANCE = "music", "platform"  # labels of everything the platform exposes, now and in the past


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens on the loopback address: the usual ports where they are free."""

    prometheus: int
    alertmanager: int
    offkey: int
    platform: int
    webhook: int

    @classmethod
    def free(cls) -> "Ports":
        """Return ports nobody listens on."""
        return cls(*map(free_port, (9090, 9093, 10_955, 9_105, 9_106)))


def address(port: int) -> str:
    """Return host and port."""
    return f"{LOOPBACK}:{port}"


def url(port: int) -> str:
    """Return the address of a program's first page."""
    return f"http://{address(port)}"


def project_file(name: str) -> Path:
    """Return a file of the source tree.

    Raises:
        ProgramFailed: offkey was installed without its source tree.
    """
    path = PROJECT / name
    if not path.exists():
        msg = f"{path} is missing; run the demonstration in a checkout of the project: make demo"
        raise ProgramFailed(msg)
    return path


def write_yaml(path: Path, content: dict[str, Any], about: str) -> None:
    """Write a configuration file in one step, under a comment that says what it is."""
    text = f"# {about}\n# Written by offkey demo; changes are lost.\n{yaml.safe_dump(content, sort_keys=False)}"
    write(path, text.encode())


def recording_rules() -> dict[str, Any]:
    """Return the music pack's rule file at the pace of a demonstration."""
    rules: dict[str, Any] = yaml.safe_load(project_file(_RECORDING).read_text("utf-8"))
    return {"groups": [{"interval": f"{RECORDING}s", **group} for group in rules["groups"]]}


def prometheus_config(ports: Ports, recording: Path, generated: Path) -> dict[str, Any]:
    """Return the configuration of the demonstration's Prometheus.

    Args:
        ports: where everything listens.
        recording: the file with the recording rules.
        generated: the folder that offkey writes its rules to.
    """
    return {
        "global": {
            "scrape_interval": f"{SCRAPE}s",
            "scrape_timeout": f"{SCRAPE - 1}s",
            "evaluation_interval": f"{EVALUATION}s",
        },
        "rule_files": [
            str(recording),
            str(project_file(_OWN)),
            f"{generated}/*.rules.yml",
        ],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [address(ports.alertmanager)]}]}]},
        "scrape_configs": [
            _scrape(JOB, ports.platform, instance=INSTANCE),
            {"honor_labels": True, **_scrape("offkey", ports.offkey)},
            _scrape("prometheus", ports.prometheus),
            # What is really happening, for people; no signal reads it.
            {"metrics_path": "/truth", **_scrape("truth", ports.platform)},
        ],
    }


def alertmanager_config(webhook_url: str) -> dict[str, Any]:
    """Return the project's Alertmanager configuration with every receiver a webhook, and short waits.

    Routes, grouping and inhibition stay as they are; times of day at which routes are silent do not.
    """
    config: dict[str, Any] = yaml.safe_load(project_file(_ALERTMANAGER).read_text("utf-8"))
    hook = {"url": webhook_url, "send_resolved": True}
    receivers = [{"name": receiver["name"], "webhook_configs": [hook]} for receiver in config["receivers"]]
    inhibit = config.get("inhibit_rules", [])
    return {"route": _hasty(config["route"]), "inhibit_rules": inhibit, "receivers": receivers}


def offkey_config(source: dict[str, Any], **defaults: object) -> dict[str, Any]:
    """Return the music pack's configuration for the demonstration.

    Args:
        source: the source `default`.
        **defaults: keys of `defaults` to change; mappings are merged.
    """
    config: dict[str, Any] = yaml.safe_load(files("offkey.packs.music").joinpath("offkey.yml").read_text("utf-8"))
    general = config["defaults"]
    general |= {"history": format_duration(HISTORY), "history_step": format_duration(HISTORY_STEP)}
    for key, value in defaults.items():
        general[key] = {**general[key], **value} if isinstance(value, dict) else value
    (plays,) = (signal for signal in config["signals"] if signal["name"] == "plays")
    plays["forecast"] = {"limit": CAPACITY, "horizons": ["1h", "4h", "12h"]}
    return {**config, "sources": {"default": source}}


def _scrape(job: str, port: int, **labels: str) -> dict[str, Any]:
    return {"job_name": job, "static_configs": [{"targets": [address(port)], "labels": labels}]}


def _hasty(route: dict[str, Any]) -> dict[str, Any]:
    """Return a route, and those below it, that waits for nothing and is never silent."""
    silent = ("mute_time_intervals", "active_time_intervals")
    waits = {"group_wait": "1s", "group_interval": "5s"}
    kept = {key: value for key, value in route.items() if key not in (*silent, "routes")}
    return {**kept, **waits, "routes": [_hasty(inner) for inner in route.get("routes", [])]}
