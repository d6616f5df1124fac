"""What alerts were worth to people: pages, flaps, and how many were right, from what fired and what was silenced."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from offkey.core.durations import DAY, HOUR
from offkey.core.frame import BoolArray, Frame
from offkey.core.labels import Labels, Matcher
from offkey.engine.ruleplay.episodes import Cost, Episode, cost_of
from offkey.models.promql.alerts import runs

# An alert that fires again so soon after its end did not really end.
FLAP = HOUR
# A silence may say what an alert was worth until so long after its end.
AFTERWARDS = DAY

Verdict = Literal["", "true", "false"]
_SAID = re.compile(r"\b(?:(?P<false>false|bogus)|true|real)[ _-](?:alarm|alert|positive|incident)\b", re.IGNORECASE)


def verdict_of(comment: str) -> Verdict:
    """Return what a silence's comment says of its alerts: `false alarm`, `real alarm`, `true positive`, ...

    A comment that says both says nothing.
    """
    said = {"false" if match["false"] else "true" for match in _SAID.finditer(comment)}
    return "" if len(said) != 1 else "false" if "false" in said else "true"


@dataclass(frozen=True, slots=True)
class Silence:
    """An acknowledgement: which alerts, from when to when (Unix seconds), and what it says of them, if anything."""

    matchers: tuple[Matcher, ...]
    start: int
    end: int
    verdict: Verdict = ""

    def concerns(self, labels: Labels) -> bool:
        """Return whether an alert is meant."""
        return all(matcher.matches(labels) for matcher in self.matchers)


@dataclass(frozen=True, slots=True, order=True)
class AlertId:
    """Which alert, over all its series; `signal` is empty for rules that offkey did not write."""

    alert: str
    severity: str
    signal: str

    @classmethod
    def of(cls, labels: Labels) -> "AlertId":
        """Return the alert a series of ALERTS belongs to."""
        return cls(labels.get("alertname", ""), labels.get("severity", ""), labels.get("offkey_rule", ""))


@dataclass(frozen=True, slots=True)
class Page:
    """An episode that people were told of, whether anybody acknowledged it, and whether it was called right."""

    episode: Episode
    is_acknowledged: bool = False
    verdict: Verdict = ""


@dataclass(frozen=True, slots=True)
class AlertQuality:
    """One alert's record.

    Attributes:
        alert: which.
        pages: what people were told, in order of time; what a silence muted from its start is none of it.
        cost: what that cost them.
        gaps: seconds from an end to the next start of the same series, where that came within an hour.
        right: silences that called it right.
        wrong: silences that called it a false alarm.
        hears: whether silences were read; without them nobody's answer is known.
    """

    alert: AlertId
    pages: tuple[Page, ...]
    cost: Cost
    gaps: tuple[int, ...]
    right: int
    wrong: int
    hears: bool

    @property
    def flaps(self) -> int:
        """Pages that began within an hour of the same series' end."""
        return len(self.gaps)

    @property
    def flaps_per_week(self) -> float:
        """Flaps a week."""
        return self.flaps / self.cost.weeks if self.cost.weeks else float("nan")

    @property
    def self_resolved(self) -> float:
        """Share of the ended episodes that nobody had acknowledged before; NaN where that is not known."""
        ended = [one for one in self.pages if one.episode.ended is not None]
        if not self.hears or not ended:
            return float("nan")
        return sum(not one.is_acknowledged for one in ended) / len(ended)

    @property
    def precision(self) -> float:
        """Share of the silences with a verdict that called it right; NaN without any."""
        marked = self.right + self.wrong
        return self.right / marked if marked else float("nan")


def qualities(
    firing: Frame,
    silences: Sequence[Silence] | None,
    lived: Mapping[str, int],
    known: Iterable[AlertId] = (),
) -> list[AlertQuality]:
    """Return the record of every alert that fired, or that is known to have been there.

    Args:
        firing: `ALERTS{alertstate="firing"}`; NaN = not firing.
        silences: those that are known; None = nobody was asked.
        lived: seconds that the rules of a signal have existed within the frame; of others, all of it.
        known: alerts that are there whether they fired or not.
    """
    found: dict[AlertId, list[Episode]] = {alert: [] for alert in known}
    for labels, row in zip(firing.series, firing.values, strict=True):
        found.setdefault(AlertId.of(labels), []).extend(_episodes(labels, ~np.isnan(row), firing))
    whole = firing.axis.size * firing.axis.step
    return [
        _quality(alert, episodes, silences, lived.get(alert.signal, whole), firing.axis.end)
        for alert, episodes in sorted(found.items())
    ]


def _episodes(labels: Labels, is_on: BoolArray, firing: Frame) -> Iterator[Episode]:
    """Yield what fired; what already did at the start belongs to the time before."""
    times = firing.axis.times
    for first, last in runs(is_on):
        if first > 0:
            ended = int(times[last + 1]) if last + 1 < times.size else None
            yield Episode(labels, int(times[first]), int(times[first]), ended)


def _quality(
    alert: AlertId, episodes: list[Episode], silences: Sequence[Silence] | None, seconds: int, end: int
) -> AlertQuality:
    episodes.sort(key=lambda one: (one.fired, one.labels.pairs))
    heard = {one.labels: [said for said in silences or () if said.concerns(one.labels)] for one in episodes}
    pages = [_page(one, heard[one.labels]) for one in episodes]
    told = tuple(one for one in pages if one is not None)
    cost = cost_of([one.episode for one in told], seconds, end)
    marks = {id(said): said.verdict for one in told for said in _about(one.episode, heard[one.episode.labels])}
    right, wrong = (sum(mark == kind for mark in marks.values()) for kind in ("true", "false"))
    return AlertQuality(alert, told, cost, tuple(_gaps(told)), right, wrong, silences is not None)


def _page(episode: Episode, silences: Iterable[Silence]) -> Page | None:
    """Return an episode as people met it; None when it was muted as it began."""
    said = list(silences)
    if any(one.start < episode.fired < one.end for one in said):
        return None
    end = float("inf") if episode.ended is None else episode.ended
    acknowledged = any(episode.fired <= one.start <= end for one in said)
    verdicts = {one.verdict for one in _about(episode, said)} - {""}
    return Page(episode, acknowledged, verdicts.pop() if len(verdicts) == 1 else "")


def _about(episode: Episode, silences: Iterable[Silence]) -> Iterator[Silence]:
    """Yield the silences that were made because of an episode."""
    end = float("inf") if episode.ended is None else episode.ended + AFTERWARDS
    return (one for one in silences if episode.fired <= one.start <= end)


def _gaps(pages: Sequence[Page]) -> Iterator[int]:
    ended: dict[Labels, int] = {}
    for one in pages:
        episode = one.episode
        if episode.labels in ended and episode.fired - ended[episode.labels] <= FLAP:
            yield episode.fired - ended[episode.labels]
        if episode.ended is not None:
            ended[episode.labels] = episode.ended
