"""The baselines: what one would write without offkey, or with other libraries."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample


class Collected(Collector):
    """A collector of prometheus_client that shows the samples of a text, prepared beforehand."""

    def __init__(self, text: str) -> None:
        self._families = [
            (family.name, family.documentation, [*family.samples[0].labels], family.samples)
            for family in text_string_to_metric_families(text)
            if family.samples
        ]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every family, its samples added one by one as the library's users do."""
        for name, meaning, names, samples in self._families:
            family = GaugeMetricFamily(name, meaning, labels=names)
            for sample in samples:
                family.add_metric([*sample.labels.values()], sample.value)
            yield family


def registry(text: str) -> CollectorRegistry:
    """Return a registry that shows the samples of a text."""
    found = CollectorRegistry(auto_describe=False)
    found.register(Collected(text))
    return found


def rendered(found: CollectorRegistry) -> bytes:
    """Return the page of prometheus_client."""
    return generate_latest(found)


def parsed(text: str) -> Mapping[str, list[Sample]]:
    """Return the samples of a page by family, in the order of their labels."""
    return {
        family.name: sorted(family.samples, key=lambda sample: sorted(sample.labels.items()))
        for family in text_string_to_metric_families(text)
        if family.samples
    }


def objects(size: int) -> float:
    """Return the seconds of CPU for each series and step where every series is an object of its own in plain Python.

    The same arithmetic, interpreted: numba is told not to compile, and each series is scored by itself.
    """
    given = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-m", "tests.bench.path.interpreted", str(size)]
    return float(subprocess.run(command, env=given, capture_output=True, text=True, check=True).stdout)


def holt_winters(steps: int) -> Callable[[], None]:
    """Return a call that lets river's Holt-Winters learn so many values of a day's season, and forecast after each."""
    from river.time_series import HoltWinters  # noqa: PLC0415 (only here)

    model = HoltWinters(alpha=0.1, beta=0.01, gamma=0.1, seasonality=288)
    for k in range(2 * 288 + 1):
        model.learn_one(100.0 + k % 288)

    def run() -> None:
        for k in range(steps):
            model.learn_one(100.0 + k % 288)
            model.forecast(horizon=1)

    return run
