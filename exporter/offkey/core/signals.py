"""What to watch and what counts as wrong: the business policy of one signal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from offkey.core.calendars import Calendar
from offkey.core.durations import DAY, HOUR, MINUTE, WEEK
from offkey.core.labels import Labels

Direction = Literal["above", "below", "both"]
Kind = Literal["gauge", "count", "ratio"]
Season = Literal["none", "daily", "weekly"]
Expose = Literal["full", "score", "anomalous"]
Severity = Literal["critical", "warning", "info"]
RuleForm = Literal["auto", "threshold", "anomaly"]

OPEN = (float("-inf"), float("inf"))  # a range without ends


@dataclass(frozen=True, slots=True)
class Zone:
    """Time zone of a signal's season: one IANA zone, or a label's value mapped to zones."""

    default: str = "UTC"
    label: str = ""
    zones: Mapping[str, str] = field(default_factory=dict)

    def of(self, labels: Labels) -> str:
        """Return the IANA zone of one series."""
        return self.zones.get(labels.get(self.label, ""), self.default)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Companion query that says how much there was to measure; below the floor nothing is judged.

    Attributes:
        query: PromQL; its series are matched on the labels they share with the signal's.
        floor: least value, in the query's own unit.
        events_per_unit: counted events that one unit of the query stands for (300 for a 5-minute rate).
    """

    query: str
    floor: float
    events_per_unit: float = 1.0


@dataclass(frozen=True, slots=True)
class Alert:
    """How people are told.

    Attributes:
        name: CamelCase alert name; made from the signal's name when empty.
        budget_per_week: pages the signal may cost in a week, over all its series.
        hold: `for`, seconds a breach must last.
        keep_firing: `keep_firing_for`, seconds an alert stays after the breach.
        dead_band: share of the score below the bound in which an open alert stays open.
        form: how the rule reads: a reviewed threshold on the query itself, or the sparse anomaly series.
        bound: factor on learned bounds.
        missing_for: seconds for which a regular series must have been silent, or sampled at another rate, while its
            siblings report, before people are told; 0 = they are not.
        false_share: largest share of the pages that may be chance among many series; None = not looked at.
    """

    name: str = ""
    budget_per_week: float = 2.0
    severity: Severity = "warning"
    team: str = ""
    service: str = ""
    runbook_url: str = ""
    dashboard_url: str = ""
    hold: int = 2 * MINUTE
    keep_firing: int = 5 * MINUTE
    dead_band: float = 0.2
    form: RuleForm = "auto"
    bound: float = 1.0
    missing_for: int = 0
    false_share: float | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One PromQL query and everything the business says about it.

    Attributes:
        name: lower-case name, the value of the `signal` label.
        query: any PromQL that gives an instant vector.
        unit: what the numbers are, a Prometheus base unit (`seconds`, `bytes`, `ratio`) or free text.
        kind: what limits the precision: nothing known, a counted rate, or a share of counted events.
        events_per_unit: for `count`: counted events one unit of the query stands for.
        scrapes: PromQL for the raw samples inside the query's ranges, best-covered series of each group; empty when the
            query has no ranges. A range with too few of them gives values that look like a dip and are none.
        direction: which side of the expectation is wrong.
        least_absolute: deviations smaller than this never alert, in the signal's unit.
        least_relative: the same as a share of the expected value.
        valid: lowest and highest value that can be true; others are faults of the source, not anomalies.
        scale: lowest and highest value there is (0 and 1 for a share), infinite = none: what is measured beyond counts
            as there, no band or forecast goes beyond, and a series pegged at an end is judged by how long it stays.
        step: seconds between evaluations, and of the data they read.
        offset: seconds the reading stays behind now, for late data.
        history: seconds of past to learn from.
        history_step: seconds between samples of that past.
        horizons: forecast horizons, seconds.
        limit: value whose crossing is forecast, or None.
        source: name of the source that answers.
        max_series: cap; which series stay beyond it does not depend on their order.
        keep_absent: seconds an absent series is remembered.
        adopt_after: seconds an unbroken anomaly may last before it is learned as the new normal.
        calendars: times that teach nothing, are like another weekday, or in which nobody is told.
    """

    name: str
    query: str
    unit: str = ""
    description: str = ""
    kind: Kind = "gauge"
    events_per_unit: float = 1.0
    direction: Direction = "both"
    least_absolute: float = 0.0
    least_relative: float = 0.0
    valid: tuple[float, float] = OPEN
    scale: tuple[float, float] = OPEN
    traffic: Traffic | None = None
    scrapes: str = ""
    season: Season = "weekly"
    zone: Zone = field(default_factory=Zone)
    step: int = MINUTE
    offset: int = 0
    history: int = 2 * WEEK
    history_step: int = MINUTE
    horizons: tuple[int, ...] = (HOUR, 4 * HOUR)
    limit: float | None = None
    expose: Expose = "full"
    detector: str = "seasonal"
    detector_options: Mapping[str, Any] = field(default_factory=dict)
    forecaster: str = "bank"
    forecaster_options: Mapping[str, Any] = field(default_factory=dict)
    alert: Alert | None = field(default_factory=Alert)
    source: str = "default"
    max_series: int = 10_000
    keep_absent: int = DAY
    adopt_after: int = 6 * HOUR
    calendars: tuple[Calendar, ...] = ()

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest value that can be expected."""
        return max(self.valid[0], self.scale[0]), min(self.valid[1], self.scale[1])
