"""Samples that cannot be true become missing, and a fault that says so; they are never anomalies."""

from dataclasses import dataclass

import numpy as np

from offkey.core.findings import Fault
from offkey.core.frame import Array, BoolArray, Frame, IntArray
from offkey.core.labels import NAME, Labels
from offkey.core.places import by_identity
from offkey.core.signals import Signal
from offkey.engine.completeness import Scraped

GAP = "gap"
NOT_FINITE = "not_finite"
OUT_OF_RANGE = "out_of_range"
TOO_LARGE = "too_large"
# Squares and sums over millions of samples stay finite below this.
LARGEST = 1e100


@dataclass(frozen=True, slots=True)
class Examined:
    """A frame fit for learning.

    Attributes:
        frame: bad and unmeasured samples are NaN.
        faults: one per series and kind, for the frame's last column.
        events: counted events behind each sample, (S, T); NaN where the signal does not say.
        scraped: what is known of the raw samples inside the query's ranges, None when it has no ranges.
    """

    frame: Frame
    faults: tuple[Fault, ...]
    events: Array
    scraped: Scraped | None = None

    def columns(self, first: int, last: int) -> "Examined":
        """Return the columns first <= k < last."""
        return Examined(self.frame.columns(first, last), self.faults, self.events[:, first:last], self.scraped)


def examine(signal: Signal, frame: Frame, traffic: Frame | None, few: BoolArray | None = None) -> Examined:
    """Return the frame without impossible samples, and without those measured on too little.

    Args:
        signal: whose valid range and least traffic hold.
        frame: samples as the source gave them; infinities allowed.
        traffic: answer to the signal's companion query on the same axis, or None when it has none.
        few: where the query's ranges lack raw samples, (S, T), or None when that is not known.
    """
    low, high = signal.valid
    values = frame.values
    with np.errstate(invalid="ignore"):
        bad = {
            NOT_FINITE: np.isinf(values),
            TOO_LARGE: np.isfinite(values) & (np.abs(values) > LARGEST),
            OUT_OF_RANGE: np.isfinite(values) & ((values < low) | (values > high)),
            GAP: np.zeros(values.shape, bool) if few is None else few & ~np.isnan(values),
        }
    faults = tuple(fault for kind, mask in bad.items() for fault in _newest(signal, frame, kind, mask))
    hidden = np.logical_or.reduce(list(bad.values()))
    events = _events(signal, frame, traffic)
    if signal.traffic is not None and traffic is not None:
        volume = companion(traffic, frame.series)
        hidden |= ~(volume >= signal.traffic.floor)
    return Examined(frame.with_values(np.where(hidden, np.nan, values)), faults, events)


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


def _events(signal: Signal, frame: Frame, traffic: Frame | None) -> Array:
    if signal.kind == "ratio" and signal.traffic is not None and traffic is not None:
        return companion(traffic, frame.series) * signal.traffic.events_per_unit
    if signal.kind == "count":
        return np.full(frame.values.shape, signal.events_per_unit)
    return np.full(frame.values.shape, np.nan)


def _newest(signal: Signal, frame: Frame, kind: str, mask: BoolArray) -> list[Fault]:
    if not mask.shape[1]:
        return []
    return [
        Fault(signal.name, kind, frame.series[k], f"found {frame.values[k, -1]:g}") for k in np.flatnonzero(mask[:, -1])
    ]
