"""The dashboard of a pack: each of its signals as the source has it, with what is anomalous in it marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana.matchers import OF_EXPORTER
from offkey.adapters.exports.grafana.page import Row, assemble, even
from offkey.adapters.exports.grafana.panels import (
    ABSENT,
    ALARM_ABOVE_ZERO,
    ORANGE,
    SKY,
    VERMILION,
    About,
    Query,
    curves,
    dots,
    figure,
)
from offkey.core.signals import Signal

_UNITS = {
    "ratio": "percentunit",
    "seconds": "s",
    "bytes": "bytes",
    "bytes per second": "Bps",
    "requests per second": "reqps",
}
_ACRONYMS = {"api": "API", "cpu": "CPU", "http": "HTTP", "otel": "OTel", "tcp": "TCP"}
_SIDES = {"above": "Too high", "below": "Too low", "both": "Unusual"}


@dataclass(frozen=True, slots=True)
class Watched:
    """A signal, and how its series are called."""

    signal: Signal
    legend: str


def build(
    name: str,
    title: str,
    description: str,
    absent: str,
    rows: Mapping[str, Sequence[Watched]],
    alerts: Sequence[str],
) -> model.Dashboard:
    """Return the dashboard.

    Args:
        name: of the pack.
        title: a few words.
        description: what the pack is about.
        absent: what is said where there is nothing to show.
        rows: signals by row.
        alerts: names of the alerts that the pack's own rules raise.
    """
    signals = "|".join(each.signal.name for watched in rows.values() for each in watched)
    made = [Row("", even(6, 4, watched_series(signals), anomalous(signals), firing(signals, alerts), nearest(signals)))]
    for heading, watched in rows.items():
        width = 8 if len(watched) == 3 or len(watched) > 4 else 12
        made.append(Row(heading, even(width, 8, *(signal(each, absent) for each in watched))))
    return assemble(name, title, description, made)


def signal(watched: Watched, absent: str) -> timeseries.Panel:
    """Show one signal."""
    told = watched.signal
    about = About(
        _title(told.name),
        f"{told.description} {_SIDES[told.direction]} is marked where offkey finds it anomalous.",
        absent,
        unit=_UNITS.get(told.unit, "short"),
    )
    return curves(
        about,
        Query(told.query, watched.legend),
        Query(f'offkey_anomaly_observed{{signal="{told.name}"}}', f"anomalous: {watched.legend}", dots(VERMILION)),
    )


def watched_series(signals: str) -> stat.Panel:
    """Count what is watched."""
    about = About("Series watched", "Series of these signals with a verdict in the newest cycle.", ABSENT, decimals=0)
    return figure(about, Query(f'sum(offkey_series{{{OF_EXPORTER},signal=~"{signals}"}}) or {_none()}'))


def anomalous(signals: str) -> stat.Panel:
    """Count what is off."""
    about = About(
        "Anomalous now",
        "Series of these signals outside their learned band; they are marked below.",
        ABSENT,
        decimals=0,
    )
    query = f'sum(offkey_anomalous_series{{{OF_EXPORTER},signal=~"{signals}"}}) or {_none()}'
    return figure(about, Query(query), ALARM_ABOVE_ZERO)


def firing(signals: str, alerts: Sequence[str]) -> stat.Panel:
    """Count the alerts that are on."""
    about = About(
        "Alerts firing",
        "Alerts of these signals, and of the pack's own rules, which need no learning.",
        ABSENT,
        decimals=0,
    )
    own = f' or ALERTS{{alertstate="firing",alertname=~"{"|".join(alerts)}"}}' if alerts else ""
    query = f'count(ALERTS{{alertstate="firing",offkey_rule=~"{signals}"}}{own}) or {_none()}'
    return figure(about, Query(query), ALARM_ABOVE_ZERO)


def nearest(signals: str) -> stat.Panel:
    """Say when the first limit is reached."""
    about = About(
        "Nearest limit",
        "Time until the first series of these signals reaches its limit, if it goes on as forecast.",
        "None in sight",
        unit="s",
        decimals=1,
    )
    query = f'min(offkey_time_to_limit_seconds{{signal=~"{signals}"}})'
    return figure(about, Query(query), ((None, VERMILION), (3600, ORANGE), (4 * 3600, SKY)))


def _none() -> str:
    return f"0 * count(offkey_build_info{{{OF_EXPORTER}}})"


def _title(name: str) -> str:
    """Return a signal's name as a heading."""
    first, *rest = name.split("_")
    return " ".join([_ACRONYMS.get(first, first.capitalize()), *(_ACRONYMS.get(word, word) for word in rest)])
