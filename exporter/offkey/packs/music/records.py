"""Recording rules with two faces: their PromQL, and the same arithmetic on simulated series.

The faces stand side by side, so that a history made here continues in what a real Prometheus records.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from offkey.core.durations import MINUTE, format_duration
from offkey.core.frame import Array
from offkey.core.labels import NAME, Labels, Matcher
from offkey.packs.music.incidents import fits
from offkey.packs.music.scene import Family

WINDOW = 5 * MINUTE  # what rates look back over unless a record says otherwise
Rows = dict[Labels, Array]


@dataclass(frozen=True, slots=True)
class Selector:
    """The series of one name that pass some matchers."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def __str__(self) -> str:
        inner = ", ".join(str(matcher) for matcher in self.matchers)
        return f"{self.name}{{{inner}}}" if inner else self.name

    def takes(self, labels: Labels) -> bool:
        """Whether a series is selected."""
        named = labels.get(NAME) == self.name
        return named and all(fits(matcher, labels.get(matcher.name, "")) for matcher in self.matchers)

    def rate(self, by: Sequence[str], window: int) -> str:
        """Return the PromQL of its summed rate."""
        return f"sum by ({', '.join(by)}) (rate({self}[{format_duration(window)}]))"


@dataclass(frozen=True, slots=True)
class Scrape:
    """Raw series on a clock that is at least as fine as that of the records.

    Attributes:
        families: the raw series; their first columns are what the first rate looks back over.
        step: seconds between their columns.
        window: seconds a rate looks back over, a multiple of `step`.
        every: columns from one recorded sample to the next.
    """

    families: tuple[Family, ...]
    step: int
    window: int
    every: int = 1

    def rates(self, selector: Selector, by: Sequence[str]) -> Rows:
        """Return summed rates a second by some labels, over the window that ends at each recorded sample."""
        width = self.window // self.step
        return {
            labels: _moving_sum(added, width)[:: self.every] / self.window
            for labels, added in self._grouped(selector, by).items()
        }

    def levels(self, selector: Selector, by: Sequence[str]) -> Rows:
        """Return summed gauges by some labels at each recorded sample."""
        first = self.window // self.step - 1
        return {labels: values[first :: self.every] for labels, values in self._grouped(selector, by).items()}

    def _grouped(self, selector: Selector, by: Sequence[str]) -> Rows:
        rows: Rows = {}
        for family in self.families:
            for labels, values in zip(family.series, family.values, strict=True):
                if selector.takes(labels):
                    group = Labels.of({name: labels[name] for name in by if name in labels})
                    rows[group] = rows[group] + values if group in rows else values
        return rows


class Record(Protocol):
    """One recording rule."""

    @property
    def name(self) -> str:
        """The series it records."""
        ...

    @property
    def domain(self) -> str:
        """The domain of the platform that exposes what it reads."""
        ...

    @property
    def window(self) -> int:
        """Seconds it looks back over."""
        ...

    @property
    def expr(self) -> str:
        """The PromQL of the rule."""
        ...

    def values(self, scrape: Scrape) -> Rows:
        """Return what the rule would record, (T,) each; NaN where it records nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """Events a second."""

    name: str
    domain: str
    by: tuple[str, ...]
    of: Selector
    window: int = WINDOW

    @property
    def expr(self) -> str:
        """The PromQL of the rule."""
        return self.of.rate(self.by, self.window)

    def values(self, scrape: Scrape) -> Rows:
        """Return what the rule would record."""
        return scrape.rates(self.of, self.by)


@dataclass(frozen=True, slots=True)
class Level:
    """A gauge without the labels of its scrape."""

    name: str
    domain: str
    by: tuple[str, ...]
    of: Selector
    window: int = WINDOW

    @property
    def expr(self) -> str:
        """The PromQL of the rule."""
        return f"sum by ({', '.join(self.by)}) ({self.of})"

    def values(self, scrape: Scrape) -> Rows:
        """Return what the rule would record."""
        return scrape.levels(self.of, self.by)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Share of events; absent while there are none. `rare` parts may have no series until the first event."""

    name: str
    domain: str
    by: tuple[str, ...]
    part: Selector
    whole: Selector
    rare: bool = False
    window: int = WINDOW

    @property
    def expr(self) -> str:
        """The PromQL of the rule."""
        part, whole = (selector.rate(self.by, self.window) for selector in (self.part, self.whole))
        return f"({part} or 0 * {whole}) / ({whole} > 0)" if self.rare else f"{part} / ({whole} > 0)"

    def values(self, scrape: Scrape) -> Rows:
        """Return what the rule would record."""
        parts, wholes = scrape.rates(self.part, self.by), scrape.rates(self.whole, self.by)
        return {labels: _share(parts[labels], whole) for labels, whole in wholes.items()}


