"""The configuration file as types: what each key means, its default and what is allowed.

The JSON Schema, the reference page and the checks all come from these classes; the docstring under a key is its
description everywhere. Defaults are those of `offkey.core.signals`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from offkey.app.alertmanager.schema import AlertmanagerSection
from offkey.app.budgets import Budgets
from offkey.app.calendarschema import Calendars
from offkey.app.fields import (
    AlertName,
    Budget,
    Duration,
    Fraction,
    LabelName,
    Line,
    Link,
    Name,
    NotNegative,
    Number,
    Pause,
    Positive,
    Query,
    Share,
    Strict,
    ZoneName,
    duration,
)
from offkey.app.lint.policy import LintPolicy
from offkey.app.reviewschema import AlertReview
from offkey.app.ruleoutput import RuleOutput
from offkey.app.sourceschema import RemoteWrite, Source
from offkey.core import signals

_SIGNAL = signals.Signal(name="", query="")
_ALERT = signals.Alert()

TEXT, MAPPING = "<text>", "<mapping>"  # tags of the two ways to write a value; they never reach a message


def _written(value: Any) -> str:  # noqa: ANN401 (whatever the file holds)
    return MAPPING if isinstance(value, dict | BaseModel) else TEXT


class MinDeviation(Strict):
    """Deviations smaller than this never alert; both must be exceeded."""

    absolute: NotNegative = _SIGNAL.least_absolute
    """Least deviation in the signal's own unit."""
    relative: NotNegative = _SIGNAL.least_relative
    """Least deviation as a share of the expected value; 0.1 is a tenth."""


class Traffic(Strict):
    """How much there is to measure; below the floor nothing is judged."""

    query: Query
    """PromQL of the companion; its series are matched on the labels they share with the signal's."""
    floor: NotNegative
    """Least value, in the companion's own unit."""
    events_per_unit: Positive | None = None
    """Counted events one unit of the companion stands for; read from its `rate(...[5m])` (300) when not given."""


class LabelZones(Strict):
    """Time zone of each series, by the value of one of its labels."""

    label: LabelName
    """Label whose value is looked up."""
    zones: dict[str, ZoneName]
    """IANA time zone of each label value."""
    default: ZoneName = _SIGNAL.zone.default
    """Time zone of all other series."""


class Forecast(Strict):
    """What is forecast."""

    horizons: list[Duration] = Field(default=list(_SIGNAL.horizons), json_schema_extra={"default": ["1h", "4h"]})
    """How far ahead; each a multiple of `step`, ascending; an empty list forecasts nothing."""
    limit: Number | None = _SIGNAL.limit
    """Value whose crossing is forecast as `offkey_time_to_limit_seconds`, in the signal's own unit."""


class Plugin(Strict):
    """A detector or forecaster with options; `offkey models list` names the kinds and their options."""

    model_config = ConfigDict(extra="allow")

    kind: str
    """Name of the kind."""


class Alert(Strict):
    """How people are told."""

    name: AlertName = _ALERT.name
    """Alert name; made from the signal's name when not given."""
    budget: Budget = Field(default=_ALERT.budget_per_week, json_schema_extra={"default": "2/week"})
    """Pages the signal may cost, over all its series: a number per hour, day, week or month (30 days)."""
    severity: signals.Severity = _ALERT.severity
    """Value of the `severity` label."""
    team: Line = _ALERT.team
    """Value of the `team` label; Alertmanager routes by it."""
    service: Line = _ALERT.service
    """Value of the `service` label."""
    runbook_url: Link = _ALERT.runbook_url
    """Page that says what to do."""
    dashboard_url: Link = _ALERT.dashboard_url
    """Dashboard that shows the signal."""
    hold: Pause = Field(default=_ALERT.hold, alias="for", json_schema_extra={"default": "2m"})
    """How long a breach must last."""
    keep_firing_for: Pause = duration(_ALERT.keep_firing)
    """How long an alert stays after the breach."""
    dead_band: Fraction = _ALERT.dead_band
    """Share of the score below the bound in which an open alert stays open."""
    bound: Positive = _ALERT.bound
    """Learned bounds are multiplied by this: above 1 people are told later and less often, below 1 earlier."""
    false_share: Share | None = _ALERT.false_share
    """Largest share of the pages that may be chance, for signals of many series; not looked at when not given."""
    form: signals.RuleForm = _ALERT.form
    """`threshold`: a reviewed number on the query itself; `anomaly`: the sparse anomaly series; `auto` decides."""
    missing_for: Pause = duration(_ALERT.missing_for)
    """Also tell when a regular series has been silent, or sampled at another rate, for so long while its siblings
    report; 0s tells nobody."""


PluginChoice = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[Plugin, Tag(MAPPING)],
    Discriminator(_written),
]
ZoneChoice = Annotated[
    Annotated[ZoneName, Tag(TEXT)] | Annotated[LabelZones, Tag(MAPPING)],
    Discriminator(_written),
]
AlertChoice = Annotated[
    Annotated[Literal["none"], Tag(TEXT)] | Annotated[Alert, Tag(MAPPING)],
    Discriminator(_written),
]
Range = Annotated[
    list[Number | None], Field(min_length=2, max_length=2, json_schema_extra={"examples": [[0, 1], [0, None]]})
]


