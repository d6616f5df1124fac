"""Bring records and settings together."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from offkey.adapters.endpoint import Endpoint
from offkey.app import config as configs
from offkey.app import options, yamlfile
from offkey.app.alertreviews import places
from offkey.app.alertreviews.places import Setting
from offkey.app.config import Config
from offkey.app.loading import loader
from offkey.app.reviewing import OURS, Reviewer
from offkey.app.reviewschema import Review
from offkey.core.durations import parse_duration
from offkey.core.errors import ConfigError
from offkey.engine.alertquality import AlertId, AlertQuality
from offkey.engine.alertreview import Change, proposed


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One alert: its record, where it is set (None when none of the files sets it), and what is proposed."""

    quality: AlertQuality
    setting: Setting | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All alerts, and the proposals as one diff."""

    alerts: tuple[Reviewed, ...]
    diff: str


def reviewed(
    config_file: Path | None, prometheus_url: str, alertmanager_url: str, window: str, files: Sequence[Path]
) -> Outcome:
    """Return what the alerts of a configuration, and of rule files, were worth.

    Args:
        config_file: signals and sources; offkey.yml here when there is one.
        prometheus_url: address of the source `default`.
        alertmanager_url: whose silences are read, instead of the file's.
        window: how much of the past, as a duration; empty = as the file says.
        files: rule files whose alerts are reviewed too.

    Raises:
        ConfigError: a file or an option is not acceptable.
        SourceError: a server does not answer.
    """
    path = options.found(config_file)
    config = _config(path, prometheus_url, bool(files))
    asked = config.review or Review()
    if alertmanager_url:
        asked = replace(asked, alertmanager=Endpoint(url=alertmanager_url))
    if window:
        asked = replace(asked, window=_seconds(window))
    settings = [*places.of_rules(files), *(places.of_signals(config, path) if path else ())]
    reviewer, now = Reviewer(config, asked), int(time.time())
    by_alert: dict[AlertId, Setting | None] = {}
    for one in settings:
        by_alert[one.alert] = None if one.alert in by_alert else one  # of two alike nobody knows which fired
    found = reviewer.read(now, "" if files else OURS)
    alerts = tuple(
        _reviewed(one, by_alert.get(one.alert), reviewer, now)
        for one in found
        if one.alert.signal or one.alert in by_alert
    )
    return Outcome(alerts, _diff(alerts))


def _config(path: Path | None, prometheus_url: str, has_files: bool) -> Config:
    """Return the configuration; with rule files to review, one that names sources is enough."""
    if path is None and prometheus_url and has_files:
        document = yamlfile.parse("{}", "--prometheus.url")
        return configs.from_settings(configs.settings(document, prometheus_url, needs_signals=False), Path())
    return loader(path, prometheus_url)()


def _seconds(window: str) -> int:
    try:
        return parse_duration(window)
    except ValueError as error:
        msg = f"--window: {error}"
        raise ConfigError(msg) from error


def _reviewed(found: AlertQuality, setting: Setting | None, reviewer: Reviewer, now: int) -> Reviewed:
    if setting is None:
        return Reviewed(found, None, ())
    budget = setting.present.budget_per_week
    is_costly = setting.is_signal and budget is not None and found.cost.pages_per_week > budget
    peaks = reviewer.peaks(found.alert.signal, now) if is_costly else None
    return Reviewed(found, setting, tuple(proposed(found, setting.present, peaks)))


def _diff(alerts: Sequence[Reviewed]) -> str:
    """Return the proposals for every file, in the order of the alerts."""
    by_file: dict[Path, list[tuple[Setting, Change]]] = {}
    for one in alerts:
        if one.setting is not None:
            by_file.setdefault(one.setting.file, []).extend((one.setting, change) for change in one.changes)
    return "".join(places.changed(path, changes) for path, changes in by_file.items() if changes)
