"""Panels about what is coming: limits in sight, and how well forecasts came true."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from offkey.adapters.exports.grafana.matchers import OF_EXPORTER, OF_SERIES, OF_SIGNAL, without_scrape_labels
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
    dashed,
    edge,
    figure,
    line,
    listing,
)
from offkey.adapters.exports.grafana.series import NOTHING

NOT_DUE = "No forecast of this signal has come due yet, or none is made: set `forecast: {horizons: [1h]}`"
NO_NEAREST = "No limit in sight, or not recorded: load rules/offkey.rules.yml"
NO_LIMIT = "No limit in sight: set `forecast: {limit: ...}` on signals that fill up, such as disks and queues"

_LIMIT, _EARLIEST, _LATEST = (f"offkey_time_to_limit_{side}seconds" for side in ("", "lower_", "upper_"))
_NONE = f"0 * count(offkey_build_info{{{OF_EXPORTER}}})"
_SOON: Steps = ((None, VERMILION), (3600, ORANGE), (4 * 3600, SKY))
_SOME: Steps = ((None, SKY), (1, ORANGE))
_SEEN = f"offkey_observed{{{OF_SERIES}}}"
_EARLIER = f'{{horizon="$horizon",{OF_SERIES}}} offset $horizon'
_PROMISED: Steps = ((None, "transparent"), (0.9, ORANGE))
_CHOSEN = f'horizon="$horizon",{OF_EXPORTER},{OF_SIGNAL}'


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


def came_true() -> stat.Panel:
    """Say how often the bounds held."""
    about = About(
        "Inside the bounds",
        "Share of the signal's forecasts, $horizon ahead, whose truth came within their bounds; 90 % is what they "
        "promise. Far less: choose another `forecaster`.",
        NOT_DUE,
        unit="percentunit",
        decimals=0,
    )
    return figure(about, Query(f"max({_lately('coverage', _CHOSEN)})"))


def usual_error() -> stat.Panel:
    """Say how far off forecasts were, beside the simplest one."""
    about = About(
        "Error, last day = 100 %",
        "Error of the signal's forecasts, $horizon ahead, beside that of repeating the last day, median of its series. "
        "Above 100 % the simplest forecast is better: choose another `forecaster`.",
        NOT_DUE,
        unit="percentunit",
        decimals=0,
    )
    return figure(about, Query(f"max({_lately('error', _CHOSEN)})"), ((None, SKY), (1, ORANGE)))


def time_left() -> stat.Panel:
    """Say when the chosen series reaches its limit."""
    about = About(
        "Limit of the series",
        "When the chosen series reaches its signal's limit, if it goes on as forecast; its bounds, below, say "
        "how sure that is.",
        "None in sight",
        unit="s",
        decimals=1,
    )
    return figure(about, Query(f"min({_LIMIT}{{{OF_SERIES}}})"), _SOON)


def coverage() -> timeseries.Panel:
    """Show how often the bounds of the signal's forecasts held."""
    about = About(
        "Inside the bounds, by horizon",
        "Share of the signal's forecasts whose truth came within their 90 % bounds, by how far they looked ahead. "
        "Below the line for long: the signal has changed, or needs another `forecaster`.",
        NOT_DUE,
        unit="percentunit",
    )
    query = Query(f"max by (horizon) (offkey_forecast_coverage_ratio{{{OF_EXPORTER},{OF_SIGNAL}}})", "{{horizon}}")
    return curves(about, query, steps=_PROMISED, ceiling=1)


def limit_bounds() -> timeseries.Panel:
    """Show how early and how late the chosen series may reach its limit."""
    about = About(
        "Limit of the series, with bounds",
        "Time until the chosen series reaches its signal's limit, the earliest and the latest by the 90 % bounds of "
        "the forecast. Bounds that close in make it sure; without a latest one it may never come.",
        NO_LIMIT,
        unit="s",
        decimals=1,
    )
    return curves(
        about,
        Query(f"{_LATEST}{{{OF_SERIES}}}", "latest", edge(GREY, fill_to="earliest")),
        Query(f"{_EARLIEST}{{{OF_SERIES}}}", "earliest", edge(GREY)),
        Query(f"{_LIMIT}{{{OF_SERIES}}}", "as forecast", dashed(ORANGE)),
        ceiling=3600,
    )


def limits() -> table.Panel:
    """List the series that reach their limit, the next first."""
    about = About(
        "Next limits",
        "Series that reach their signal's limit if they go on as forecast, or may by the bounds of the forecast, the "
        "earliest first. Make room, or raise the limit if it was set too low.",
        NO_LIMIT,
        unit="s",
        decimals=1,
    )
    left, earliest, latest = (
        Query(without_scrape_labels(f"bottomk(50, {metric})"), name)
        for metric, name in ((_LIMIT, "time left"), (_EARLIEST, "earliest"), (_LATEST, "latest"))
    )
    first = ("signal", "time left", "earliest", "latest")
    widths = {"signal": 150, **dict.fromkeys(first[1:], 150)}
    return listing(about, left, earliest, latest, columns=Columns(first=first, widths=widths, sorted_by="earliest"))


def limit_by_signal() -> timeseries.Panel:
    """Show how the nearest limit of each signal moves."""
    about = About(
        "Nearest limit by signal",
        "Time until the first series of each signal reaches its limit. A curve that falls as fast as time passes is "
        "sure; one that jumps is not.",
        NO_NEAREST,
        unit="s",
        decimals=1,
    )
    return curves(about, Query("signal:offkey_time_to_limit_seconds:min", "{{signal}}"), ceiling=3600)


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
    """List how well each signal is forecast."""
    about = About(
        "How forecasts came true",
        "By signal and horizon: the share of forecasts whose truth came within their 90 % bounds, and their error "
        "beside that of repeating the last day (100 %).",
        "No forecast has come due yet: set `forecast: {horizons: [1h]}` and wait that long",
        unit="percentunit",
        decimals=0,
    )
    return listing(
        about,
        Query(f"max by (signal, horizon) ({_lately('coverage', OF_EXPORTER)})", "inside"),
        Query(f"max by (signal, horizon) ({_lately('error', OF_EXPORTER)})", "error"),
        columns=Columns(first=("signal", "horizon", "inside", "error"), sorted_by="inside"),
    )


def _lately(what: str, matchers: str) -> str:
    """Return how forecasts came true; after a restart, what was known before stands until the first come due."""
    return f"last_over_time(offkey_forecast_{what}_ratio{{{matchers}}}[4h])"
