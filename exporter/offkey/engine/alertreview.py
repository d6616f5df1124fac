"""What an alert's record proposes: wait longer, stay longer, another bound, or be gone; a person decides."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from offkey.core.durations import HOUR, MINUTE, format_duration
from offkey.core.frame import Frame
from offkey.engine.alertquality import FLAP, AlertQuality, Page
from offkey.engine.ruleplay.episodes import pages_of

HOLDS = (2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR)
KEEPS = (5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR)
# Below so many episodes a record says too little to change anything.
ENOUGH = 5
# Verdicts it takes to call an alert useless, and the share that may be right.
VERDICTS, USELESS = 5, 0.1
# A change is worth a review when it takes away at least this share of what it is about.
WORTH = 0.3
_FACTORS = (1.1, 1.25, 1.5, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class Present:
    """How an alert is set now.

    Attributes:
        hold: `for`, seconds.
        keep_firing: `keep_firing_for`, seconds.
        budget_per_week: pages a week, where it has a budget.
        bound: factor on its learned bounds.
    """

    hold: int
    keep_firing: int
    budget_per_week: float | None = None
    bound: float = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """One proposed change.

    Attributes:
        key: `for`, `keep_firing_for` or `bound` of the alert, or `retire`.
        after: the new value as it is written; empty to retire.
        why: in words, with the figures it rests on.
    """

    key: str
    after: str
    why: str


def proposed(found: AlertQuality, present: Present, peaks: Frame | None = None) -> list[Change]:
    """Return what the record proposes; nothing when it is fine, or too short to say.

    No change would have muted what somebody acknowledged or called right.

    Args:
        found: the record.
        present: the settings it was made with.
        peaks: the signal's anomaly scores, where 1 is the bound; None where they are not known.
    """
    if found.right + found.wrong >= VERDICTS and found.precision <= USELESS:
        words = f"{found.wrong} of {found.right + found.wrong} silences call it a false alarm"
        return [Change("retire", "", words)]
    if len(found.pages) < ENOUGH:
        return []
    changes = [*_longer_keep(found, present)]
    if found.cost.short >= WORTH:
        changes += _longer_for(found, present)
    if any(one.key == "for" for one in changes) or not _is_costly(found, present):
        return changes
    bound = [] if peaks is None else [*_higher_bound(found, present, peaks)]
    return changes + (bound or [*_longer_for(found, present)])


def _is_costly(found: AlertQuality, present: Present) -> bool:
    return present.budget_per_week is not None and found.cost.pages_per_week > present.budget_per_week


def _longer_for(found: AlertQuality, present: Present) -> Iterator[Change]:
    """Yield the shortest `for` that keeps the budget, else the one that takes most away; none that is not worth it."""

    def goes(hold: int) -> Callable[[Page], bool]:
        return lambda one: 0 <= _breach(one, present) < hold - present.hold

    best: tuple[int, float] | None = None
    for hold in HOLDS:
        left = _left(found, goes(hold)) if hold > present.hold else None
        if left is None:
            continue
        gone = len(found.pages) - len(left)
        if gone >= WORTH * len(found.pages) and (best is None or gone > best[1]):
            best = hold, gone
            if not _is_costly_with(found, left, present):
                break
    if best is not None:
        words = f"{best[1]} of {len(found.pages)} episodes were over by then, and nobody acknowledged any of them"
        yield Change("for", format_duration(best[0]), words)


def _longer_keep(found: AlertQuality, present: Present) -> Iterator[Change]:
    """Yield the shortest `keep_firing_for` that joins most of the flaps."""
    gaps = found.gaps
    if found.flaps < WORTH * len(found.pages):
        return
    for keep in KEEPS:
        joined = sum(gap <= keep - present.keep_firing for gap in gaps)
        if keep > present.keep_firing and joined >= (1 - WORTH) * len(gaps):
            words = f"{joined} of {len(gaps)} times it came back within {format_duration(FLAP)} it was gone for less"
            yield Change("keep_firing_for", format_duration(keep), words)
            return


def _higher_bound(found: AlertQuality, present: Present, peaks: Frame) -> Iterator[Change]:
    """Yield the smallest factor on the learned bound that keeps the budget and mutes nothing anybody acknowledged."""
    highest = {one: _peak(one, peaks) for one in found.pages}
    for factor in _FACTORS:
        within = {one for one in found.pages if highest[one] <= factor}
        left = _left(found, within.__contains__)
        if left is None:
            return
        if len(left) < len(found.pages) and not _is_costly_with(found, left, present):
            gone = len(found.pages) - len(left)
            words = f"{gone} of {len(found.pages)} episodes stayed within {factor:g} times the bound; the budget holds"
            yield Change("bound", f"{factor * present.bound:.3g}", words)
            return


def _left(found: AlertQuality, goes: Callable[[Page], bool]) -> list[Page] | None:
    """Return the pages that stay; None when one would go that somebody acted on."""
    left = [one for one in found.pages if not goes(one)]
    gone = (one for one in found.pages if goes(one))
    if any((one.is_acknowledged and one.verdict != "false") or one.verdict == "true" for one in gone):
        return None
    return left


def _is_costly_with(found: AlertQuality, left: Sequence[Page], present: Present) -> bool:
    if present.budget_per_week is None or not found.cost.weeks:
        return False
    return pages_of([one.episode for one in left]) / found.cost.weeks > present.budget_per_week


def _breach(page: Page, present: Present) -> int:
    """Return how long the condition lasted once it fired, seconds; -1 while it goes on."""
    episode = page.episode
    return -1 if episode.ended is None else max(0, episode.ended - episode.fired - present.keep_firing)


def _peak(page: Page, peaks: Frame) -> float:
    """Return the highest score of the signal while an alert fired; infinite where none is known."""
    episode, axis = page.episode, peaks.axis
    last = axis.end if episode.ended is None else episode.ended
    first, after = (episode.fired - axis.start) // axis.step, (last - axis.start) // axis.step + 1
    found = peaks.values[:, max(0, first) : after]
    known = found[~np.isnan(found)]
    return float(known.max()) if known.size else float("inf")
