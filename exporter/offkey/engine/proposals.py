"""The signals that suit one metric, by its type, its labels and what it did lately."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from offkey.core.signals import OPEN, Alert, Signal, Traffic
from offkey.engine import metricnames as names

MOST_GROUPS = 50  # series of an aggregated signal
AS_IS = 50  # series of a gauge that is watched without aggregation
QUIET = 0.1  # events a second below which shares and quantiles are not judged
BUSY = 10.0  # events a second that make a 99th percentile of five minutes rest on some 30 samples
BUDGET = Alert(budget_per_week=1.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """What a server knows about one metric.

    Attributes:
        name: the metric; a histogram or summary by its own name, without suffix.
        type: counter, histogram, summary, record or gauge.
        series: how many series there are (of a histogram, of its count).
        help: one line of metadata.
        values: the values of each label, sorted.
        rate: events a second over all series; of counters, histograms and summaries.
        moving: series that changed lately; of gauges and records.
        lowest: least value now; of gauges and records.
        highest: greatest value now.
    """

    name: str
    type: str
    series: int
    help: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rate: float = 0.0
    moving: int = 0
    lowest: float = 0.0
    highest: float = 0.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A signal, its place in the order, the kind of reason, and the reason in words."""

    signal: Signal
    rank: int
    topic: str
    why: str


