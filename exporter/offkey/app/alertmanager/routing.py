"""Routes by tenant, severity and team, with escalation, as values; and where an alert goes by them.

An escalation is a chain of sibling routes that all continue, each waiting longer: Alertmanager sends a route's first
notification only to alerts that still fire, unsilenced, when its `group_wait` is over. Each later route has a group for
every alert, because an alert that joins a group escalates at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from offkey.app.alertmanager.schema import AlertmanagerSection, Urgency
from offkey.core.durations import format_duration
from offkey.core.labels import Matcher

OWN = "Offkey.+"
_LOUDEST = 1  # routes about offkey itself are for what is not of the most urgent severity
_ALL_LABELS = ("...",)


@dataclass(frozen=True, slots=True)
class Node:
    """A route; what is None is inherited."""

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] | None = None
    group_wait: int | None = None
    group_interval: int | None = None
    repeat_interval: int | None = None
    during: tuple[str, ...] = ()
    goes_on: bool = False
    routes: tuple["Node", ...] = field(default_factory=tuple)


def routes(section: AlertmanagerSection) -> Node:
    """Return the whole tree."""
    by_severity = _by_severity(section, {})
    tenants = (_tenant(section, name, chosen) for name, chosen in section.tenants.receivers.items())
    return Node(
        section.default or next(iter(section.receivers)),
        group_by=tuple(section.group_by),
        group_wait=section.group_wait,
        group_interval=section.group_interval,
        repeat_interval=section.repeat_interval,
        routes=(*tenants, *_owners(section), *by_severity),
    )


def _tenant(section: AlertmanagerSection, name: str, chosen: Mapping[str, str]) -> Node:
    first = next(iter(chosen.values()), section.default)
    matcher = Matcher(section.tenants.label, "=", name)
    return Node(first or next(iter(section.receivers)), (matcher,), routes=tuple(_by_severity(section, chosen)))


def _owners(section: AlertmanagerSection) -> Iterator[Node]:
    if not section.owners:
        return
    loudest = list(section.severities)[:_LOUDEST]
    loud = tuple(Matcher("severity", "!=", severity) for severity in loudest)
    yield Node(section.owners, (Matcher("alertname", "=~", OWN), *loud), group_by=("alertname", "team"))


def _by_severity(section: AlertmanagerSection, tenant: Mapping[str, str]) -> Iterator[Node]:
    """Yield the routes of every severity; `tenant` names receivers that come before all others."""
    for severity, urgency in section.severities.items():
        first = _first(section, severity, urgency, tenant.get(severity, ""))
        steps = [] if severity in tenant else list(_steps(severity, urgency, section.group_interval))
        chain = [first, *steps]
        for place, node in enumerate(chain):
            yield replace(node, goes_on=place < len(chain) - 1)


def _first(section: AlertmanagerSection, severity: str, urgency: Urgency, tenant: str) -> Node:
    teams = (
        ()
        if tenant
        else tuple(
            Node(one.receivers[severity], (Matcher("team", "=", name),))
            for name, one in section.teams.items()
            if severity in one.receivers
        )
    )
    return Node(
        tenant or urgency.receiver,
        (Matcher("severity", "=", severity),),
        group_by=tuple(urgency.group_by) if urgency.group_by else None,
        group_wait=urgency.group_wait,
        group_interval=urgency.group_interval,
        repeat_interval=urgency.repeat_interval,
        during=tuple(urgency.during),
        routes=teams,
    )


def _steps(severity: str, urgency: Urgency, interval: int) -> Iterator[Node]:
    for step in urgency.escalation:
        news = max(step.after, urgency.group_interval or interval)
        yield Node(
            step.receiver,
            (Matcher("severity", "=", severity),),
            group_by=_ALL_LABELS,
            group_wait=step.after,
            group_interval=news,
            repeat_interval=max(news, urgency.repeat_interval or 0) or None,
            during=tuple(urgency.during),
        )


def tree(node: Node) -> dict[str, Any]:
    """Return a route as Alertmanager reads it."""
    made: dict[str, Any] = {"receiver": node.receiver}
    if node.matchers:
        made["matchers"] = [str(matcher) for matcher in node.matchers]
    if node.group_by is not None:
        made["group_by"] = list(node.group_by)
    for key in ("group_wait", "group_interval", "repeat_interval"):
        if (seconds := getattr(node, key)) is not None:
            made[key] = format_duration(seconds)
    if node.during:
        made["active_time_intervals"] = list(node.during)
    if node.goes_on:
        made["continue"] = True
    return made | ({"routes": [tree(inner) for inner in node.routes]} if node.routes else {})


def receivers(node: Node, labels: Mapping[str, str]) -> list[str]:
    """Return who is told of an alert, in the order of the routes."""
    found: list[str] = []
    for inner in node.routes:
        if all(_holds(matcher, labels) for matcher in inner.matchers):
            found += receivers(inner, labels)
            if not inner.goes_on:
                break
    return found or [node.receiver]


def _holds(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    value = labels.get(matcher.name, "")
    if matcher.op == "=~":  # the only pattern these routes have
        return len(value) > len("Offkey") and value.startswith("Offkey")
    return (value == matcher.value) is (matcher.op == "=")
