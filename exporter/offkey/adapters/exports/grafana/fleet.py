"""Panels about all signals together: what is watched, what is off, what it may cost."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from offkey.adapters.exports.grafana.matchers import FIRING, OF_ALERTS, OF_EXPORTER, without_scrape_labels
from offkey.adapters.exports.grafana.panels import (
    ABSENT,
    ALARM_ABOVE_ZERO,
    BOUND,
    ORANGE,
    SKY,
    About,
    Columns,
    Query,
    curves,
    figure,
    listing,
    look,
)


def watched() -> stat.Panel:
    """Count what is watched."""
    about = About("Series watched", "Series with a verdict in the newest cycle.", ABSENT, decimals=0)
    return figure(about, Query(f"sum(offkey_series{{{OF_EXPORTER}}})"))


def anomalous() -> stat.Panel:
    """Count what is off."""
    about = About("Anomalous now", "Series outside their learned band; the table below names them.", ABSENT, decimals=0)
    return figure(about, Query(f"sum(offkey_anomalous_series{{{OF_EXPORTER}}})"), ALARM_ABOVE_ZERO)


def firing() -> stat.Panel:
    """Count the alerts that are on."""
    about = About(
        "Alerts firing",
        "Alerts of the rules that offkey wrote and of those that watch it; many at once mostly have one cause.",
        "Prometheus does not answer: check the data source",
        decimals=0,
    )
    return figure(about, Query(f"count({FIRING}) or vector(0)"), ALARM_ABOVE_ZERO)


def faults() -> stat.Panel:
    """Count the defects of the data."""
    about = About(
        "Data faults",
        "Defects of the data met by the newest cycle (gaps, impossible values, a source that fails); they are never "
        "anomalies. Signals, below, names them.",
        ABSENT,
        decimals=0,
    )
    none = f"0 * count(offkey_build_info{{{OF_EXPORTER}}})"
    return figure(about, Query(f"sum(offkey_data_fault) or {none}"), ((None, SKY), (1, ORANGE)))


def expected_alerts() -> stat.Panel:
    """Say what the bounds would have cost in the past."""
    about = About(
        "Expected alerts a week",
        "What the learned bounds would have cost on the past they were learned from. Signals, below, sets it against "
        "the budgets.",
        "Not learned yet: wait for the first cycles",
        decimals=1,
    )
    return figure(about, Query(f"sum(offkey_expected_alerts_per_week{{{OF_EXPORTER}}})"))


def firing_alerts() -> table.Panel:
    """List the alerts that are on."""
    about = About(
        "Firing alerts",
        "Alerts of the rules that offkey wrote and of those that watch it, and how long each has been on. Silence them "
        "in Alertmanager.",
        "No alert is firing",
    )
    active = " or ".join(f"ALERTS_FOR_STATE{{{alerts}}}" for alerts in OF_ALERTS)
    since = f'time() - ({active}) and ignoring (alertstate) ALERTS{{alertstate="firing"}}'
    return listing(
        about,
        Query(since, "for", look(unit="dtdurations", decimals=0)),
        columns=Columns(
            first=("alertname", "for", "severity"),  # then what tells the series of one rule apart
            hidden=("offkey_rule", "signal"),
            widths={"alertname": 190, "for": 105},
        ),
    )


def anomalous_by_signal() -> timeseries.Panel:
    """Show how many series of each signal were off."""
    about = About(
        "Anomalous series by signal",
        "Many signals at once mostly have one cause: begin with the one that rose first.",
        ABSENT,
        decimals=0,
    )
    query = f"sum by (signal) (offkey_anomalous_series{{{OF_EXPORTER}}})"
    return curves(about, Query(query, "{{signal}}"), ceiling=1)


def worst_scores() -> timeseries.Panel:
    """Show the worst score of each signal."""
    about = About(
        "Worst score by signal",
        "Highest score among the series of each signal; 1 is the learned bound.",
        "Every score is 0",
        decimals=2,
    )
    query = "max by (signal) (offkey_top_anomaly_score)"
    return curves(about, Query(query, "{{signal}}"), steps=BOUND, ceiling=1.5)


def coverage() -> timeseries.Panel:
    """Show how well the bands fit."""
    about = About(
        "Inside the band",
        "Share of recent samples inside the band. A steady fall means that the model no longer fits: look at the band "
        "of its worst series.",
        "Not learned yet: wait for the first cycles",
        unit="percentunit",
    )
    return curves(about, Query(f"offkey_band_coverage_ratio{{{OF_EXPORTER}}}", "{{signal}}"), ceiling=1)


def budgets() -> table.Panel:
    """Set expected alerts against what they may cost."""
    about = About(
        "Alert budgets",
        "Alerts a week that each signal may cost, and those its bounds would have cost in the past. Where more are "
        "expected than allowed, raise the budget or `min_deviation`.",
        "No signal has an alert",
        decimals=1,
    )
    return listing(
        about,
        Query(f"sum by (signal) (offkey_expected_alerts_per_week{{{OF_EXPORTER}}})", "expected a week"),
        Query(f"sum by (signal) (offkey_alert_budget_per_week{{{OF_EXPORTER}}})", "budget a week"),
        Query(f"sum by (signal) (offkey_series{{{OF_EXPORTER}}})", "series", look(decimals=0)),
        columns=Columns(first=("signal", "series", "budget a week", "expected a week")),
    )


def fault_list() -> table.Panel:
    """List the defects of the data."""
    about = About(
        "Data faults by kind",
        "What was wrong with the data in the newest cycle. Such samples are neither judged nor learned: mend the "
        "exporter or the query they come from.",
        "The data have no faults",
        decimals=0,
    )
    query = Query(without_scrape_labels("offkey_data_fault"), "samples")
    return listing(about, query, columns=Columns(("signal", "kind", "samples")))


def sample_age() -> timeseries.Panel:
    """Show how old the newest judged sample of each signal is."""
    about = About(
        "Age of the newest sample",
        "It should stay near the signal's step plus its offset. When it climbs, the source does not answer or the "
        "query gives nothing.",
        ABSENT,
        unit="s",
    )
    query = f"time() - max by (signal) (offkey_last_sample_timestamp_seconds{{{OF_EXPORTER}}})"
    return curves(about, Query(query, "{{signal}}"))
