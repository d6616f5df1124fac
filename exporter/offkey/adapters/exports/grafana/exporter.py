"""Panels about offkey itself: is it there, does it keep up, what fails."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from offkey.adapters.exports.grafana.page import OF_EXPORTER
from offkey.adapters.exports.grafana.panels import (
    ALARM_AT_ZERO,
    ORANGE,
    SKY,
    About,
    Columns,
    Query,
    curves,
    figure,
    line,
    listing,
)

ABSENT = "No offkey here: check that Prometheus scrapes it, and what is chosen under job and instance"

_OWN = f"{{{OF_EXPORTER}}}"
_RECENT = f"{_OWN}[$__rate_interval]"


def version() -> stat.Panel:
    """Name the running version."""
    about = About("Version", "What runs; two names mean that an upgrade is under way.", ABSENT)
    return figure(about, Query(f"count by (version) (offkey_build_info{_OWN})", "{{version}}"))


def configuration() -> stat.Panel:
    """Say whether the newest configuration is in use."""
    about = About(
        "Configuration",
        "Whether the configuration file could be read the last time. If refused, the one before is still in use: run "
        "`offkey check config`.",
        ABSENT,
    )
    query = Query(f"min(offkey_config_last_reload_successful{_OWN})")
    return figure(about, query, ALARM_AT_ZERO, {"0": "refused", "1": "ok"})


def sources() -> stat.Panel:
    """Say whether what is read answers."""
    about = About(
        "Sources",
        "Whether every Prometheus that offkey reads answered in the newest cycle. If not, nothing is judged: check "
        "that server, then offkey's log.",
        ABSENT,
    )
    return figure(about, Query(f"min(offkey_source_up{_OWN})"), ALARM_AT_ZERO, {"0": "down", "1": "up"})


def source_list() -> table.Panel:
    """List what is read and how it fails."""
    about = About(
        "Failed reads",
        "Reads that failed in the chosen time, by source and reason. `down` is the server's trouble, `rejected` a "
        "query it refuses: correct that signal.",
        "No read has failed",
        decimals=0,
    )
    failures = f"sum by (source, reason) (increase(offkey_source_failures_total{_OWN}[$__range]))"
    return listing(about, Query(f"{failures} > 0", "failures"), columns=Columns(("source", "reason", "failures")))


def duration() -> timeseries.Panel:
    """Show how long cycles take."""
    about = About(
        "Cycle duration",
        "How long a cycle takes. When it nears the step of the signals, watch fewer series or lengthen the step.",
        ABSENT,
        unit="s",
    )
    buckets = f"sum by (le) (rate(offkey_cycle_duration_seconds_bucket{_RECENT}))"
    return curves(
        about,
        Query(f"histogram_quantile(0.5, {buckets})", "half of them", line(SKY)),
        Query(f"histogram_quantile(0.95, {buckets})", "95 of 100", line(ORANGE)),
    )


def lag() -> timeseries.Panel:
    """Show how far behind the newest judged sample is."""
    about = About(
        "Lag",
        "Age of the newest judged sample when its cycle ends, worst signal. When it grows, the source is slow or late: "
        "look at Failed reads.",
        ABSENT,
        unit="s",
    )
    return curves(about, Query(f"offkey_cycle_lag_seconds{_OWN}", "{{instance}}"))


def cycles() -> timeseries.Panel:
    """Show how many cycles there are, and how many fail."""
    about = About(
        "Cycles",
        "Cycles a minute, and those that failed. Failed ones are told in offkey's log with their reason.",
        ABSENT,
        unit="cpm",
    )
    return curves(
        about,
        Query(f"60 * sum(rate(offkey_cycles_total{_RECENT}))", "all", line(SKY)),
        Query(f"60 * sum by (reason) (rate(offkey_cycle_failures_total{_RECENT}))", "failed: {{reason}}", line(ORANGE)),
    )


def dropped() -> timeseries.Panel:
    """Show how many series are left out."""
    about = About(
        "Series left out",
        "Series a minute that a cap leaves out. Raise `max_series` of the signal, or aggregate in its query.",
        "No series is left out",
        unit="cpm",
    )
    return curves(about, Query(f"60 * sum by (reason) (rate(offkey_series_dropped_total{_RECENT}))", "{{reason}}"))


def memory() -> timeseries.Panel:
    """Show the memory of the process."""
    about = About(
        "Memory",
        "Resident memory. It follows the number of series and what each learns; growth with a steady number of series "
        "is a defect worth reporting.",
        ABSENT,
        unit="bytes",
    )
    return curves(about, Query(f"process_resident_memory_bytes{_OWN}", "{{instance}}"))


def processor() -> timeseries.Panel:
    """Show the processor time of the process."""
    about = About("Processor", "Cores in use; 1 is one whole core.", ABSENT)
    return curves(about, Query(f"rate(process_cpu_seconds_total{_RECENT})", "{{instance}}"))
