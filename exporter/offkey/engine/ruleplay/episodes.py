"""What replayed alerts would have cost: episodes, pages, minutes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from offkey.core.durations import WEEK
from offkey.core.labels import Labels
from offkey.engine.ruleplay.play import Played
from offkey.models.promql.alerts import runs
from offkey.models.tune.budget import MERGE

SHORT = 600  # seconds; an episode that ends by itself sooner told nobody anything


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert from its first breach to its end, Unix seconds; `ended` is None when it outlasts the replay."""

    labels: Labels
    began: int
    fired: int
    ended: int | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What an alert would have cost.

    Attributes:
        episodes: in order of time.
        pages: times somebody would have been told: series that fire within 15 minutes of each other are one page.
        weeks: length of the replay.
        seconds: time firing, over all series.
        short: share of the ended episodes that lasted less than 10 minutes; NaN without any.
    """

    episodes: tuple[Episode, ...]
    pages: int
    weeks: float
    seconds: int
    short: float

    @property
    def pages_per_week(self) -> float:
        """Pages a week."""
        return self.pages / self.weeks if self.weeks else float("nan")


def cost(played: Played) -> Cost:
    """Return what one alerting rule would have cost."""
    times = played.times
    return cost_of(episodes(played), times.size * played.group.interval, int(times[-1]) if times.size else 0)


def episodes(played: Played) -> tuple[Episode, ...]:
    """Return every time an alert of a rule fired, in order."""
    found = []
    times, firing = played.times, played.firing
    for labels, since, there in zip(firing.series, firing.values, firing.there, strict=True):
        for first, last in runs(there):
            ended = int(times[last + 1]) if last + 1 < times.size else None
            found.append(Episode(labels, int(since[first]), int(times[first]), ended))
    return tuple(sorted(found, key=lambda one: (one.fired, one.labels.pairs)))


def cost_of(found: Sequence[Episode], seconds: int, end: int) -> Cost:
    """Return what some episodes cost in a time of so many seconds; one that still fires has lasted until its end."""
    ended = np.array([one.ended is not None for one in found], bool)
    lengths = np.array([(end if one.ended is None else one.ended) - one.fired for one in found], np.int64)
    short = float((lengths[ended] < SHORT).mean()) if ended.any() else float("nan")
    return Cost(tuple(found), pages_of(found), seconds / WEEK, int(lengths.sum()), short)


def pages_of(found: Sequence[Episode]) -> int:
    """Return how often there was something new to tell: what starts while others fire, or soon after, is not."""
    pages, quiet_since = 0, -(1 << 62)
    for one in sorted(found, key=lambda episode: episode.fired):
        if one.fired - quiet_since > MERGE:
            pages += 1
        quiet_since = max(quiet_since, one.ended if one.ended is not None else 1 << 62)
    return pages
