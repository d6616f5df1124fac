"""What a rule wrote, evaluation by evaluation, and how later readers see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from offkey.core.frame import BoolArray, IntArray
from offkey.core.labels import Labels
from offkey.engine.promql.series import Track, Vector


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some evaluations in a row.

    Attributes:
        times: when, milliseconds, (N,).
        wrote: the samples written, (S, N).
        failed: evaluations that wrote nothing and ended nothing, (N,).
    """

    times: IntArray
    wrote: Vector
    failed: BoolArray

    def cut(self, count: int) -> "Stretch":
        """Return the first evaluations."""
        return Stretch(self.times[:count], self.wrote.columns(0, count).kept(), self.failed[:count])


@dataclass(slots=True)
class Tape:
    """All evaluations of a rule so far."""

    stretches: list[Stretch] = field(default_factory=list)

    def tracks(self, since: int | None = None, guess: Stretch | None = None) -> list[tuple[Labels, Track]]:
        """Return the series as a reader finds them; one that is no longer written gets a mark of its end.

        Args:
            since: only what matters from here on, milliseconds; None = everything.
            guess: evaluations that are not done yet, taken for granted.
        """
        chosen: list[Stretch] = [] if guess is None else [guess]
        for stretch in reversed(self.stretches):
            chosen.append(stretch)
            if since is not None and stretch.times.size and stretch.times[0] < since:
                break
        whole = joined(chosen[::-1])
        if whole.failed.any():
            done = ~whole.failed
            wrote = Vector(whole.wrote.series, whole.wrote.values[:, done], whole.wrote.there[:, done])
            whole = Stretch(whole.times[done], wrote, whole.failed[done])
        there = whole.wrote.there
        ends = np.zeros_like(there)
        ends[:, 1:] = ~there[:, 1:] & there[:, :-1]
        kept = there | ends
        return [
            (labels, Track(whole.times[one], values[one], gone[one]))
            for labels, values, one, gone in zip(whole.wrote.series, whole.wrote.values, kept, ends, strict=True)
        ]

    def held(self, times: IntArray) -> Stretch:
        """Return the guess that nothing changes from the last good evaluation on."""
        for stretch in reversed(self.stretches):
            good = np.flatnonzero(~stretch.failed)
            if good.size:
                wrote = stretch.wrote.columns(int(good[-1]), int(good[-1]) + 1).kept()
                shape = (len(wrote.series), times.size)
                values, there = np.broadcast_to(wrote.values, shape), np.broadcast_to(wrote.there, shape)
                return Stretch(times, Vector(wrote.series, values, there), np.zeros(times.size, bool))
        return Stretch(times, Vector.nothing(times.size), np.zeros(times.size, bool))


def joined(stretches: Sequence[Stretch]) -> Stretch:
    """Return stretches that follow each other as one."""
    if len(stretches) == 1:
        return stretches[0]
    row: dict[Labels, int] = {}
    for stretch in stretches:
        for labels in stretch.wrote.series:
            row.setdefault(labels, len(row))
    size = sum(stretch.times.size for stretch in stretches)
    values, there = np.zeros((len(row), size)), np.zeros((len(row), size), bool)
    first = 0
    for stretch in stretches:
        rows = [row[labels] for labels in stretch.wrote.series]
        last = first + stretch.times.size
        values[rows, first:last] = stretch.wrote.values
        there[rows, first:last] = stretch.wrote.there
        first = last
    times = np.concatenate([np.empty(0, np.int64), *(stretch.times for stretch in stretches)])
    failed = np.concatenate([np.empty(0, bool), *(stretch.failed for stretch in stretches)])
    return Stretch(times, Vector(tuple(row), values, there), failed)


def agreement(guess: Stretch, truth: Stretch) -> int:
    """Return how many evaluations were guessed right before the first that was not."""
    known = set(truth.wrote.series)
    others = [k for k, labels in enumerate(guess.wrote.series) if labels not in known]
    wrong = truth.failed | guess.wrote.there[others].any(axis=0)
    row = {labels: k for k, labels in enumerate(guess.wrote.series)}
    for k, labels in enumerate(truth.wrote.series):
        there, values = truth.wrote.there[k], truth.wrote.values[k]
        if labels not in row:
            wrong = wrong | there
            continue
        guessed, value = guess.wrote.there[row[labels]], guess.wrote.values[row[labels]]
        same = (value == values) | (np.isnan(value) & np.isnan(values))
        wrong = wrong | (there != guessed) | (there & ~same)
    first = np.flatnonzero(wrong)
    return int(first[0]) if first.size else truth.times.size
