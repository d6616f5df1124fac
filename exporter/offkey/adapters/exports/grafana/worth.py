"""Panels about what alerts were worth to people: how many were right, how many ended before anybody did anything."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from offkey.adapters.exports.grafana.matchers import OF_EXPORTER
from offkey.adapters.exports.grafana.panels import (
    ORANGE,
    SKY,
    About,
    Columns,
    Query,
    Steps,
    curves,
    figure,
    listing,
    look,
)

NO_RECORD = "Nobody asked: add `review: {alertmanager: {url: ...}}` to offkey.yml, and say in silences what alerts were"
NO_VERDICT = "No verdict: say in silences whether an alert was right, and read them with `review` in offkey.yml"

_OWN = f"{{{OF_EXPORTER}}}"
_LOW: Steps = ((None, ORANGE), (0.5, SKY))
_SHARE = look(unit="percentunit", decimals=0)


def precision() -> stat.Panel:
    """Say how many alerts were right."""
    about = About(
        "Precision",
        "Share of the silences with a verdict that call their alert right, mean over the alerts. Below a half people "
        "stop looking: `offkey rules review` proposes what to change.",
        NO_VERDICT,
        unit="percentunit",
        decimals=0,
    )
    return figure(about, Query(f"avg(max by (signal, alertname) (offkey_alert_precision_ratio{_OWN}))"), _LOW)


def precisions() -> timeseries.Panel:
    """Show how many alerts of each kind were right."""
    about = About(
        "Precision by alert",
        "Share of the silences with a verdict that call the alert right, over the weeks that are reviewed. One that "
        "stays low is better retired than ignored.",
        NO_VERDICT,
        unit="percentunit",
    )
    query = f"max by (alertname) (offkey_alert_precision_ratio{_OWN})"
    return curves(about, Query(query, "{{alertname}}"), ceiling=1)


def record() -> table.Panel:
    """List what each alert was worth."""
    about = About(
        "Worth by alert",
        "Pages and flaps a week, the share of episodes over within ten minutes, the share that ended before anybody "
        "silenced them, and the share that silences call right. Short ones ask for a longer `for`, flaps for a longer "
        "`keep_firing_for`.",
        NO_RECORD,
        decimals=1,
    )

    def column(metric: str) -> str:
        return f"max by (alertname, signal) (offkey_alert_{metric}{_OWN})"

    return listing(
        about,
        Query(column("pages_per_week"), "pages"),
        Query(column("flaps_per_week"), "flaps"),
        Query(column("short_ratio"), "short", _SHARE),
        Query(column("self_resolved_ratio"), "unanswered", _SHARE),
        Query(column("precision_ratio"), "right", _SHARE),
        columns=Columns(
            first=("alertname", "signal", "pages", "flaps", "short", "unanswered", "right"),
            widths={"alertname": 210, "signal": 150},
        ),
    )
