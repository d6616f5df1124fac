"""Panels that help to say why the chosen series is off: by how much, alone or with others, ever before or not."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from offkey.adapters.exports.grafana.matchers import OF_SERIES, OF_SIGNAL, or_none, without_scrape_labels
from offkey.adapters.exports.grafana.panels import (
    ABSENT,
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

_THIS = f"{{{OF_SERIES}}}"
_PAST_BOUND: Steps = ((None, SKY), (1, VERMILION))


def score_now() -> stat.Panel:
    """Say how strange the series is now."""
    about = About(
        "Score now",
        "0 is as expected, 1 the learned bound; above it the series is anomalous. Begin with Distance, below.",
        "Not judged now: still being learned, without samples, or below its traffic floor",
        decimals=2,
    )
    return figure(about, Query(f"max(offkey_anomaly_score{_THIS})"), _PAST_BOUND)


def seen_now() -> stat.Panel:
    """Say what was measured."""
    about = About("Seen", "The newest judged sample, in the signal's unit.", NOTHING, decimals=3)
    return figure(about, Query(f"max(offkey_observed{_THIS})"))


def expected_now() -> stat.Panel:
    """Say what was expected."""
    about = About("Expected", "What was expected of that sample, in the signal's unit.", NOTHING, decimals=3)
    return figure(about, Query(f"max(offkey_expected{_THIS})"))


def off_by() -> stat.Panel:
    """Say how far apart the two are."""
    about = About(
        "Off by",
        "How far the newest sample is from what was expected, as a share of it. If that is too little to care about, "
        "set `min_deviation`.",
        "Nothing was expected of this series, or 0",
        unit="percentunit",
        decimals=1,
    )
    query = f"max((offkey_observed{_THIS} - offkey_expected{_THIS}) / abs(offkey_expected{_THIS} != 0))"
    return figure(about, Query(query))


def anomalous_share() -> stat.Panel:
    """Say how usual it is for the series to be off."""
    about = About(
        "Time anomalous",
        "Share of the chosen time in which the series was outside its band. Where that is often, the bound is too "
        "tight: see offkey / Alert tuning.",
        NOTHING,
        unit="percentunit",
        decimals=1,
    )
    judged = f"sum(count_over_time(offkey_observed{_THIS}[$__range:1m]))"  # minutes: samples may stand for more or less
    off = f"sum(count_over_time(offkey_anomaly{_THIS}[$__range:1m]))"
    return figure(about, Query(f"({off} or 0 * {judged}) / {judged}"))


def distance() -> timeseries.Panel:
    """Show the difference from what was expected, and how much of it is allowed."""
    about = About(
        "Distance from what was expected",
        "What was seen less what was expected, and the room that the band leaves on each watched side: which side was "
        "left, and since when.",
        NOTHING,
    )
    expected = f"offkey_expected{_THIS}"
    return curves(
        about,
        Query(f"offkey_upper{_THIS} - {expected} or 0 * {expected}", "room above", edge(GREY, fill_to="room below")),
        Query(f"offkey_lower{_THIS} - {expected} or 0 * {expected}", "room below", edge(GREY)),
        Query(f"offkey_observed{_THIS} - {expected}", "distance", line(SKY)),
    )


def before() -> timeseries.Panel:
    """Show the series beside itself, a day and a week earlier."""
    about = About(
        "The same hours before",
        "The series now, a day and a week earlier. If it always did this at this hour, it needs more history or "
        "another `season`.",
        NOTHING,
    )
    return curves(
        about,
        Query(f"offkey_observed{_THIS} offset 1w", "a week before", line(GREY, width=1)),
        Query(f"offkey_observed{_THIS} offset 1d", "a day before", dashed(ORANGE)),
        Query(f"offkey_observed{_THIS}", "now", line(SKY)),
    )


def others() -> table.Panel:
    """List the worst series of the same signal."""
    about = About(
        "Worst series of $signal",
        "The highest scores of the signal now. One alone is a matter of that series; all at once have a common cause.",
        "No series of this signal has a score above 0",
        decimals=2,
    )
    worst = without_scrape_labels(f"offkey_top_anomaly_score{{{OF_SIGNAL}}}")
    query = Query(f"max without (rank) ({worst})", "score")
    return listing(about, query, columns=Columns(first=("score",), hidden=("signal",), widths={"score": 90}))


def faults() -> timeseries.Panel:
    """Show what was wrong with the data of the signal."""
    about = About(
        "Data faults of $signal",
        "Defects of the signal's data, by kind; such samples are neither judged nor learned. Mend the exporter or the "
        "query they come from.",
        ABSENT,
        decimals=0,
    )
    faults = or_none(f"sum by (kind) (offkey_data_fault{{{OF_SIGNAL}}})", "kind", f"offkey_series{{{OF_SIGNAL}}}")
    return curves(about, Query(faults, "{{kind}}"), ceiling=2)


def alerts() -> timeseries.Panel:
    """Show whether the rules of the signal spoke."""
    about = About(
        "Alerts of $signal",
        "Alerts of the signal's rules that wait for their `for` to pass, and that fire. An anomaly without either has "
        "no rule loaded: run `offkey rules generate`.",
        "No alert of this signal, waiting or firing",
        decimals=0,
    )
    states = 'count by (alertstate) (ALERTS{offkey_rule="$signal"})'
    return curves(about, Query(states, "{{alertstate}}"), ceiling=2)
