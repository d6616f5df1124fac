"""Panels about the one series that is chosen: its band, its score, its forecast."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from offkey.adapters.exports.grafana.matchers import OF_SERIES
from offkey.adapters.exports.grafana.panels import (
    BOUND,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    About,
    Columns,
    Query,
    curves,
    dashed,
    dots,
    edge,
    figure,
    line,
    listing,
)

NOTHING = "Nothing for this series: choose another signal or series; bands need `expose: full` in offkey.yml"

_THIS = f"{{{OF_SERIES}}}"
_EARLIER = f'{{horizon="$horizon",{OF_SERIES}}} offset $horizon'


def band() -> timeseries.Panel:
    """Show the series against what was expected of it."""
    about = About(
        "Seen and expected",
        "The chosen series (solid), what was expected of it (dashed) and the band in which it is not anomalous; on a "
        "side that never alerts it ends at the expected value. If the band is wrong for what you know of the service, "
        "set `direction` or `min_deviation` of the signal.",
        NOTHING,
    )
    return curves(
        about,
        Query(f"offkey_upper{_THIS} or offkey_expected{_THIS}", "upper", edge(GREY, fill_to="lower")),
        Query(f"offkey_lower{_THIS} or offkey_expected{_THIS}", "lower", edge(GREY)),
        Query(f"offkey_expected{_THIS}", "expected", dashed(ORANGE)),
        Query(f"offkey_observed{_THIS}", "seen", line(SKY)),
        Query(f"offkey_anomaly_observed{_THIS}", "anomalous", dots(VERMILION)),
    )


def score() -> timeseries.Panel:
    """Show how strange the series was."""
    about = About(
        "Score",
        "0 is as expected, 1 the learned bound, and above it the series is anomalous. A gap means that nothing could "
        "be said.",
        "No score: the series is still being learned, or has no samples",
        decimals=2,
    )
    return curves(about, Query(f"offkey_anomaly_score{_THIS}", "score", line(SKY)), steps=BOUND, ceiling=1.5)


def forecast() -> timeseries.Panel:
    """Show what was forecast for each moment against what came."""
    about = About(
        "Forecast made $horizon earlier",
        "What came (solid) against what was forecast for that moment $horizon earlier (dashed), with its bounds. Let "
        "the time range end at now+$horizon to see the forecast go on.",
        NOTHING,
    )
    return curves(
        about,
        Query(f"offkey_forecast_upper{_EARLIER}", "upper", edge(GREY, fill_to="lower")),
        Query(f"offkey_forecast_lower{_EARLIER}", "lower", edge(GREY)),
        Query(f"offkey_forecast{_EARLIER}", "forecast", dashed(ORANGE)),
        Query(f"offkey_observed{_THIS}", "seen", line(SKY)),
    )


def ahead() -> table.Panel:
    """List the newest forecast, by how far it looks ahead."""
    about = About(
        "Forecast",
        "What the chosen series will be, and the bounds that nine of ten values stay within.",
        NOTHING,
    )
    return listing(
        about,
        Query(f"max by (horizon) (offkey_forecast{_THIS})", "value"),
        Query(f"max by (horizon) (offkey_forecast_lower{_THIS})", "lower"),
        Query(f"max by (horizon) (offkey_forecast_upper{_THIS})", "upper"),
        columns=Columns(first=("horizon", "lower", "value", "upper"), sorted_by="horizon"),
    )


def limit() -> stat.Panel:
    """Say when the series will cross its limit."""
    about = About(
        "Time to the limit",
        "When the forecast crosses the signal's limit. Act before it does; the bounds of the forecast say how sure it "
        "is.",
        "None in sight",
        unit="s",
        decimals=1,
    )
    return figure(about, Query(f"min(offkey_time_to_limit_seconds{_THIS})"))


def ready() -> stat.Panel:
    """Say how much of what it needs was learned."""
    about = About(
        "Learned",
        "Share of the history the chosen series needs that has been seen. Below 100 % it is not judged yet.",
        "Unknown",
        unit="percentunit",
        decimals=0,
    )
    return figure(about, Query(f"min(offkey_series_ready_ratio{_THIS})"))
