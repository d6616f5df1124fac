"""The `budgets` section of the configuration file: pages that a team, or everybody, may be told of."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import Field

from offkey.app.fields import Budget, Line, Strict, nearest
from offkey.app.yamlfile import Finding
from offkey.core.signals import Signal
from offkey.engine.sharing import Limit, scaled


class Budgets(Strict):
    """Pages that all signals together may cost; the budgets of signals are lowered until they fit."""

    fleet: Budget | None = None
    """Pages over all signals: a number per hour, day, week or month (30 days)."""
    teams: dict[Line, Budget] = Field(default_factory=dict)
    """Pages over the signals of a team, by the value of `alert.team`."""


def problems(section: Budgets, teams: Sequence[str]) -> Iterator[Finding]:
    """Yield a word for every team that no signal belongs to."""
    for team in section.teams:
        if team not in teams:
            have = ", ".join(sorted({one for one in teams if one})) or "none"
            yield Finding(("teams", team), f'no signal has alert.team "{team}"{nearest(team, teams)} (have: {have})')


def limits(section: Budgets, signals: Sequence[Signal]) -> tuple[Limit, ...]:
    """Return what the section allows: of teams first, of all signals last."""
    alerting = [one for one in signals if one.alert is not None]
    found = [
        Limit(frozenset(one.name for one in alerting if one.alert and one.alert.team == team), per_week)
        for team, per_week in section.teams.items()
    ]
    if section.fleet is not None:
        found.append(Limit(frozenset(one.name for one in alerting), section.fleet))
    return tuple(found)


def within(signals: Sequence[Signal], allowed: Sequence[Limit]) -> tuple[Signal, ...]:
    """Return the signals with budgets that keep all limits together."""
    budgets = scaled({one.name: one.alert.budget_per_week for one in signals if one.alert}, allowed)
    return tuple(
        replace(one, alert=replace(one.alert, budget_per_week=budgets[one.name])) if one.alert else one
        for one in signals
    )
