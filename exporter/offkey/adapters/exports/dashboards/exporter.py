"""Whether offkey itself is well: its cycles, what it reads, what it costs."""

from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana import exporter, fleet
from offkey.adapters.exports.grafana.page import Placed, Row, assemble, even


def build() -> model.Dashboard:
    """Return the dashboard."""
    about = "Whether offkey keeps up, can read what it watches, and what it costs."
    return assemble("exporter", "Exporter health", about, [summary(), work(), reading(), cost(), process()])


def summary() -> Row:
    """Return the row that says whether to read on."""
    told = (exporter.instances(), exporter.sources(), exporter.configuration(), exporter.lag_now())
    return Row("", even(4, 4, *told, exporter.failed_cycles(), fleet.watched()))


def work() -> Row:
    """Return the row about cycles."""
    cycles = (exporter.duration(), exporter.lag(), exporter.cycles(), exporter.skipped())
    return Row("Work", even(8, 8, *cycles, fleet.sample_age(), exporter.state()))


def reading() -> Row:
    """Return the row about sources."""
    return Row("Reading", even(8, 8, exporter.source_up(), exporter.source_failures(), exporter.source_list()))


def cost() -> Row:
    """Return the row about series, memory and time."""
    series = (exporter.series_by_signal(), exporter.dropped(), exporter.samples())
    return Row("Cost", even(8, 8, *series, exporter.scrape(), exporter.memory(), exporter.processor()))


def process() -> Row:
    """Return the row about the process."""
    words = even(6, 6, exporter.version(), exporter.configuration_age())
    return Row("Process", (Placed(exporter.files(), 12, 6), *words), is_collapsed=True)
