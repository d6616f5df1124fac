"""Panels about what is coming: limits in sight, and how well forecasts came true."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from offkey.adapters.exports.grafana.matchers import OF_EXPORTER, OF_SERIES, without_scrape_labels
from offkey.adapters.exports.grafana.panels import (
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    About,
    Columns,
    Query,
    Steps,
    curves,
    edge,
    figure,
    line,
    listing,
    look,
)
from offkey.adapters.exports.grafana.series import NOTHING

NO_LIMIT = "No limit in sight: set `forecast: {limit: ...}` on signals that fill up, such as disks and queues"

_LIMIT = "offkey_time_to_limit_seconds"
_NONE = f"0 * count(offkey_build_info{{{OF_EXPORTER}}})"
_SOON: Steps = ((None, VERMILION), (3600, ORANGE), (4 * 3600, SKY))
_SOME: Steps = ((None, SKY), (1, ORANGE))
_SEEN = f"offkey_observed{{{OF_SERIES}}}"
_EARLIER = f'{{horizon="$horizon",{OF_SERIES}}} offset $horizon'


def in_sight() -> stat.Panel:
    """Count the series that will reach their limit."""
    about = About(
        "Series that reach a limit",
        "Series whose forecast crosses the limit of their signal within the longest horizon; the list names them.",
        "Prometheus does not answer: check the data source",
        decimals=0,
    )
    return figure(about, Query(f"count({_LIMIT}) or {_NONE}"), _SOME)


def within_hour() -> stat.Panel:
    """Count those that will do so soon."""
    about = About(
        "Within an hour",
        "Of these, those that get there within an hour: act now.",
        "Prometheus does not answer: check the data source",
        decimals=0,
    )
    return figure(about, Query(f"count({_LIMIT} < 3600) or {_NONE}"), ((None, SKY), (1, VERMILION)))


def nearest() -> stat.Panel:
    """Say when the first limit is reached."""
    about = About(
        "Nearest limit",
        "Time until the first series reaches its limit, if it goes on as forecast.",
        "None in sight",
        unit="s",
        decimals=1,
    )
    return figure(about, Query(f"min({_LIMIT})"), _SOON)


def forecast_series() -> stat.Panel:
    """Count what is forecast."""
    about = About(
        "Series forecast",
        "Series of the chosen signal with a forecast at the chosen horizon. None: set `expose: full` and "
        "`forecast: {horizons: [1h]}`.",
        "No forecast of this signal: it needs `expose: full`, and history to learn from",
        decimals=0,
    )
    return figure(about, Query('count(offkey_forecast{signal="$signal",horizon="$horizon"})'))


def came_true() -> stat.Panel:
    """Say how often the bounds held."""
    about = About(
        "Inside the bounds",
        "Share of the chosen series' samples that came within the bounds forecast $horizon earlier; 90 % is what they "
        "promise. Far less: choose another `forecaster`.",
        "No forecast has come due yet: choose a shorter horizon or a longer time",
        unit="percentunit",
        decimals=0,
    )
    lower, upper = (f"offkey_forecast_{side}{_EARLIER}" for side in ("lower", "upper"))
    judged = f"{_SEEN} and ignoring (horizon) {lower}"
    inside = f"{_SEEN} >= ignoring (horizon) {lower} <= ignoring (horizon) {upper}"
    query = (
        f"(sum(count_over_time(({inside})[$__range:5m])) or vector(0)) / sum(count_over_time(({judged})[$__range:5m]))"
    )
    return figure(about, Query(query))


def usual_error() -> stat.Panel:
    """Say how far off forecasts usually were."""
    about = About(
        "Usual error",
        "Median distance between the chosen series and what was forecast for it $horizon earlier, as a share of what "
        "came.",
        "No forecast has come due yet: choose a shorter horizon or a longer time",
        unit="percentunit",
        decimals=1,
    )
    share = f"abs({_SEEN} - ignoring (horizon) offkey_forecast{_EARLIER}) / abs({_SEEN} != 0)"
    return figure(about, Query(f"max(quantile_over_time(0.5, ({share})[$__range:5m]))"))


def limits() -> table.Panel:
    """List the series that reach their limit, the next first."""
    about = About(
        "Next limits",
        "Series that reach their signal's limit if they go on as forecast, the next first. Make room, or raise the "
        "limit if it was set too low.",
        NO_LIMIT,
        unit="dtdurations",
        decimals=0,
    )
    left = Query(without_scrape_labels(f"bottomk(50, {_LIMIT})"), "time left")
    return listing(
        about,
        left,
        columns=Columns(first=("signal", "time left"), widths={"signal": 150, "time left": 170}, sorted_by="time left"),
    )


def limit_by_signal() -> timeseries.Panel:
    """Show how the nearest limit of each signal moves."""
    about = About(
        "Nearest limit by signal",
        "Time until the first series of each signal reaches its limit. A curve that falls as fast as time passes is "
        "sure; one that jumps is not.",
        NO_LIMIT,
        unit="dtdurations",
    )
    return curves(about, Query(f"min by (signal) ({_LIMIT})", "{{signal}}"), ceiling=3600)


def error() -> timeseries.Panel:
    """Show how far off forecasts were."""
    about = About(
        "Forecast error",
        "What came less what was forecast $horizon earlier, and the room the bounds left. On one side of 0 for long: "
        "the series changed its level.",
        NOTHING,
    )
    point = f"ignoring (horizon) (offkey_forecast{_EARLIER})"
    sides = {side: f"offkey_forecast_{side}{_EARLIER} - offkey_forecast{_EARLIER}" for side in ("upper", "lower")}
    return curves(
        about,
        Query(sides["upper"], "upper bound", edge(GREY, fill_to="lower bound")),
        Query(sides["lower"], "lower bound", edge(GREY)),
        Query(f"{_SEEN} - {point}", "error", line(SKY)),
    )


def horizons() -> table.Panel:
    """List what is forecast, by signal."""
    about = About(
        "What is forecast",
        "Series with a forecast, by signal and horizon.",
        "Nothing is forecast: set `expose: full` and `forecast: {horizons: [1h]}`",
        decimals=0,
    )
    query = Query("count by (signal, horizon) (offkey_forecast)", "series", look(decimals=0))
    return listing(about, query, columns=Columns(first=("signal", "horizon", "series"), sorted_by="signal"))
