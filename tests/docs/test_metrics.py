"""The page about metrics and the program say the same."""

import io
import re
from pathlib import Path

from prometheus_client.core import Metric
from snapshots import snapshot

from offkey.adapters.sinks import _families as families
from offkey.adapters.sinks._text import RESERVED
from offkey.app.logs import logger
from offkey.app.telemetry import Telemetry
from offkey.engine.alertquality import AlertId, AlertQuality
from offkey.engine.ruleplay.episodes import Cost

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `offkey_")
]


RECORD = [AlertQuality(AlertId("A", "info", "a"), (), Cost((), 0, 1.0, 0, 0.0), gaps=(), right=1, wrong=0, hears=True)]


def own_metrics() -> list[Metric]:
    """Return the families that offkey exposes about itself."""
    telemetry = Telemetry(logger("error", "logfmt", io.StringIO()))
    telemetry.observe(snapshot())
    telemetry.reviewed(RECORD, 1.0)
    return [family for family in telemetry.collect() if family.name.startswith("offkey_")]


def test_every_metric_is_documented_and_every_documented_one_exists():
    """Names in the tables are exactly the exposed ones, each once."""
    own = [f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in own_metrics()]
    assert sorted(row[0].strip("`") for row in ROWS) == sorted([*own, *(family.name for family in families.ALL)])


def test_own_labels_are_documented():
    """Every label of a metric of offkey's own is named in its row."""
    rows = {row[0].strip("`"): row[1] for row in ROWS}
    for metric in own_metrics():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        labels = {label for sample in metric.samples for label in sample.labels} - {"le"}
        assert labels <= set(re.findall(r"`(\w+)`", rows[name])), name


def test_reserved_labels_are_documented():
    """The labels that a source's own make way for are listed."""
    assert "A source label called " + ", ".join(f"`{name}`" for name in RESERVED[:-1]) + f" or `{RESERVED[-1]}`" in PAGE


def test_no_row_is_longer_than_a_thought():
    """Meanings are one sentence."""
    assert all(len(row) == 4 and 0 < len(row[3]) < 160 for row in ROWS)
