"""When a team has more new alerts in an hour than it can read, one alert says so, and its warnings wait."""

from collections.abc import Iterator

from offkey.app.alertmanager.schema import AlertmanagerSection, Team
from offkey.core.durations import HOUR, MINUTE
from offkey.core.labels import NAME, Labels, quote
from offkey.core.rules import (
    AlertCheck,
    AlertRule,
    FiringAlert,
    GivenSeries,
    RecordRule,
    RuleFile,
    RuleGroup,
    RuleTest,
)
from offkey.engine.rules.text import literal

STORM = "OffkeyAlertStorm"
_FIRING = 'ALERTS{alertstate="firing",offkey_rule!="",alertname!~"Offkey.+"}'
_STARTS = "team:offkey_alert_starts:count1h"
_HEADER = ("the alerts of a team that begin within an hour; beyond its limit its warnings are held back",)


def storm_file(section: AlertmanagerSection) -> RuleFile | None:
    """Return the rules of all teams that have a limit, and their tests; None when none has."""
    limited = {name: team for name, team in section.teams.items() if team.max_alerts_per_hour}
    if not limited:
        return None
    loudest = next(iter(section.severities), "critical")
    starts = f"sum by (team) (\n  count_over_time((\n    {_FIRING}\n    unless\n    {_FIRING} offset 1m\n  )[1h:1m])\n)"
    alerts = [_alert(name, team, loudest) for name, team in limited.items()]
    group = RuleGroup("offkey-storms", MINUTE, (RecordRule(_STARTS, starts), *alerts))
    tests = tuple(test for name, team in limited.items() for test in _tests(name, team, loudest))
    return RuleFile("offkey-storms", (group,), tests, _HEADER)


def _alert(name: str, team: Team, severity: str) -> AlertRule:
    labels = Labels.of(severity=severity, team=literal(name), offkey_role="storm")
    return AlertRule(
        STORM,
        f"{_STARTS}{{team={quote(name)}}} > {team.max_alerts_per_hour}",
        keep_firing=team.cooldown,
        labels=labels,
        annotations=(("summary", _summary(literal(name))), ("description", _description("{{ $value }}", team))),
    )


def _summary(name: str) -> str:
    return f"Team {name} has more new alerts than it can read."


def _description(value: str, team: Team) -> str:
    return (
        f"{value} alerts began within an hour; the limit is {team.max_alerts_per_hour}. "
        "What is less urgent is held back until it is quieter."
    )


def _tests(name: str, team: Team, severity: str) -> Iterator[RuleTest]:
    """Yield the story of a storm that breaks out and ends, and of an hour at the limit."""
    most = team.max_alerts_per_hour or 0
    labels = Labels.of(severity=severity, team=name, offkey_role="storm")
    said = (("summary", _summary(name)), ("description", _description(str(most + 1), team)))
    fires = AlertCheck(10 * MINUTE, STORM, (FiringAlert(labels, said),))
    over = AlertCheck(12 * MINUTE + HOUR + team.cooldown, STORM)
    yield RuleTest("too many alerts in an hour, then quiet", MINUTE, _given(name, most + 1), (fires, over))
    yield RuleTest("as many as are allowed", MINUTE, _given(name, most), (AlertCheck(10 * MINUTE, STORM),))


def _given(name: str, count: int) -> tuple[GivenSeries, ...]:
    return tuple(
        GivenSeries(
            Labels.of(alertname=f"A{place}", alertstate="firing", offkey_rule=f"r{place}", team=name).but(
                {NAME: "ALERTS"}
            ),
            "_x5 1x10 stale",
        )
        for place in range(count)
    )
