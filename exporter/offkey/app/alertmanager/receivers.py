"""Receivers as Alertmanager reads them; all texts come from the templates, all secrets from files."""

from typing import Any

from offkey.app.alertmanager.schema import SMS, Email, PagerDuty, Receiver, Slack, Webhook
from offkey.core.durations import format_duration

Tree = dict[str, Any]


def receiver(name: str, one: Receiver) -> Tree:
    """Return one receiver."""
    kinds: dict[str, list[Tree]] = {
        "pagerduty_configs": [_pagerduty(part) for part in one.pagerduty],
        "sns_configs": [_sms(part) for part in one.sms],
        "slack_configs": [_slack(part) for part in one.slack],
        "email_configs": [_email(part) for part in one.email],
        "webhook_configs": [_webhook(part) for part in one.webhook],
    }
    return {"name": name, **{key: parts for key, parts in kinds.items() if parts}}


def _template(name: str) -> str:
    return f'{{{{ template "offkey.{name}" . }}}}'


def _slack(one: Slack) -> Tree:
    return {
        **({"api_url_file": one.api_url_file} if one.api_url_file else {}),
        "channel": one.channel,
        "send_resolved": one.resolved,
        "title": _template("slack.title"),
        "title_link": _template("link"),
        "text": _template("slack.text"),
        "fallback": _template("slack.title"),
        "color": _template("slack.color"),
        "actions": [{"type": "button", "text": "Silence", "url": _template("silence")}],
    }


def _email(one: Email) -> Tree:
    return {
        "to": one.to,
        "send_resolved": one.resolved,
        "headers": {"Subject": _template("title")},
        "text": _template("text"),
        "html": _template("email.html"),
    }


def _sms(one: SMS) -> Tree:
    to = {"phone_number": one.phone_number} if one.phone_number else {"topic_arn": one.topic_arn}
    return {"sigv4": {"region": one.region}, **to, "send_resolved": False, "message": _template("sms")}


def _webhook(one: Webhook) -> Tree:
    made: Tree = {"url": one.url} if one.url else {"url_file": one.url_file}
    made |= {"send_resolved": True, "max_alerts": one.max_alerts}
    if one.timeout:
        made["timeout"] = format_duration(one.timeout)
    if one.credentials_file:
        made["http_config"] = {"authorization": {"credentials_file": one.credentials_file}}
    return made


def _pagerduty(one: PagerDuty) -> Tree:
    return {
        "routing_key_file": one.routing_key_file,
        "send_resolved": True,
        "description": _template("title"),
        "severity": _template("pagerduty.severity"),
        "class": "{{ .CommonLabels.alertname }}",
        "component": "{{ .CommonLabels.service }}",
        "group": "{{ .CommonLabels.team }}",
        "client": "offkey",
        "client_url": _template("link"),
        "details": {"alerts": _template("text"), "firing": "{{ .Alerts.Firing | len }}"},
        "links": [{"href": _template("silence"), "text": "Silence"}],
    }