@dataclass(frozen=True, slots=True)
class Slice:
    """Share of a histogram's events between two bucket bounds, of those above the lower one; absent without any."""

    name: str
    domain: str
    by: tuple[str, ...]
    of: str
    low: str
    high: str
    window: int = WINDOW

    @property
    def expr(self) -> str:
        """The PromQL of the rule."""
        low, high, count = (selector.rate(self.by, self.window) for selector in self._parts)
        return f"({high} - {low}) / ({count} - {low} > 0)"

    def values(self, scrape: Scrape) -> Rows:
        """Return what the rule would record."""
        lows, highs, counts = (scrape.rates(selector, self.by) for selector in self._parts)
        return {labels: _share(highs[labels] - lows[labels], counts[labels] - lows[labels]) for labels in counts}

    @property
    def _parts(self) -> tuple[Selector, Selector, Selector]:
        low, high = (Selector(f"{self.of}_bucket", (Matcher("le", "=", bound),)) for bound in (self.low, self.high))
        return low, high, Selector(f"{self.of}_count")


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of a histogram, straight lines inside its buckets as Prometheus draws them."""

    name: str
    domain: str
    by: tuple[str, ...]
    of: Selector
    level: float
    window: int = WINDOW

    @property
    def expr(self) -> str:
        """The PromQL of the rule."""
        return f"histogram_quantile({self.level:g}, {self.of.rate((*self.by, 'le'), self.window)})"

    def values(self, scrape: Scrape) -> Rows:
        """Return what the rule would record."""
        buckets = scrape.rates(self.of, (*self.by, "le"))
        groups: dict[Labels, list[tuple[float, Array]]] = {}
        for labels, rate in buckets.items():
            groups.setdefault(labels.without("le"), []).append((float(labels["le"]), rate))
        return {labels: _quantile(self.level, sorted(rows, key=lambda row: row[0])) for labels, rows in groups.items()}


def _moving_sum(added: Array, width: int) -> Array:
    """Return the sums of `width` neighbouring columns, shape (T - width + 1,)."""
    summed = np.concatenate([[0.0], np.cumsum(added)])
    return np.asarray(summed[width:] - summed[:-width])


def _share(part: Array, whole: Array) -> Array:
    """Return part / whole, shape (T,); NaN where there is nothing to share."""
    return np.asarray(np.divide(part, whole, np.full(whole.shape, np.nan), where=whole > 0))


def _quantile(level: float, buckets: list[tuple[float, Array]]) -> Array:
    """Return a quantile from cumulative rates by rising bound, shape (T,); NaN where nothing was counted.

    Source: Prometheus documentation, `histogram_quantile`.
    """
    bounds = np.array([bound for bound, _ in buckets])
    reached = np.array([rate for _, rate in buckets])
    wanted = level * reached[-1]
    bucket = np.argmax(reached >= wanted, axis=0)
    column = np.arange(reached.shape[1])
    below = np.where(bucket > 0, reached[bucket - 1, column], 0.0)
    low = np.where(bucket > 0, bounds[bucket - 1], 0.0)
    width = np.where(np.isinf(bounds[bucket]), 0.0, bounds[bucket] - low)
    return low + width * _share(wanted - below, reached[bucket, column] - below)
