"""The `alertmanager` section of offkey.yml: teams, receivers, escalation, hours, and how much is too much."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from offkey.app.fields import Clock, Duration, LabelName, Line, Link, Strict, ZoneName, duration, refuse, shown
from offkey.core.durations import HOUR, MINUTE

Version = Literal["0.25", "0.26", "0.27", "0.28", "0.30"]
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _weekdays(value: str) -> str:
    if not all(day in _DAYS for day in value.split(":")) or value.count(":") > 1:
        refuse(f"{shown(value)} is not a weekday; write for example monday, or monday:friday")
    return value


def _day(value: object) -> date:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else refuse(f"{shown(value)} is not a day")
    except ValueError:
        refuse(f"{shown(value)} is not a day; write for example 2026-12-24")


Weekdays = Annotated[str, AfterValidator(_weekdays)]
Day = Annotated[date, BeforeValidator(_day), PlainSerializer(str), WithJsonSchema({"type": "string", "format": "date"})]
Name = Annotated[Line, Field(min_length=1)]


class Slack(Strict):
    """A Slack channel."""

    channel: Name
    """Channel, with its #."""
    api_url_file: Line = ""
    """File that holds the webhook's address; `slack_api_url_file` when not given."""
    resolved: bool = True
    """Whether the end is told as well."""


class Email(Strict):
    """A mailbox; needs `smtp`."""

    to: Name
    """Address, or several with commas."""
    resolved: bool = True
    """Whether the end is told as well."""


class SMS(Strict):
    """A text message through Amazon SNS; credentials come from the machine's role, or from AWS' own files."""

    region: Name
    """AWS region."""
    phone_number: Line = ""
    """Number in E.164 form; this or `topic_arn`."""
    topic_arn: Line = ""
    """SNS topic; this or `phone_number`."""


class Webhook(Strict):
    """Any program that takes Alertmanager's JSON."""

    url: Link = ""
    """Its address; this or `url_file`."""
    url_file: Line = ""
    """File that holds a secret address (0.26 and newer)."""
    credentials_file: Line = ""
    """File that holds a bearer token."""
    max_alerts: Annotated[int, Field(ge=0)] = 100
    """Most alerts in one call; 0 = all."""
    timeout: Duration | None = None
    """Longest time for a call (0.28 and newer)."""


class PagerDuty(Strict):
    """A PagerDuty service (Events API v2)."""

    routing_key_file: Name
    """File that holds the integration's key."""


class Receiver(Strict):
    """Everything that is told at once."""

    slack: list[Slack] = Field(default=[])
    """Slack channels."""
    email: list[Email] = Field(default=[])
    """Mailboxes."""
    sms: list[SMS] = Field(default=[])
    """Text messages."""
    webhook: list[Webhook] = Field(default=[])
    """Programs."""
    pagerduty: list[PagerDuty] = Field(default=[])
    """PagerDuty services."""


class Step(Strict):
    """Who else is told when nobody has acknowledged; an acknowledgement is a silence."""

    after: Duration
    """Time since the alert began to fire."""
    receiver: Name
    """Who is told then."""


class Urgency(Strict):
    """How alerts of a severity reach people."""

    receiver: Name
    """Who is told, unless the team or the tenant says otherwise."""
    group_by: list[LabelName] | None = None
    """Labels whose equal values make one notification."""
    group_wait: Duration | None = None
    """How long the first notification waits for company."""
    group_interval: Duration | None = None
    """How long news of a group waits."""
    repeat_interval: Duration | None = None
    """After what time it is told again."""
    during: list[Name] = Field(default=[])
    """Time intervals outside of which it waits."""
    escalation: list[Step] = Field(default=[])
    """Who else is told, later and later."""


class Team(Strict):
    """What is different for a team."""

    receivers: dict[Name, Name] = Field(default_factory=dict)
    """Receiver for each severity."""
    max_alerts_per_hour: Annotated[int, Field(ge=1)] | None = None
    """Beyond this many new alerts in an hour one alert says so, and the team's warnings are held back."""
    cooldown: Duration = duration(30 * MINUTE)
    """How long they are held back after it got quieter."""


class Tenants(Strict):
    """Who is told for each tenant, before teams are looked at."""

    label: LabelName = "tenant"
    """Label that names the tenant."""
    receivers: dict[Name, dict[Name, Name]] = Field(default_factory=dict)
    """Receiver for each severity, by tenant."""


class Interval(Strict):
    """Part of a time interval; all that is given must hold."""

    weekdays: list[Weekdays] = Field(default=[])
    """Days of the week, or ranges: monday:friday."""
    start: Clock | None = Field(default=None, alias="from")
    """First minute; with `to`."""
    end: Clock | None = Field(default=None, alias="to")
    """First minute after it; before `from` it is the next morning's."""
    dates: list[Day] = Field(default=[])
    """Single days: holidays."""
    time_zone: ZoneName = "UTC"
    """IANA time zone of the clock."""


class SMTP(Strict):
    """How mail is sent."""

    smarthost: Name
    """Host and port."""
    sender: Name = Field(alias="from")
    """Sender."""
    username: Line = ""
    """User, when the host asks for one."""
    password_file: Line = ""
    """File that holds the password."""


class Case(Strict):
    """An alert, and who must be told."""

    labels: dict[LabelName, str]
    """Its labels."""
    receivers: list[Name]
    """Everybody who is told, in the order of the routes."""


class AlertmanagerSection(Strict):
    """What `offkey alertmanager` makes a configuration of."""

    version: Version = "0.25"
    """Oldest Alertmanager that reads it; only what that one knows is written."""
    receivers: dict[Name, Receiver] = Field(default_factory=dict)
    """Who can be told, by name."""
    default: Line = ""
    """Receiver of what no severity, team or tenant claims; the only receiver when there is one."""
    severities: dict[Name, Urgency] = Field(default_factory=dict)
    """How each severity reaches people, the most urgent first: it mutes those after it."""
    teams: dict[Name, Team] = Field(default_factory=dict)
    """Teams, by the value of the `team` label."""
    tenants: Tenants = Tenants()
    """Tenants."""
    owners: Line = ""
    """Receiver of warnings about offkey itself; their team's when not given."""
    incident_label: LabelName = "offkey_group"
    """Label by which an incident (`offkey_role="incident"`) mutes its members."""
    time_intervals: dict[Name, list[Interval]] = Field(default_factory=dict)
    """Hours, by name."""
    group_by: list[LabelName] = Field(default=["team", "service", "offkey_rule", "alertname"])
    """Labels whose equal values make one notification."""
    group_wait: Duration = duration(30)
    """How long the first notification waits for company."""
    group_interval: Duration = duration(5 * MINUTE)
    """How long news of a group waits."""
    repeat_interval: Duration = duration(12 * HOUR)
    """After what time it is told again."""
    smtp: SMTP | None = None
    """How mail is sent."""
    slack_api_url_file: Line = ""
    """File that holds the address of the usual Slack webhook."""
    templates: Line = "templates/*.tmpl"
    """Where Alertmanager finds the templates, relative to its configuration."""
    tests: list[Case] = Field(default=[])
    """What `offkey alertmanager test` asks of the routes."""
