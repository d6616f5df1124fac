"""What goes wrong, or only looks like it: the ground truth, and how strongly it is felt at each instant."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from offkey.core.frame import Array, Axis, BoolArray
from offkey.core.labels import Labels, Matcher

Class = Literal["incident", "opportunity", "benign"]
Side = Literal["above", "below", "both", "none"]


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that happens, and what a good watcher would say about it.

    Attributes:
        id: name of the record.
        kind: what happens; the domain that is concerned acts on it.
        severity: of the alert one expects, `none` for benign ones.
        start, end: Unix seconds; it is felt in [start, end).
        category: an incident, an opportunity somebody wants to hear of, or benign: nobody may be paged.
        ramp_up, ramp_down: seconds of straight rise after the start, and of fall before the end.
        selector: whose series are concerned.
        signals: what shows it, in words.
        direction: which way those signals go.
        alert: name of the alert one expects, empty for none.
        delay: seconds after `start` within which it should be known.
        params: size of the effect, by kind.
        scale: share of the effect that is played, 0 to 1 (and beyond).
    """

    id: str
    kind: str
    severity: str
    start: int
    end: int
    category: Class = "incident"
    ramp_up: int = 0
    ramp_down: int = 0
    selector: tuple[Matcher, ...] = ()
    signals: tuple[str, ...] = ()
    direction: Side = "both"
    alert: str = ""
    delay: int = 0
    params: Mapping[str, float] = field(default_factory=dict)
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.ramp_up + self.ramp_down > self.end - self.start:
            msg = f"incident {self.id} lasts {self.end - self.start} s; its ramps take longer"
            raise ValueError(msg)

    def touches(self, labels: Mapping[str, str]) -> bool:
        """Whether the selector selects a series with these labels, as Prometheus reads it."""
        return all(fits(matcher, labels.get(matcher.name, "")) for matcher in self.selector)

    def rows(self, series: Sequence[Labels]) -> BoolArray:
        """Return which of S series are concerned, shape (S,); matchers on labels a series lacks do not count."""
        return np.array([self._concerns(labels) for labels in series], np.bool_)

    def strength(self, axis: Axis) -> Array:
        """Return how strongly it is felt, mean over each column's step, shape (T,): 0 not at all, `scale` in full."""
        edges = np.append(axis.times - axis.step, axis.end).astype(np.float64)
        return np.asarray(self.scale * np.diff(self._felt_until(edges)) / axis.step)

    def progress(self, axis: Axis) -> Array:
        """Return the seconds since the start in the middle of each column, shape (T,), 0 before it."""
        return np.asarray(np.maximum(axis.times - axis.step / 2 - self.start, 0.0), np.float64)

    def record(self) -> dict[str, object]:
        """Return the ground truth as a JSON-ready mapping."""
        return {
            "id": self.id,
            "kind": self.kind,
            "class": self.category,
            "severity": self.severity,
            "start": self.start,
            "end": self.end,
            "ramp_up_s": self.ramp_up,
            "ramp_down_s": self.ramp_down,
            "selector": "{" + ",".join(str(matcher) for matcher in self.selector) + "}",
            "signals": list(self.signals),
            "expected_direction": self.direction,
            "expected_alertname": self.alert,
            "max_delay_s": self.delay,
            "params": dict(self.params),
            "effect_scale": self.scale,
        }

    def _concerns(self, labels: Mapping[str, str]) -> bool:
        return all(fits(matcher, labels[matcher.name]) for matcher in self.selector if matcher.name in labels)

    def _felt_until(self, instants: Array) -> Array:
        """Return the seconds of full effect before each instant: the area under a trapezoid."""
        times = np.clip(instants, self.start, self.end)
        rise = np.minimum(times - self.start, self.ramp_up)
        risen = rise * rise / max(2 * self.ramp_up, 1)
        fall = np.maximum(times - (self.end - self.ramp_down), 0.0)
        lost = fall * fall / max(2 * self.ramp_down, 1)
        return np.asarray(risen + (times - self.start - rise) - lost)


def of_kind(incidents: Iterable[Incident], kind: str) -> Iterator[Incident]:
    """Yield the incidents of one kind."""
    return (incident for incident in incidents if incident.kind == kind)


def fits(matcher: Matcher, value: str) -> bool:
    """Return whether a label value passes a matcher, as Prometheus reads it: patterns are anchored."""
    if matcher.op in ("=", "!="):
        return (value == matcher.value) == (matcher.op == "=")
    return (re.fullmatch(matcher.value, value) is not None) == (matcher.op == "=~")
