"""What must hold between the keys of the `alertmanager` section."""

from collections.abc import Iterator

from offkey.app.alertmanager.schema import AlertmanagerSection, Receiver
from offkey.app.alertmanager.versions import PROFILES
from offkey.app.fields import nearest
from offkey.app.yamlfile import Finding, Route


def problems(section: AlertmanagerSection) -> Iterator[Finding]:
    """Yield the route inside the section and the words for everything that does not fit together."""
    for route, name in _named(section):
        if name not in section.receivers:
            have = ", ".join(section.receivers) or "none"
            yield Finding(route, f'no receiver is called "{name}"{nearest(name, section.receivers)} (have: {have})')
    if not section.default and len(section.receivers) != 1:
        yield Finding((), "default is missing; name the receiver of everything that is not routed")
    yield from _severities(section)
    for name, receiver in section.receivers.items():
        yield from _receiver(section, name, receiver)
    for name, parts in section.time_intervals.items():
        for place, part in enumerate(parts):
            if (part.start is None) is not (part.end is None):
                yield Finding(("time_intervals", name, place), "from and to belong together")


def _severities(section: AlertmanagerSection) -> Iterator[Finding]:
    for severity, urgency in section.severities.items():
        for place, name in enumerate(urgency.during):
            if name not in section.time_intervals:
                near = nearest(name, section.time_intervals)
                yield Finding(("severities", severity, "during", place), f'no time interval is called "{name}"{near}')
        waits = [step.after for step in urgency.escalation]
        if waits != sorted(set(waits)):
            yield Finding(("severities", severity, "escalation"), "each step comes later than the one before it")


def _named(section: AlertmanagerSection) -> Iterator[tuple[Route, str]]:
    """Yield every place that names a receiver."""
    for key in ("default", "owners"):
        if getattr(section, key):
            yield (key,), getattr(section, key)
    for severity, urgency in section.severities.items():
        yield ("severities", severity, "receiver"), urgency.receiver
        for place, step in enumerate(urgency.escalation):
            yield ("severities", severity, "escalation", place, "receiver"), step.receiver
    for team, one in section.teams.items():
        for severity, name in one.receivers.items():
            yield ("teams", team, "receivers", severity), name
    for tenant, chosen in section.tenants.receivers.items():
        for severity, name in chosen.items():
            yield ("tenants", "receivers", tenant, severity), name


def _receiver(section: AlertmanagerSection, name: str, receiver: Receiver) -> Iterator[Finding]:
    profile = PROFILES[section.version]
    route: Route = ("receivers", name)
    if receiver.email and section.smtp is None:
        yield Finding((*route, "email"), "smtp is missing; say how mail is sent")
    for place, slack in enumerate(receiver.slack):
        if not (slack.api_url_file or section.slack_api_url_file):
            yield Finding((*route, "slack", place), "api_url_file is missing, here or as slack_api_url_file for all")
    for place, sms in enumerate(receiver.sms):
        if bool(sms.phone_number) is bool(sms.topic_arn):
            yield Finding((*route, "sms", place), "write either phone_number or topic_arn")
    for place, hook in enumerate(receiver.webhook):
        if bool(hook.url) is bool(hook.url_file):
            yield Finding((*route, "webhook", place), "write either url or url_file")
        if hook.url_file and not profile.webhook_url_file:
            yield Finding(
                (*route, "webhook", place, "url_file"), f"Alertmanager {section.version} lacks it; needs 0.26"
            )
        if hook.timeout and not profile.webhook_timeout:
            yield Finding((*route, "webhook", place, "timeout"), f"Alertmanager {section.version} lacks it; needs 0.28")
