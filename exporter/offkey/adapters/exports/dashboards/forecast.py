"""What is coming: which limits are in sight, what is forecast, and how well forecasts came true."""

from grafana_foundation_sdk.models import dashboard as model

from offkey.adapters.exports.grafana import capacity, series
from offkey.adapters.exports.grafana.page import Placed, Row, assemble, even


def build() -> model.Dashboard:
    """Return the dashboard."""
    summary = even(
        4,
        4,
        capacity.in_sight(),
        capacity.within_hour(),
        capacity.nearest(),
        capacity.time_left(),
        capacity.came_true(),
        capacity.usual_error(),
    )
    limits = (Placed(capacity.limits(), 14, 8), Placed(capacity.limit_by_signal(), 10, 8))
    chosen = (
        Placed(series.forecast(), 16, 9),
        Placed(series.ahead(), 8, 9),
        Placed(capacity.error(), 12, 8),
        Placed(capacity.limit_bounds(), 12, 8),
    )
    trust = (Placed(capacity.coverage(), 12, 8), Placed(capacity.horizons(), 12, 8))
    return assemble(
        "forecast",
        "Forecast and capacity",
        "What fills up, when it is full, and how far forecasts can be trusted.",
        [
            Row("", summary),
            Row("Limits", limits),
            Row("One series of $signal", chosen),
            Row("Trust in the forecasts", trust),
        ],
        choices=("signal", "series", "horizon"),
    )
