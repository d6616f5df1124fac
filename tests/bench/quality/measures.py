"""Quality measures of strangeness against labelled anomalies."""

from dataclasses import dataclass

import numba
import numpy as np

from offkey.core.frame import Array, BoolArray, IntArray

BUFFER = 20  # samples around an incident that may count in part, at most
LEVELS = 250


@dataclass(frozen=True)
class Count:
    """What alerts found: incidents, those found in time, false episodes, samples of delay in all."""

    incidents: int = 0
    found: int = 0
    false: int = 0
    delay: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.incidents + other.incidents,
            self.found + other.found,
            self.false + other.false,
            self.delay + other.delay,
        )

    @property
    def recall(self) -> float:
        """Share of incidents found."""
        return self.found / max(1, self.incidents)

    @property
    def precision(self) -> float:
        """Share of found incidents among those and the false episodes."""
        return self.found / max(1, self.found + self.false)

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.found / max(1, self.found + self.false + self.incidents)


def segments(mask: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the first and last index of each run of true values."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1


def auc_pr(strangeness: Array, labels: BoolArray) -> float:
    """Return the average precision; equal scores count as one threshold."""
    order = np.argsort(-strangeness, kind="stable")
    ranked, hits = strangeness[order], np.cumsum(labels[order])
    last = np.append(ranked[1:] != ranked[:-1], True)
    recall, precision = hits[last] / hits[-1], hits[last] / (np.flatnonzero(last) + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def vus_pr(strangeness: Array, labels: BoolArray) -> float:
    """Return the volume under the precision-recall surface over label buffers of 0 to 20 samples.

    Thresholds lie at geometrically spaced ranks, so that rare anomalies are resolved.

    Source: Paparrizos et al. (2022), Volume Under the Surface, PVLDB 15(11).
    """
    ranked = np.sort(strangeness)[::-1]
    ranks = np.geomspace(1, len(ranked), LEVELS).astype(int) - 1
    levels = np.unique(ranked[ranks])  # rising
    first, last = segments(labels)
    step = np.searchsorted(levels, strangeness, side="right")  # how many levels each sample reaches
    areas = [_range_area(step, labels, first, last, int(w), len(levels)) for w in range(0, BUFFER + 1, 4)]
    return float(np.mean(areas))


def _range_area(step: IntArray, labels: BoolArray, first: IntArray, last: IntArray, width: int, levels: int) -> float:
    weight = labels.astype(float)
    for s, e in zip(first, last, strict=True) if width else ():
        away = np.arange(1, width // 2 + 1)
        fade = np.sqrt(1 - away / width)
        for place in (s - away, e + away):
            inside = (place >= 0) & (place < len(weight))
            weight[place[inside]] = np.minimum(1.0, weight[place[inside]] + fade[inside])
    starts, ends = segments(weight > 0)
    best = np.array([step[s : e + 1].max() for s, e in zip(starts, ends, strict=True)])

    def at_least(amount: Array) -> Array:
        return np.cumsum(np.bincount(step, amount, levels + 1)[::-1])[:levels]  # highest level first

    alerts, hits, near = at_least(np.ones(len(step))), at_least(weight), at_least(np.where(labels, 0.0, weight))
    exists = np.array([(best >= level).mean() for level in range(levels, 0, -1)])
    recall = np.minimum(1.0, hits / ((2 * labels.sum() + near) / 2)) * exists
    return float(np.sum(np.diff(recall, prepend=0.0) * hits / np.maximum(alerts, 1)))


@numba.njit
def _tally(alerts, first, last, prompt, gap, lead):
    found, delay, false = 0, 0, 0
    excused = np.zeros(alerts.size, np.bool_)
    for k in range(first.size):
        for t in range(first[k], min(last[k], first[k] + prompt) + 1):
            if alerts[t]:
                found += 1
                delay += t - first[k]
                break
        excused[max(0, first[k] - lead) : last[k] + gap + 1] = True
    previous, is_false = -gap - 1, False
    for t in np.flatnonzero(alerts):
        if t - previous > gap:
            false += is_false
            is_false = True
        is_false = is_false and not excused[t]
        previous = t
    return found, false + is_false, delay


def tally(alerts: BoolArray, labels: BoolArray, prompt: int, gap: int, lead: int) -> Count:
    """Count incidents found in time and episodes that touch none.

    Args:
        alerts: shape (T,).
        labels: shape (T,).
        prompt: samples after an incident's first in which it must be found.
        gap: alerts at most so many samples apart are one episode; also how long after an incident one is excused.
        lead: samples before an incident in which an alert belongs to it.
    """
    first, last = segments(labels)
    found, false, delay = _tally(alerts, first, last, prompt, gap, lead)
    return Count(len(first), found, false, delay)


@numba.njit
def episodes(alerts, gap):
    """Return how many alert episodes there are, alerts at most `gap` samples apart counted once."""
    count, previous = 0, -gap - 1
    for t in np.flatnonzero(alerts):
        count += t - previous > gap
        previous = t
    return count


def levels_of(strangeness: Array, size: int) -> Array:
    """Return thresholds from the highest score down to its upper eighth, geometrically spaced by rank."""
    ranked = np.sort(strangeness)[::-1]
    ranks = np.unique(np.rint(np.geomspace(1, max(2, len(ranked) // 8), size)).astype(int)) - 1
    return np.unique(ranked[ranks])[::-1]
