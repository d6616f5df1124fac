"""What tests of generated rules are told: made-up series on the evaluation's own clock."""

import math
from collections.abc import Mapping

from offkey.core.labels import NAME, Labels
from offkey.core.rules import FiringAlert, GivenSeries, Pairs
from offkey.engine.rules.reviewed import number
from offkey.engine.rules.spec import Spec

# The value every label has in a test: real ones come and go, and the file must not change with them.
EXAMPLE = "example"
# Labels the scrape of an exporter adds where the source series have none.
SCRAPED = {"job": "offkey", "instance": "offkey:10955"}
QUIET = 5  # evaluations before a story begins
MARGIN = 3  # evaluations an episode goes on after what it must show

Phase = tuple[float | str, int]
MISSING = "_"


def timeline(*phases: Phase) -> str:
    """Return values in promtool's notation from (value, count) phases; the value "_" is a missing sample."""
    return " ".join(_run(value, count) for value, count in phases if count > 0)


def _run(value: float | str, count: int) -> str:
    if isinstance(value, str):
        return f"{value}x{count}" if value == MISSING and count > 1 else value
    return number(value) + (f"x{count - 1}" if count > 1 else "")


def clock(spec: Spec, count: int) -> str:
    """Return a timestamp that is always now."""
    return f"0+{spec.test_interval}x{count}"


def evaluations(seconds: int, spec: Spec) -> int:
    """Return how many evaluations it takes until so many seconds have passed."""
    return math.ceil(seconds / spec.test_interval)


def outward(expected: float, bound: float, share: float) -> float:
    """Return the value that lies `share` of the way from the expected value to the bound; above 1 is beyond it."""
    room = bound - expected
    digits = 6 - math.floor(math.log10(abs(room)))
    return round(expected + share * room, min(digits, 300))


def recorded(spec: Spec, metric: str, values: str, **labels: str) -> GivenSeries:
    """Return one of the signal's recorded series for the example series."""
    own = {name: EXAMPLE for name in spec.identity.labels}
    return GivenSeries(Labels.of({NAME: f"offkey:{metric}", **own, "signal": spec.signal.name}, **labels), values)


def traffic(spec: Spec, values: str) -> GivenSeries:
    """Return the recorded traffic for the example series."""
    shared = spec.evidence.traffic_labels
    own = {alert: EXAMPLE for source, _, alert in spec.identity.names if source in shared}
    return GivenSeries(Labels.of({NAME: "offkey:traffic", **own, "signal": spec.signal.name}), values)


def exposed(spec: Spec, metric: str, values: str, **labels: str) -> GivenSeries:
    """Return an exporter's series for the example series, as a scrape with honor_labels stores it."""
    own = {name: EXAMPLE for _, name, _ in spec.identity.names}
    return GivenSeries(Labels.of({NAME: metric, **SCRAPED, **own, "signal": spec.signal.name}, **labels), values)


def about_signal(spec: Spec, metric: str, values: str) -> GivenSeries:
    """Return an exporter's series about the whole signal."""
    return GivenSeries(Labels.of({NAME: metric, **SCRAPED, "signal": spec.signal.name}), values)


def firing(spec: Spec, annotations: Pairs, own: Mapping[str, str], severity: str = "") -> FiringAlert:
    """Return the alert that must fire; `own` are the labels its expression gives, besides `signal`."""
    labels = {"signal": spec.signal.name, **own, **spec.labels(severity)}
    return FiringAlert(Labels.of(labels), annotations)


def example_labels(spec: Spec) -> dict[str, str]:
    """Return the labels of the example series on its alert."""
    return {name: EXAMPLE for name in spec.identity.labels}
