"""What is off now, one series against what was expected of it, its forecast, and whether offkey itself is well."""

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana import exporter, fleet, series
from offkey.adapters.exports.grafana.matchers import without_scrape_labels
from offkey.adapters.exports.grafana.page import Placed, Row, assemble, even
from offkey.adapters.exports.grafana.panels import About, Columns, Query, listing, look

_THIS_SIGNAL = (
    "/d/offkey-series?var-signal=${__data.fields.signal:percentencode}"
    "&${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"
)


def build() -> model.Dashboard:
    """Return the dashboard."""
    about = "What is anomalous now, and one series against what was expected of it."
    now = Row("Now", (Placed(anomalous_series(), 13, 7), Placed(fleet.firing_alerts(), 11, 7)))
    rows = [summary(), now, one_series(), signals(), own()]
    return assemble("overview", "Overview", about, rows, choices=("signal", "series", "horizon"))


def summary() -> Row:
    """Return the row that says whether to read on."""
    told = (fleet.watched(), fleet.anomalous(), fleet.firing(), fleet.faults())
    return Row("", even(4, 4, *told, exporter.sources(), fleet.expected_alerts()))


def one_series() -> Row:
    """Return the row about the chosen series."""
    seen = (Placed(series.band(), 16, 10), Placed(series.score(), 8, 10))
    ahead = even(9, 8, series.forecast(), series.ahead())
    return Row("One series of $signal", (*seen, *ahead, *even(3, 8, series.limit(), series.ready())))


def signals() -> Row:
    """Return the row about all signals."""
    strange = (fleet.anomalous_by_signal(), fleet.worst_scores(), fleet.coverage())
    told = even(12, 8, *strange, fleet.budgets(), fleet.fault_list(), fleet.sample_age())
    return Row("Signals", told, is_collapsed=True)


def own() -> Row:
    """Return the row about offkey itself."""
    work = (exporter.duration(), exporter.lag(), exporter.cycles())
    curves = even(8, 8, *work, exporter.dropped(), exporter.memory(), exporter.processor())
    words = even(6, 6, exporter.version(), exporter.configuration())
    return Row("Exporter", (*curves, Placed(exporter.source_list(), 12, 6), *words), is_collapsed=True)


def anomalous_series() -> table.Panel:
    """List what is off, worst first."""
    about = About(
        "Anomalous series",
        "Every series outside its band now, worst first; a score of 1 is the learned bound. Click a signal to see why.",
        "Nothing is off: every series that is judged is inside its band",
    )
    return listing(
        about,
        Query(without_scrape_labels("offkey_anomaly"), "score", look(decimals=2)),
        Query(without_scrape_labels("offkey_anomaly_observed"), "seen"),
        Query(without_scrape_labels("offkey_anomaly_expected"), "usual"),
        columns=Columns(
            first=("signal", "score", "seen", "usual"), widths={"signal": 150}, links={"signal": _THIS_SIGNAL}
        ),
    )
