"""Who is silent while somebody else speaks: values for `inhibit_rules`.

A label that both alerts lack counts as equal, so each rule asks that the labels it compares are there. Alerts about
offkey never mute alerts about services.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from offkey.app.alertmanager.schema import AlertmanagerSection
from offkey.app.alertmanager.storms import STORM
from offkey.app.alertmanager.versions import PROFILES
from offkey.core.labels import Matcher, Operator

_NOT_OWN = Matcher("alertname", "!~", "Offkey.+")
_FOLLOWS = "OffkeySignalUnwatched|OffkeyReviewedThresholdInForce|OffkeyStale"


def inhibit_rules(section: AlertmanagerSection) -> list[dict[str, Any]]:
    """Return all rules, named where the version knows names."""
    has_names = PROFILES[section.version].inhibit_name
    found = []
    for name, source, target, equal in _rules(section):
        head = {"name": name} if has_names else {}
        matchers = {"source_matchers": [*map(str, source)], "target_matchers": [*map(str, target)]}
        found.append({**head, **matchers, "equal": list(equal)})
    return found


_Rule = tuple[str, Sequence[Matcher], Sequence[Matcher], Sequence[str]]


def _rules(section: AlertmanagerSection) -> Iterator[_Rule]:
    order = list(section.severities)
    for place, severity in enumerate(order[:-1]):
        quieter = _among(order[place + 1 :])
        louder = Matcher("severity", "=", severity)
        same = Matcher("offkey_rule", "!=", "")
        yield f"{severity}-same-signal", (louder, same, _NOT_OWN), (quieter, same), ("offkey_rule",)
        if place == 0:
            service = (Matcher("service", "!=", ""), Matcher("team", "!=", ""))
            yield f"{severity}-same-service", (louder, *service, _NOT_OWN), (quieter, *service), ("team", "service")
    label = section.incident_label
    member = (Matcher("offkey_role", "!=", "incident"), Matcher(label, "!=", ""))
    yield "incident", (Matcher("offkey_role", "=", "incident"), Matcher(label, "!=", "")), member, (label,)
    if any(team.max_alerts_per_hour for team in section.teams.values()) and len(order) > 1:
        held = (_among(order[1:]), Matcher("team", "!=", ""), Matcher("alertname", "!=", STORM))
        yield "storm", (Matcher("alertname", "=", STORM), Matcher("team", "!=", "")), held, ("team",)
    follows = (Matcher("alertname", "=~", _FOLLOWS),)
    yield "exporter-down", (Matcher("alertname", "=~", "OffkeyDown|OffkeyMissing"),), follows, ("cluster",)
    yield "source-down", (Matcher("alertname", "=", "OffkeySourceDown"),), follows, ("cluster",)


def _among(severities: Sequence[str]) -> Matcher:
    op: Operator = "=" if len(severities) == 1 else "=~"
    return Matcher("severity", op, "|".join(severities))
