"""Samples that cannot be true become missing, and a fault that says so; they are never anomalies."""

from dataclasses import dataclass

import numpy as np

from offkey.core.findings import Fault
from offkey.core.frame import Array, BoolArray, Frame, IntArray
from offkey.core.labels import NAME, Labels
from offkey.core.places import by_identity
from offkey.core.signals import OPEN, Signal
from offkey.engine.completeness import Scraped
from offkey.engine.reporting import Reports
from offkey.models import plausible
from offkey.models.plausible import sifted

GAP = "gap"
NOT_FINITE = "not_finite"
OUT_OF_RANGE = "out_of_range"
TOO_LARGE = "too_large"
# Squares and sums over millions of samples stay finite below this.
LARGEST = 1e100
_FLAGS = {
    NOT_FINITE: plausible.NOT_FINITE,
    TOO_LARGE: plausible.TOO_LARGE,
    OUT_OF_RANGE: plausible.OUT_OF_RANGE,
    GAP: plausible.GAP,
}


@dataclass(frozen=True, slots=True)
class Examined:
    """A frame fit for learning.

    Attributes:
        frame: bad and unmeasured samples are NaN.
        faults: one per series and kind, for the frame's last column.
        events: counted events behind each sample, (S, T); NaN where the signal does not say.
        scraped: what is known of the raw samples inside the query's ranges, None when it has no ranges.
        reports: what the source gave, before quality; None when that is not known.
    """

    frame: Frame
    faults: tuple[Fault, ...]
    events: Array
    scraped: Scraped | None = None
    reports: Reports | None = None

    def columns(self, first: int, last: int) -> "Examined":
        """Return the columns first <= k < last."""
        reports = self.reports.columns(first, last) if self.reports else None
        return Examined(self.frame.columns(first, last), self.faults, self.events[:, first:last], self.scraped, reports)


def examine(signal: Signal, frame: Frame, traffic: Frame | None, few: BoolArray | None = None) -> Examined:
    """Return the frame without impossible samples, and without those measured on too little.

    Args:
        signal: whose valid range, scale and least traffic hold; beyond an end of the scale is at that end.
        frame: samples as the source gave them; infinities allowed.
        traffic: answer to the signal's companion query on the same axis, or None when it has none.
        few: where the query's ranges lack raw samples, (S, T), or None when that is not known.
    """
    least = signal.traffic if traffic is not None else None
    volume = companion(traffic, frame.series) if traffic is not None and least is not None else None
    bounds = (*signal.valid, LARGEST)
    values, newest = sifted(frame.values, bounds, few, volume, least.floor if least else 0.0)
    if signal.scale != OPEN:
        values = np.clip(values, *signal.scale, out=values)
    lowest, highest = signal.valid
    why = {
        NOT_FINITE: "",
        TOO_LARGE: f", beyond {LARGEST:g}",
        OUT_OF_RANGE: f", outside valid_range {lowest:g} to {highest:g}",
        GAP: ", from ranges that lack raw samples",
    }
    faults = tuple(
        Fault(signal.name, kind, frame.series[k], f"found {frame.values[k, -1]:g}{why[kind]}")
        for kind, flag in _FLAGS.items()
        for k in np.flatnonzero(newest & flag)
    )
    return Examined(frame.with_values(values), faults, _events(signal, frame, volume))


def companion(traffic: Frame, series: tuple[Labels, ...]) -> Array:
    """Return the traffic of each series, (S, T), matched on the labels that the traffic's series carry; NaN = none."""
    padded = np.vstack([traffic.values, np.full((1, traffic.axis.size), np.nan)])
    return padded[_partners(traffic.series, series)]


@by_identity
def _partners(traffic: tuple[Labels, ...], series: tuple[Labels, ...]) -> IntArray:
    """Return where the partner of each series stands, shape (S,); -1 where it has none."""
    names = sorted({name for labels in traffic for name in labels} - {NAME})
    place = {tuple(labels.get(name, "") for name in names): k for k, labels in enumerate(traffic)}
    return np.array([place.get(tuple(labels.get(name, "") for name in names), -1) for labels in series], np.int64)


def _events(signal: Signal, frame: Frame, volume: Array | None) -> Array:
    if signal.kind == "ratio" and signal.traffic is not None and volume is not None:
        return volume * signal.traffic.events_per_unit
    events = signal.events_per_unit if signal.kind == "count" else np.nan
    return np.broadcast_to(np.float64(events), frame.values.shape)