class Policy(Strict):
    """Values for all signals that do not set the key themselves."""

    unit: Line = _SIGNAL.unit
    """What the numbers are: a Prometheus base unit (`seconds`, `bytes`, `ratio`) or free text."""
    kind: signals.Kind = _SIGNAL.kind
    """What limits the precision: `gauge` nothing known, `count` a counted rate, `ratio` a share of counted events."""
    events_per_unit: Positive | None = None
    """For `count`: counted events one unit stands for; read from `rate(...[5m])` (300) when not given."""
    direction: signals.Direction = _SIGNAL.direction
    """Which side of the expectation is wrong."""
    min_deviation: MinDeviation = MinDeviation()
    """Deviations smaller than this never alert."""
    valid_range: Range = Field(default=[None, None])
    """Lowest and highest value that can be true, null = open; others are faults of the source, not anomalies."""
    scale: Range = Field(default=[None, None])
    """Lowest and highest value there is (0 and 1 for a share), null = none: bands and forecasts end there, and a series
    that is pegged at an end is judged by how long it stays."""
    traffic: Traffic | None = None
    """Companion query and floor; below it nothing is judged."""
    season: signals.Season = _SIGNAL.season
    """Longest cycle that is learned."""
    time_zone: ZoneChoice = _SIGNAL.zone.default
    """IANA time zone the season follows, daylight saving included; one name, or one by a label's value."""
    step: Duration = duration(_SIGNAL.step)
    """Time between evaluations, and between the samples they read."""
    offset: Pause = duration(_SIGNAL.offset)
    """How far the reading stays behind now, for late samples."""
    history: Duration = duration(_SIGNAL.history)
    """How much of the past is learned from at the start."""
    history_step: Duration | None = None
    """Time between samples of that past, a multiple of `step`; when not given, the shortest one of at least 1m that
    reads at most 11,000 samples a series (2m for 14d), which is what servers answer at once."""
    forecast: Forecast = Forecast()
    """What is forecast."""
    expose: signals.Expose = _SIGNAL.expose
    """What /metrics shows: `full`; `score` without bands and forecasts; `anomalous` only series that are so now."""
    source: str = _SIGNAL.source
    """Name of the source that answers."""
    max_series: Annotated[int, Field(ge=1, le=1_000_000)] = _SIGNAL.max_series
    """Cap on series; which ones stay beyond it does not depend on their order."""
    keep_absent: Duration = duration(_SIGNAL.keep_absent)
    """How long an absent series is remembered."""
    adopt_after: Duration = duration(_SIGNAL.adopt_after)
    """How long an unbroken anomaly may last before it is learned as the new normal."""
    detector: PluginChoice = _SIGNAL.detector
    """What judges: a kind, or a mapping with `kind` and its options."""
    forecaster: PluginChoice = _SIGNAL.forecaster
    """What forecasts: a kind, or a mapping with `kind` and its options."""
    alert: AlertChoice = Alert()
    """How people are told, or `none`."""


class Signal(Policy):
    """One query and everything the business says about it."""

    name: Name
    """Value of the `signal` label; unique."""
    query: Query
    """Any PromQL that gives an instant vector."""
    description: str = _SIGNAL.description
    """What it means, in words."""


class Storage(Strict):
    """Where what was learned is kept."""

    path: Line = ""
    """Folder, relative to this file; without one it is kept in memory and learned anew from history at each start."""


class File(Strict):
    """An offkey configuration."""

    sources: dict[Name, Source] = Field(default_factory=dict)
    """Where samples come from, by name; a signal reads `default` unless it says otherwise."""
    storage: Storage = Storage()
    """Where what was learned is kept."""
    remote_write: list[RemoteWrite] = Field(default_factory=list)
    """Servers to which every snapshot is sent, each sample with the time it was judged for; /metrics stays."""
    defaults: Policy = Policy()
    """Keys for all signals; a signal's own key wins, mappings are merged."""
    signals: list[Signal]
    """What is watched."""
    budgets: Budgets = Budgets()
    """What all signals of a team, or all together, may cost."""
    calendars: Calendars = Field(default=[])
    """Times that are not like others: holidays, events, weekly windows."""
    lint: LintPolicy = LintPolicy()
    """What `offkey check rules` asks of rules."""
    rules: RuleOutput = RuleOutput()
    """What becomes of rules that are written."""
    review: AlertReview | None = None
    """Where `offkey serve` and `offkey rules review` learn what alerts were worth; nothing is asked without it."""
    alertmanager: AlertmanagerSection | None = None
    """What `offkey alertmanager` makes a configuration of."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file (draft 2020-12)."""
    found: dict[str, Any] = _without_titles(File.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "offkey configuration", **found}


def _without_titles(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Drop the titles made from names: editors would show them instead of the descriptions."""
    if isinstance(value, list):
        return [_without_titles(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _without_titles(item) for key, item in value.items() if key != "title" or not isinstance(item, str)}
