"""What a replay of rules found, as values a program can read and as a table for people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from offkey.app.wording import figure, known
from offkey.core.durations import WEEK, format_duration
from offkey.core.rules import AlertRule
from offkey.engine.ruleplay.episodes import Cost, Episode, cost, cost_of
from offkey.engine.ruleplay.play import Played

VERSION = 1


@dataclass(frozen=True, slots=True)
class Results:
    """Rules that went through [start, end], Unix seconds."""

    start: int
    end: int
    rules: tuple[Played, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Rules that could not be replayed, and why."""
        return tuple(f"{name(one)}: {one.problem}" for one in self.rules if one.problem)

    @property
    def alerts(self) -> dict[tuple[str, str], Cost]:
        """What each alert cost, by group and name; rules of one name in one group count together."""
        found: dict[tuple[str, str], Cost] = {}
        for one in self.rules:
            if isinstance(one.rule, AlertRule) and not one.problem:
                key = (one.group.name, one.rule.alert)
                found[key] = joined(found[key], cost(one)) if key in found else cost(one)
        return found

    def tree(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        rules = [_rule(one) for one in self.rules]
        return {"version": VERSION, "start": self.start, "end": self.end, "rules": rules}


def tree(after: Results, before: Results | None) -> dict[str, Any]:
    """Return one replay, or two side by side, as JSON values."""
    return after.tree() if before is None else {"version": VERSION, "before": before.tree(), "after": after.tree()}


def joined(first: Cost, second: Cost) -> Cost:
    """Return the cost of two rules of one name."""
    both = sorted((*first.episodes, *second.episodes), key=lambda one: one.fired)
    return replace(cost_of(both, round(first.weeks * WEEK), 0), seconds=first.seconds + second.seconds)


def name(played: Played) -> str:
    """Return a rule's name."""
    return played.rule.alert if isinstance(played.rule, AlertRule) else played.rule.record


def _rule(played: Played) -> dict[str, Any]:
    told: dict[str, Any] = {
        "group": played.group.name,
        "interval_seconds": played.group.interval,
        "evaluations": int(played.times.size),
        "failed_evaluations": int(played.failed.sum()),
    }
    if played.problem:
        told["problem"] = played.problem
    if not isinstance(played.rule, AlertRule):
        return {"record": played.rule.record, **told, "series": len(played.wrote.series)}
    found = cost(played)
    return {
        "alert": played.rule.alert,
        **told,
        "pages": found.pages,
        "pages_per_week": known(found.pages_per_week),
        "firing_seconds": found.seconds,
        "episodes": [_episode(one) for one in found.episodes],
    }


def _episode(one: Episode) -> dict[str, Any]:
    labels = {name: value for name, value in one.labels.items() if name != "alertname"}
    return {"labels": labels, "active_at": one.began, "fired_at": one.fired, "ended_at": one.ended}


def rows(results: Results) -> list[tuple[str, ...]]:
    """Return what each alert would have cost, a head first."""
    made: list[tuple[str, ...]] = [("ALERT", "GROUP", "SERIES", "EPISODES", "PAGES/WEEK", "FIRING", "LONGEST")]
    made.extend((alert, group, *figures(found, results.end)) for (group, alert), found in results.alerts.items())
    return made


def table(results: Results, *, details: bool) -> Iterator[str]:
    """Yield the lines of a table: what each alert would have cost, and with `details` each episode."""
    yield from aligned(rows(results))
    yield from (f"not replayed: {problem}" for problem in results.problems)
    for one in results.rules:
        if one.failed.any() and not one.problem:
            yield f"{name(one)}: {int(one.failed.sum())} of {one.times.size} evaluations would have failed"
    if not details:
        return
    for (_, alert), found in results.alerts.items():
        for episode in found.episodes:
            labels = episode.labels.without("alertname").selector()
            ended = "still firing" if episode.ended is None else clock(episode.ended)
            yield f"{clock(episode.fired)}  {ended:<20}  {alert}{labels}"


def figures(found: Cost, end: int) -> tuple[str, ...]:
    """Return the figures of an alert as words."""
    longest = max(((one.ended or end) - one.fired for one in found.episodes), default=0)
    series = len({one.labels for one in found.episodes})
    firing = format_duration(found.seconds)
    return (str(series), str(len(found.episodes)), figure(found.pages_per_week), firing, format_duration(longest))


def compared_rows(before: Results, after: Results) -> list[tuple[str, ...]]:
    """Return two replays side by side, a head first."""
    old, new = before.alerts, after.alerts
    made: list[tuple[str, ...]] = [("ALERT", "GROUP", "EPISODES", "PAGES/WEEK", "FIRING")]
    for key in dict.fromkeys((*old, *new)):
        was, now = old.get(key), new.get(key)
        made.append(
            (
                key[1],
                key[0],
                _change(*(None if one is None else str(len(one.episodes)) for one in (was, now))),
                _change(*(None if one is None else figure(one.pages_per_week) for one in (was, now))),
                _change(*(None if one is None else format_duration(one.seconds) for one in (was, now))),
            )
        )
    return made


def comparison(before: Results, after: Results) -> Iterator[str]:
    """Yield the lines of a table that sets two replays side by side."""
    yield from aligned(compared_rows(before, after))
    yield from (f"not replayed, before: {problem}" for problem in before.problems)
    yield from (f"not replayed, after: {problem}" for problem in after.problems)


def _change(was: str | None, now: str | None) -> str:
    return f"{'-' if was is None else was} -> {'-' if now is None else now}"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as the lines of a table."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def clock(at: int) -> str:
    """Return an instant as people read it, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