class Maker:
    """Makes proposals for metrics that are known together."""

    def __init__(self, metrics: tuple[Metric, ...], window: str) -> None:
        self.metrics = metrics
        self.window = window
        self.counters = frozenset(metric.name for metric in metrics if metric.type == "counter")
        self.by_name = {metric.name: metric for metric in metrics}

    def all(self) -> Iterator[Proposal]:
        """Yield the proposals of every metric, in the order of the metrics."""
        makers = {
            "counter": self.counter,
            "histogram": self.histogram,
            "summary": self.summary,
            "record": self.gauge,
            "gauge": self.gauge,
        }
        for metric in self.metrics:
            if not names.is_noise(metric.name):
                yield from makers[metric.type](metric)

    def rate(self, metric: str, by: tuple[str, ...], matcher: str = "") -> str:
        """Return the query of a counter's summed rate."""
        return f"sum{_by(by)} (rate({metric}{matcher}[{self.window}]))"

    def counter(self, metric: Metric) -> Iterator[Proposal]:
        """Yield what a counter is good for: errors, their share, traffic."""
        if set(names.words(metric.name)) & names.ERROR_WORDS:
            if metric.highest > 0 or not names.is_plumbing(metric.name):  # unused parts of a server never fail
                yield from self.failures(metric)
        elif metric.rate > 0:
            yield from self.shares(metric, metric.name)
            yield self.traffic(metric, metric.name)

    def failures(self, metric: Metric) -> Iterator[Proposal]:
        """Yield a counter of errors: as a share of the tries when those are counted too."""
        whole = self.by_name.get(names.whole_of(metric.name, self.counters))
        if whole is not None and whole.rate > 0:
            shared = {label: values for label, values in whole.values.items() if label in metric.values}
            by = names.grouping(shared, MOST_GROUPS)
            bad, every = self.rate(metric.name, by), self.rate(whole.name, by)
            yield self.share(metric, bad, every, f"{metric.name} in {whole.name}", names.base(metric.name))
            return
        by = names.grouping(metric.values, MOST_GROUPS)
        signal = Signal(
            name=names.slug(names.base(metric.name)),
            query=self.rate(metric.name, by),
            unit="errors/s",
            kind="count",
            direction="above",
            alert=BUDGET,
        )
        yield _proposal("failures", metric, signal, f"how often {metric.name} counts")

    def shares(self, metric: Metric, counted: str) -> Iterator[Proposal]:
        """Yield the share of errors that a label tells apart."""
        for label in sorted(metric.values):
            bad = names.bad_values(label, metric.values[label])
            if bad:
                by = names.grouping(
                    {name: values for name, values in metric.values.items() if name != label}, MOST_GROUPS
                )
                every = self.rate(counted, by)
                sign = "=" if bad in metric.values[label] else "=~"  # a single value is no pattern
                fine = f'{{{label}{sign}"{_escaped(bad)}"}}'
                stem = names.slug(names.base(metric.name).removesuffix("_duration_seconds"), "errors")
                yield self.share(metric, self.rate(counted, by, fine), every, f"{fine} in {counted}", stem)
                return

    def share(self, metric: Metric, bad: str, every: str, what: str, name: str) -> Proposal:
        """Return a share of bad events."""
        signal = Signal(
            name=names.slug(name, "ratio"),
            query=f"({bad}\n  or 0 * {every})\n/ {every}",
            unit="ratio",
            kind="ratio",
            direction="above",
            least_absolute=0.01,
            valid=(0.0, 1.0),
            scale=(0.0, 1.0),
            traffic=Traffic(every, QUIET),
            alert=BUDGET,
        )
        return _proposal("errors", metric, signal, f"share of {what}; none counts as 0")

    def traffic(self, metric: Metric, counted: str) -> Proposal:
        """Return how much is done: too little is as telling as too much."""
        by = names.grouping(metric.values, MOST_GROUPS)
        unit = names.unit_of(counted) if counted == metric.name else ""
        noun = names.noun(counted) if counted == metric.name else "events"
        signal = Signal(
            name=names.slug(names.base(counted).removesuffix("_duration_seconds").removesuffix("_seconds"), "rate"),
            query=self.rate(counted, by),
            unit={"bytes": "B/s", "seconds": "s/s"}.get(unit, f"{noun}/s"),
            kind="gauge" if unit else "count",
            direction="both",
            least_relative=0.2,
            scale=(0.0, OPEN[1]),
            alert=BUDGET,
        )
        return _proposal("traffic", metric, signal, f"how often {counted} counts; a fifth more or less is tolerated")

    def histogram(self, metric: Metric) -> Iterator[Proposal]:
        """Yield a high quantile, and what the count is good for when no counter counts the same."""
        if metric.rate <= 0:
            return
        unit = names.unit_of(metric.name)
        by = names.grouping(metric.values, MOST_GROUPS, by_part=True)
        groups = _product(metric.values, by)
        quantile = 0.99 if metric.rate / groups >= BUSY else 0.95
        buckets = self.rate(f"{metric.name}_bucket", (*by, "le"))
        query = f"histogram_quantile({quantile},\n  {buckets})"
        traffic = Traffic(self.rate(f"{metric.name}_count", by), QUIET)
        yield self.slow(metric, unit, query, traffic, quantile)
        if unit == "seconds" and not self.is_counted_elsewhere(metric):
            counted = f"{metric.name}_count"
            yield from self.shares(metric, counted)
            yield self.traffic(metric, counted)

    def summary(self, metric: Metric) -> Iterator[Proposal]:
        """Yield the highest quantile below 1 that the program itself computed, of the worst instance."""
        known = [value for value in metric.values.get("quantile", ()) if _is_high(value)]
        if metric.rate <= 0 or not known:
            return
        best = max(known, key=float)
        values = {label: found for label, found in metric.values.items() if label != "quantile"}
        by = names.grouping(values, MOST_GROUPS, by_part=True)
        query = f'max{_by(by)} ({metric.name}{{quantile="{best}"}})'
        traffic = Traffic(self.rate(f"{metric.name}_count", by), QUIET)
        yield self.slow(metric, names.unit_of(metric.name), query, traffic, float(best))

    def slow(self, metric: Metric, unit: str, query: str, traffic: Traffic, quantile: float) -> Proposal:
        """Return a high quantile."""
        is_time = unit == "seconds" and not set(names.words(metric.name)) & names.LASTING_WORDS
        signal = Signal(
            name=names.slug(names.base(metric.name).removesuffix("_seconds"), f"p{quantile * 100:g}".replace(".", "_")),
            query=query,
            unit=unit,
            direction="above" if is_time else "both",
            least_absolute=0.01 if is_time else 0.0,
            least_relative=0.25,
            valid=(0.0, float("inf")) if is_time else OPEN,
            traffic=traffic,
            alert=BUDGET if is_time else None,
        )
        why = f"what {100 * quantile:.4g} % of {metric.name} stay below"
        return _proposal("latency" if is_time else "level", metric, signal, why)

    def is_counted_elsewhere(self, metric: Metric) -> bool:
        """Return whether a counter counts what the histogram measures, as requests_total does for request_duration."""
        stem = metric.name.removesuffix("_seconds").removesuffix("_duration").removesuffix("_latency")
        return bool({f"{stem}_total", f"{stem}s_total"} & self.counters)

    def gauge(self, metric: Metric) -> Iterator[Proposal]:
        """Yield a gauge or record that moves, unless it is a switch or a setting."""
        found = set(names.words(metric.name))
        is_switch = (metric.lowest, metric.highest) in ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0)) and "ratio" not in found
        if metric.moving == 0 or is_switch or found & names.SETTINGS:
            return
        unit = names.unit_of(metric.name) or ("ratio" if "ratio" in found else "")
        is_share = unit == "ratio" and metric.lowest >= 0 and metric.highest <= 1
        is_held, is_free = bool(found & names.HELD_WORDS), bool(found & names.FREE_WORDS)
        topic = "record" if metric.type == "record" else "saturation" if is_held or is_free else "level"
        signal = Signal(
            name=names.slug(metric.name),
            query=_level(metric, worst="min" if is_free else "max" if unit in ("ratio", "celsius") else "sum"),
            unit=unit,
            direction="below" if is_free else "above" if is_held or found & names.ERROR_WORDS else "both",
            least_absolute=0.02 if is_share else 0.0,
            least_relative=0.0 if is_share else 0.1,
            valid=(0.0, 1.0) if is_share else OPEN,
            scale=(0.0, 1.0) if is_share else OPEN,
            alert=None if topic == "level" else replace(BUDGET, severity="info") if topic == "saturation" else BUDGET,
        )
        why = {
            "record": "recorded by a rule of yours",
            "saturation": "runs out" if is_free else "fills up",
            "level": "moves; nothing says which side is wrong, so nobody is told",
        }[topic]
        yield _proposal(topic, metric, signal, f"{metric.name} {why}" if topic != "record" else f"{metric.name}, {why}")


def _proposal(topic: str, metric: Metric, signal: Signal, why: str) -> Proposal:
    described = replace(signal, description=metric.help)
    return Proposal(described, names.rank(topic, metric.name), topic, why)


def _level(metric: Metric, worst: str) -> str:
    if metric.series <= AS_IS:
        return metric.name
    return f"{worst}{_by(names.grouping(metric.values, MOST_GROUPS, by_part=True))} ({metric.name})"


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)})" if labels else ""


def _product(values: Mapping[str, tuple[str, ...]], labels: tuple[str, ...]) -> int:
    count = 1
    for label in labels:
        count *= max(1, len(values[label]))
    return count


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _is_high(quantile: str) -> bool:
    try:
        return 0.9 <= float(quantile) < 1
    except ValueError:
        return False
