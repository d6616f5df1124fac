"""Panels about what alerts cost people, and what they are allowed to."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from offkey.adapters.exports.grafana.matchers import OF_EXPORTER, OF_SERIES, OF_SIGNAL
from offkey.adapters.exports.grafana.panels import (
    ABSENT,
    BOUND,
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
    figure,
    line,
    listing,
    look,
)
from offkey.adapters.exports.grafana.series import NOTHING

NOT_COUNTED = "Nothing counted: load rules/offkey.rules.yml, which records the start of every alert"

_STARTS = "team_rule:offkey_alert_starts:count1m"
_DELAY = "team_rule:offkey_alert_delay_seconds:first"
_WEEK = f"sum_over_time({_STARTS}[1w])"
_WEEK_BEFORE = f"sum_over_time({_STARTS}[1w] offset 1w)"
_OWN = f"{{{OF_EXPORTER}}}"
_BY_SIGNAL = '"signal", "$1", "offkey_rule", "(.+)"'
_EXPECTED = f"sum by (signal) (offkey_expected_alerts_per_week{_OWN})"
_ALLOWED = f"sum by (signal) (offkey_alert_budget_per_week{_OWN})"
_TOO_MANY: Steps = ((None, SKY), (1, ORANGE))


def allowed() -> stat.Panel:
    """Say what all alerts together may cost."""
    about = About("Budget a week", "Alerts that all signals together may cost in a week.", ABSENT, decimals=1)
    return figure(about, Query(f"sum(offkey_alert_budget_per_week{_OWN})"))


def begun() -> stat.Panel:
    """Count what came."""
    about = About(
        "Begun this week",
        "Alerts that began in the last seven days; what a rule raises within 15 minutes counts once.",
        NOT_COUNTED,
        decimals=0,
    )
    return figure(about, Query(f"sum({_WEEK}) or 0 * count(offkey_build_info{_OWN})"))


def over_budget() -> stat.Panel:
    """Count the signals whose bounds cost more than they may."""
    about = About(
        "Signals over budget",
        "Signals whose learned bounds would have cost more alerts than their budget. Raise `budget` or "
        "`min_deviation`, or judge fewer series.",
        ABSENT,
        decimals=0,
    )
    query = f"count({_EXPECTED} > {_ALLOWED}) or 0 * count(offkey_build_info{_OWN})"
    return figure(about, Query(query), _TOO_MANY)


def busiest() -> stat.Panel:
    """Name the rule that spoke most often."""
    about = About(
        "Busiest rule",
        "The signal whose rule began to fire most often in a week: tune it first.",
        "No alert began within a week",
    )
    return figure(about, Query(f"topk(1, sum by (offkey_rule) ({_WEEK}))", "{{offkey_rule}}"), _TOO_MANY)


def usual_delay() -> stat.Panel:
    """Say how long people waited to be told."""
    about = About(
        "Usual delay",
        "From the first evaluation that found something wrong to the alert, on average over a week, to the minute. "
        "Mostly it is `for`: where it is long and alerts are right, shorten that.",
        "No alert began within a week",
        unit="s",
        decimals=1,
    )
    return figure(about, Query(f"avg(avg_over_time({_DELAY}[1w]))"))


def delays() -> timeseries.Panel:
    """Show how long each rule waited before it told anybody."""
    about = About(
        "Delay by rule",
        "How long a rule had found something wrong before it fired, of the alerts that began in the hour before each "
        "moment. `offkey rules tune` finds the shortest `for` that the budget allows.",
        "No alert began in the chosen time",
        unit="s",
        decimals=1,
    )
    return curves(about, Query(f"max by (offkey_rule) (max_over_time({_DELAY}[1h]))", "{{offkey_rule}}"), ceiling=60)


def weeks() -> timeseries.Panel:
    """Show the volume before and after a change, against what is allowed."""
    about = About(
        "Alerts a week, now and before",
        "Alerts that began in the seven days before each moment, the same a week earlier, and the budget. After "
        "tuning, the first falls below the second.",
        NOT_COUNTED,
        decimals=0,
    )
    budget = f"sum(offkey_alert_budget_per_week{_OWN})"
    return curves(
        about,
        Query(f"sum({_WEEK}) or 0 * {budget}", "this week", line(SKY)),
        Query(f"sum({_WEEK_BEFORE}) or 0 * {budget}", "the week before", dashed(ORANGE)),
        Query(budget, "budget", line(GREY)),
        ceiling=2,
    )


def by_rule() -> timeseries.Panel:
    """Show which rules make the volume."""
    about = About(
        "Alerts a week by rule",
        "Alerts that began in the seven days before each moment, by signal. A few rules mostly make most of the "
        "volume: begin with them.",
        "No alert began within a week",
        decimals=0,
    )
    return curves(about, Query(f"sum by (offkey_rule) ({_WEEK})", "{{offkey_rule}}"), ceiling=2)


def costs() -> table.Panel:
    """Set what came against what was expected and what is allowed, by signal."""
    about = About(
        "Cost by signal",
        "Alerts a week: allowed, expected from the past that the bounds were learned on, and begun; the share of the "
        "budget that is spent; how long they took. Where more began than expected, the signal has changed: look at "
        "its band.",
        ABSENT,
        decimals=1,
    )
    begun_by_signal = f"(sum by (signal) (label_replace({_WEEK}, {_BY_SIGNAL})) or 0 * {_ALLOWED})"
    delay = f"avg by (signal) (label_replace(avg_over_time({_DELAY}[1w]), {_BY_SIGNAL}))"
    return listing(
        about,
        Query(_ALLOWED, "budget"),
        Query(_EXPECTED, "expected"),
        Query(begun_by_signal, "begun", look(decimals=0)),
        Query(f"{begun_by_signal} / ({_ALLOWED} > 0)", "spent", look(unit="percentunit", decimals=0)),
        Query(delay, "delay", look(unit="s", decimals=1)),
        Query(f"sum by (signal) (offkey_series{_OWN})", "series", look(decimals=0)),
        columns=Columns(
            first=("signal", "budget", "expected", "begun", "spent", "delay", "series"), widths={"signal": 170}
        ),
    )


def firing_time() -> table.Panel:
    """List how long each rule fired."""
    about = About(
        "Time firing",
        "How long alerts of each rule fired in the chosen time. Long ones that nobody acted on are noise, too: raise "
        "`min_deviation`, or let `adopt_after` learn the new level sooner.",
        "No alert fired in the chosen time",
        unit="dtdurations",
        decimals=0,
    )
    fired = 'group by (offkey_rule) (ALERTS{alertstate="firing",offkey_rule!=""})'
    query = Query(f"60 * count_over_time({fired}[$__range:1m])", "time firing")
    return listing(about, query, columns=Columns(first=("offkey_rule", "time firing")))


def states() -> timeseries.Panel:
    """Show how many alerts wait and fire."""
    about = About(
        "Waiting and firing",
        "Alerts that wait for their `for` to pass, and that fire. Many that wait and never fire mean that `for` keeps "
        "short spikes away from people, as it should.",
        "No alert waits or fires",
        decimals=0,
    )
    query = Query('count by (alertstate) (ALERTS{offkey_rule!=""})', "{{alertstate}}")
    return curves(about, query, ceiling=2)


def ranks() -> timeseries.Panel:
    """Show the highest scores against the bound."""
    about = About(
        "Highest scores of $signal",
        "The five highest scores. Peaks just above 1 are what a little more `min_deviation` would silence; outages "
        "stand far above.",
        "No score of this signal is above 0",
        decimals=2,
    )
    query = Query(f"max by (rank) (offkey_top_anomaly_score{{{OF_SIGNAL}}})", "rank {{rank}}")
    return curves(about, query, steps=BOUND, ceiling=1.5)


def anomalous_weeks() -> timeseries.Panel:
    """Show the anomalous series of a signal now and a week before."""
    about = About(
        "Anomalous series of $signal",
        "Series outside their band, and the same a week earlier: whether the last change made the signal quieter.",
        ABSENT,
        decimals=0,
    )
    matchers = f"{OF_EXPORTER},{OF_SIGNAL}"
    return curves(
        about,
        Query(f"sum(offkey_anomalous_series{{{matchers}}} offset 1w)", "a week before", dashed(ORANGE)),
        Query(f"sum(offkey_anomalous_series{{{matchers}}})", "now", line(SKY)),
        ceiling=2,
    )


def bounds() -> timeseries.Panel:
    """Show where a series' learned bounds lie, beside the reviewed ones in rule files."""
    about = About(
        "Bounds of the series",
        "The chosen series, the learned value at which its score is 1, and the reviewed one that stands in while no "
        "exporter speaks. When they are far apart, run `offkey rules tune`.",
        NOTHING,
    )
    reviewed = f"offkey:threshold_reviewed{{{OF_SIGNAL}}}"
    return curves(
        about,
        Query(f"max by (bound) (offkey_threshold{{{OF_SERIES}}})", "{{bound}} bound", dashed(ORANGE)),
        Query(f"max by (bound) ({reviewed})", "{{bound}} bound, reviewed", line(VERMILION, width=1)),
        Query(f"offkey_observed{{{OF_SERIES}}}", "seen", line(SKY)),
    )
