"""One series: what was seen and expected, why it is off, and what is forecast."""

from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana import series, why
from offkey.adapters.exports.grafana.page import Placed, Row, assemble, even


def build() -> model.Dashboard:
    """Return the dashboard."""
    summary = even(
        4, 4, why.score_now(), why.seen_now(), why.expected_now(), why.off_by(), why.anomalous_share(), series.ready()
    )
    reasons = (
        Placed(why.distance(), 12, 8),
        Placed(why.before(), 12, 8),
        Placed(why.others(), 12, 7),
        Placed(why.alerts(), 6, 7),
        Placed(why.faults(), 6, 7),
    )
    ahead = (Placed(series.forecast(), 12, 8), Placed(series.ahead(), 9, 8), Placed(series.limit(), 3, 8))
    return assemble(
        "series",
        "Series drill-down",
        "Why one series is off: by how much, since when, alone or with others.",
        [
            Row("", summary),
            Row("", (Placed(series.band(), 16, 10), Placed(series.score(), 8, 10))),
            Row("Why", reasons),
            Row("Forecast", ahead),
        ],
        choices=("signal", "series", "horizon"),
    )
