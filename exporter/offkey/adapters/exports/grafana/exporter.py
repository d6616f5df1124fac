"""Panels about offkey itself: is it there, does it keep up, what fails."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from offkey.adapters.exports.grafana.matchers import OF_EXPORTER, or_none
from offkey.adapters.exports.grafana.panels import (
    ABSENT,
    ALARM_AT_ZERO,
    ORANGE,
    SKY,
    VERMILION,
    About,
    Columns,
    Query,
    curves,
    figure,
    line,
    listing,
)

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
        ABSENT,
        decimals=0,
    )
    failures = f"sum by (source, reason) (increase(offkey_source_failures_total{_OWN}[$__range]))"
    return listing(about, Query(failures, "failures"), columns=Columns(("source", "reason", "failures")))


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
        Query(
            or_none(
                f"60 * sum by (reason) (rate(offkey_cycle_failures_total{_RECENT}))",
                "reason",
                f"offkey_build_info{_OWN}",
            ),
            "failed: {{reason}}",
            line(ORANGE),
        ),
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
    about = About("Processor", "Cores in use; 1 is one whole core.", ABSENT, decimals=2)
    return curves(about, Query(f"rate(process_cpu_seconds_total{_RECENT})", "{{instance}}"), ceiling=0.1)


def instances() -> stat.Panel:
    """Count the exporters."""
    about = About("Exporters", "Instances that answer now.", ABSENT, decimals=0)
    return figure(about, Query(f"count(offkey_build_info{_OWN})"))


def lag_now() -> stat.Panel:
    """Say how far behind the worst signal is."""
    about = About(
        "Lag now",
        "Age of the newest judged sample when its cycle ended, worst signal; it should stay near the longest step plus "
        "offset.",
        "No cycle has ended yet: wait, or look at offkey's log",
        unit="s",
        decimals=1,
    )
    return figure(about, Query(f"max(offkey_cycle_lag_seconds{_OWN})"))


def failed_cycles() -> stat.Panel:
    """Count the cycles that failed."""
    about = About(
        "Failed cycles",
        "Cycles that ended with an error in the chosen time. The log gives the reason.",
        "None has failed",
        decimals=0,
    )
    none = f"0 * count(offkey_build_info{_OWN})"
    failed = f"sum(increase(offkey_cycle_failures_total{_OWN}[$__range])) or {none}"
    return figure(about, Query(failed), ((None, SKY), (1, ORANGE)))


def source_up() -> timeseries.Panel:
    """Show when sources did not answer."""
    about = About(
        "Sources that answer",
        "1 while a source answers, 0 while not. Series of a silent source are not judged, and page nobody.",
        ABSENT,
        decimals=0,
    )
    return curves(about, Query(f"min by (source) (offkey_source_up{_OWN})", "{{source}}"), ceiling=1.2)


def source_failures() -> timeseries.Panel:
    """Show reads that failed, over time."""
    about = About(
        "Reads that fail",
        "Reads a minute without a usable answer, by source and reason.",
        ABSENT,
        unit="cpm",
    )
    failed = f"60 * sum by (source, reason) (rate(offkey_source_failures_total{_RECENT}))"
    return curves(about, Query(failed, "{{source}}: {{reason}}"), ceiling=1)


def skipped() -> timeseries.Panel:
    """Show cycles that were left out."""
    about = About(
        "Cycles skipped",
        "Cycles a minute left out because the one before took too long. Any at all: watch fewer series, or "
        "lengthen steps.",
        ABSENT,
        unit="cpm",
    )
    return curves(
        about, Query(f"60 * sum(rate(offkey_cycles_skipped_total{_RECENT}))", "skipped", line(ORANGE)), ceiling=1
    )


def state() -> timeseries.Panel:
    """Show trouble with what is stored."""
    about = About(
        "Storage trouble",
        "Times an hour that what was learned could not be stored, and stored files set aside because they were "
        "damaged. See whether the volume is full or read-only.",
        ABSENT,
        decimals=0,
    )
    return curves(
        about,
        Query(f"3600 * sum(rate(offkey_state_write_failures_total{_RECENT}))", "not stored", line(VERMILION)),
        Query(f"3600 * sum(rate(offkey_state_damaged_total{_RECENT}))", "damaged", line(ORANGE)),
        ceiling=1,
    )


def scrape() -> timeseries.Panel:
    """Show how long a scrape takes."""
    about = About(
        "Scrape duration",
        "How long Prometheus takes to read /metrics. Near its scrape timeout: `expose: score` or `anomalous` on large "
        "signals.",
        ABSENT,
        unit="s",
    )
    scraped = f"scrape_duration_seconds{_OWN} and on (job, instance) offkey_build_info"
    return curves(about, Query(scraped, "{{instance}}"))


def samples() -> timeseries.Panel:
    """Show how many samples a scrape brings."""
    about = About(
        "Samples a scrape",
        "Series that offkey adds to Prometheus; each costs about 3.5 KB of its memory. `expose: score` or `anomalous` "
        "makes them fewer.",
        ABSENT,
        decimals=0,
    )
    scraped = f"scrape_samples_scraped{_OWN} and on (job, instance) offkey_build_info"
    return curves(about, Query(scraped, "{{instance}}"))


def files() -> timeseries.Panel:
    """Show open files against what is allowed."""
    about = About(
        "Open files",
        "File descriptors in use, as a share of those allowed. Near 1, raise the limit of the service.",
        ABSENT,
        unit="percentunit",
    )
    return curves(about, Query(f"process_open_fds{_OWN} / process_max_fds{_OWN}", "{{instance}}"))


def series_by_signal() -> timeseries.Panel:
    """Show what the signals cost."""
    about = About(
        "Series by signal",
        "Series with a verdict. A jump is a new label value or a changed query; caps are in Series left out.",
        ABSENT,
        decimals=0,
    )
    return curves(about, Query(f"sum by (signal) (offkey_series{_OWN})", "{{signal}}"))


def configuration_age() -> stat.Panel:
    """Say when the configuration was read."""
    about = About(
        "Configuration read",
        "How long ago the configuration in force was read. Older than your last change: send SIGHUP, or see "
        "Configuration.",
        ABSENT,
        unit="s",
        decimals=0,
    )
    query = f"time() - min(offkey_config_last_reload_success_timestamp_seconds{_OWN})"
    return figure(about, Query(query))
