"""What is off now, one series against what was expected of it, its forecast, and whether offkey itself is well."""

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana import exporter, series
from offkey.adapters.exports.grafana.page import FIRING, OF_ALERTS, OF_EXPORTER, Placed, Row, assemble
from offkey.adapters.exports.grafana.panels import (
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

_THIS_SIGNAL = (
    "/d/offkey-overview?var-signal=${__data.fields.signal:percentencode}"
    "&${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"
)


def build() -> model.Dashboard:
    """Return the dashboard."""
    summary = (watched(), anomalous(), firing(), faults(), exporter.sources(), expected_alerts())
    now = (Placed(anomalous_series(), 13, 7), Placed(firing_alerts(), 11, 7))
    chosen = (
        Placed(series.band(), 16, 10),
        Placed(series.score(), 8, 10),
        Placed(series.forecast(), 9, 8),
        Placed(series.ahead(), 9, 8),
        Placed(series.limit(), 3, 8),
        Placed(series.ready(), 3, 8),
    )
    signals = (anomalous_by_signal(), worst_scores(), coverage(), budgets(), fault_list(), sample_age())
    own = (
        exporter.duration(),
        exporter.lag(),
        exporter.cycles(),
        exporter.dropped(),
        exporter.memory(),
        exporter.processor(),
    )
    health = (
        *(Placed(panel, 8, 8) for panel in own),
        Placed(exporter.source_list(), 12, 6),
        Placed(exporter.version(), 6, 6),
        Placed(exporter.configuration(), 6, 6),
    )
    return assemble(
        "overview",
        "Overview",
        "What is anomalous now, and one series against what was expected of it.",
        [
            Row("", tuple(Placed(panel, 4, 4) for panel in summary)),
            Row("Now", now),
            Row("One series of $signal", chosen),
            Row("Signals", tuple(Placed(panel, 12, 8) for panel in signals), is_collapsed=True),
            Row("Exporter", health, is_collapsed=True),
        ],
    )


def watched() -> stat.Panel:
    """Count what is watched."""
    about = About("Series watched", "Series with a verdict in the newest cycle.", exporter.ABSENT, decimals=0)
    return figure(about, Query(f"sum(offkey_series{{{OF_EXPORTER}}})"))


def anomalous() -> stat.Panel:
    """Count what is off."""
    about = About(
        "Anomalous now", "Series outside their learned band; the table below names them.", exporter.ABSENT, decimals=0
    )
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
        exporter.ABSENT,
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


def anomalous_series() -> table.Panel:
    """List what is off, worst first."""
    about = About(
        "Anomalous series",
        "Every series outside its band now, worst first; a score of 1 is the learned bound. Click a signal to see its "
        "worst series below.",
        "Nothing is off: every series that is judged is inside its band",
    )
    return listing(
        about,
        Query(_without_scrape_labels("offkey_anomaly"), "score", look(decimals=2)),
        Query(_without_scrape_labels("offkey_anomaly_observed"), "seen"),
        Query(_without_scrape_labels("offkey_anomaly_expected"), "usual"),
        columns=Columns(
            first=("signal", "score", "seen", "usual"), widths={"signal": 150}, links={"signal": _THIS_SIGNAL}
        ),
    )


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
            first=("alertname", "for", "severity", "team", "service"),
            hidden=("offkey_rule", "signal"),
            widths={"alertname": 190, "for": 105},
        ),
    )


def anomalous_by_signal() -> timeseries.Panel:
    """Show how many series of each signal were off."""
    about = About(
        "Anomalous series by signal",
        "Many signals at once mostly have one cause: begin with the one that rose first.",
        exporter.ABSENT,
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
    return curves(about, Query(f"offkey_band_coverage_ratio{{{OF_EXPORTER}}}", "{{signal}}"))


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
        Query(f"sum by (signal) (offkey_series{{{OF_EXPORTER}}})", "series"),
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
    query = Query(_without_scrape_labels("offkey_data_fault"), "samples")
    return listing(about, query, columns=Columns(("signal", "kind", "samples")))


def sample_age() -> timeseries.Panel:
    """Show how old the newest judged sample of each signal is."""
    about = About(
        "Age of the newest sample",
        "It should stay near the signal's step plus its offset. When it climbs, the source does not answer or the "
        "query gives nothing.",
        exporter.ABSENT,
        unit="s",
    )
    query = f"time() - max by (signal) (offkey_last_sample_timestamp_seconds{{{OF_EXPORTER}}})"
    return curves(about, Query(query, "{{signal}}"))


def _without_scrape_labels(metric: str) -> str:
    """Take off the job and instance that are only there because offkey was scraped; a source's own ones stay."""
    scraped = "on (job, instance) offkey_build_info"
    return f"max without (job, instance) ({metric} and {scraped}) or max without () ({metric} unless {scraped})"
