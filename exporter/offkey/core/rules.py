"""Recording and alerting rules, their tests, and the evidence they rest on, as values: YAML-free."""

import hashlib
import math
import re
from dataclasses import dataclass, field

from offkey.core.labels import Labels

_NOT_IN_A_FILE_NAME = re.compile(r"[^a-z0-9._-]+")
_LONGEST_STEM = 80

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RecordRule:
    """A series computed on every evaluation; `comment` stands above it, one line per item."""

    record: str
    expr: str
    labels: Labels = field(default_factory=Labels)
    comment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A condition people are told about.

    Attributes:
        alert: its name.
        expr: PromQL; every series of the answer is one alert.
        hold: `for`, seconds the condition must last; 0 = at once.
        keep_firing: `keep_firing_for`, seconds an alert stays after the condition; 0 = not at all.
        labels: added to every alert; Prometheus reads values as templates.
        annotations: templates in the order they are written.
        comment: stands above the rule, one line per item.
    """

    alert: str
    expr: str
    hold: int = 0
    keep_firing: int = 0
    labels: Labels = field(default_factory=Labels)
    annotations: Pairs = ()
    comment: tuple[str, ...] = ()


Rule = RecordRule | AlertRule


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules evaluated one after the other, every `interval` seconds.

    `limit` is the most series one rule may give; beyond it Prometheus drops them all and counts a failure. 0 = none.
    """

    name: str
    interval: int
    rules: tuple[Rule, ...]
    limit: int = 0


@dataclass(frozen=True, slots=True)
class GivenSeries:
    """An input of a test: labels with `__name__`, and values in promtool's notation, one per interval."""

    labels: Labels
    values: str


@dataclass(frozen=True, slots=True)
class FiringAlert:
    """An alert a test expects, with every label and annotation in its final text."""

    labels: Labels
    annotations: Pairs


@dataclass(frozen=True, slots=True)
class AlertCheck:
    """The alerts of one name that fire `at` seconds into a test: exactly these."""

    at: int
    alert: str
    firing: tuple[FiringAlert, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueCheck:
    """The samples an expression gives `at` seconds into a test: exactly these."""

    at: int
    expr: str
    samples: tuple[tuple[Labels, float], ...] = ()


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One story told to the rules, and what must come of it; inputs and evaluations are `interval` seconds apart."""

    name: str
    interval: int
    given: tuple[GivenSeries, ...]
    alerts: tuple[AlertCheck, ...] = ()
    values: tuple[ValueCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewedBound:
    """A constant a person can review, and the envelope in which the live threshold may move; the signal's unit.

    Raises:
        ValueError: not finite, or not lowest <= constant <= highest.
    """

    constant: float
    lowest: float
    highest: float

    def __post_init__(self) -> None:
        if not -math.inf < self.lowest <= self.constant <= self.highest < math.inf:
            msg = f"a bound needs finite lowest <= constant <= highest; found {self}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What learning found for one signal: the reason its rules look as they do.

    Attributes:
        series: the label sets that were learned, in order.
        start: first instant of the window, Unix seconds.
        end: last instant of the window, Unix seconds.
        samples: values present in the window, over all series.
        present: share of the window's values that were there, 0 to 1.
        expected_alerts_per_week: what the bound would have cost on that past; NaN = not known.
        typical: value that is usual over the window (a median), the signal's unit.
        upper: reviewed bound above, None where that side is not watched.
        lower: reviewed bound below, likewise.
        step: seconds between the samples of the window.
        traffic_labels: label names that the traffic query's series share with the signal's.
        why: a sentence on how the constants were found.

    Raises:
        ValueError: the typical value is not finite, or not between the bounds.
    """

    series: tuple[Labels, ...]
    start: int
    end: int
    samples: int
    present: float
    expected_alerts_per_week: float
    typical: float
    upper: ReviewedBound | None = None
    lower: ReviewedBound | None = None
    step: int = 60
    traffic_labels: tuple[str, ...] = ()
    why: str = ""

    def __post_init__(self) -> None:
        below = self.lower.constant if self.lower else -math.inf
        above = self.upper.constant if self.upper else math.inf
        if not (math.isfinite(self.typical) and below < self.typical < above):
            msg = f"the typical value must lie between the bounds; found {below} < {self.typical} < {above}"
            raise ValueError(msg)

    @property
    def label_names(self) -> tuple[str, ...]:
        """Every label name of the series, without the metric name, in order."""
        return tuple(sorted({name for labels in self.series for name in labels} - {"__name__"}))


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One signal's rules and the tests that prove them; `stem` begins the names of both files.

    `header` is said at the top of both files, one line per item.
    """

    stem: str
    groups: tuple[RuleGroup, ...]
    tests: tuple[RuleTest, ...]
    header: tuple[str, ...] = ()


def file_stem(name: str) -> str:
    """Return a name that is safe as a file name: itself where it is, else a readable part and a hash."""
    stem = _NOT_IN_A_FILE_NAME.sub("-", name).strip(".-_")[:_LONGEST_STEM]
    if stem and stem == name:
        return stem
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem}-{digest}" if stem else f"signal-{digest}"
