"""What alerts cost: their volume before and after a change, against the budgets, and where the bounds lie."""

from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana import volume, worth
from offkey.adapters.exports.grafana.page import Placed, Row, assemble


def build() -> model.Dashboard:
    """Return the dashboard."""
    summary = (
        volume.allowed(),
        volume.begun(),
        volume.over_budget(),
        worth.precision(),
        volume.usual_delay(),
        volume.busiest(),
    )
    cost = (
        Placed(volume.weeks(), 12, 8),
        Placed(volume.by_rule(), 12, 8),
        Placed(volume.costs(), 14, 8),
        Placed(volume.delays(), 10, 8),
    )
    worthwhile = (Placed(worth.record(), 14, 8), Placed(worth.precisions(), 10, 8))
    chosen = (
        Placed(volume.ranks(), 12, 8),
        Placed(volume.anomalous_weeks(), 12, 8),
        Placed(volume.bounds(), 12, 8),
        Placed(volume.states(), 6, 8),
        Placed(volume.firing_time(), 6, 8),
    )
    return assemble(
        "tuning",
        "Alert tuning",
        "What alerts cost people, what they may cost, and which signal to tune first.",
        [
            Row("", tuple(Placed(panel, width, 4) for panel, width in zip(summary, (3, 3, 4, 4, 3, 7), strict=True))),
            Row("Volume", cost),
            Row("Worth", worthwhile),
            Row("Bounds of $signal", chosen),
        ],
        choices=("signal", "series"),
    )
