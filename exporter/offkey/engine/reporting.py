"""Series that do not report as they used to while their siblings do: silent ones, and ones sampled at another rate.

Where most of a signal's series are concerned at once, it is the source that failed; where a single series is all there
is, nobody can tell. Neither says anything here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from offkey.core.durations import MINUTE
from offkey.core.frame import Array, Axis, BoolArray, IntArray
from offkey.core.state import AnyArray, State
from offkey.models import reporting

RELAY = 15 * MINUTE  # a series that came up so long before another went may stand in for it
LASTING = 15 * MINUTE  # seconds of another rate before it is told
SHAPES: Mapping[str, tuple[float, type]] = {  # of the ledger: what `Habits` are before anything is known
    "born": (0, np.int64),
    "heard": (0, np.int64),
    "lived": (0, np.int64),
    "silent": (0, np.int64),
    "pause": (np.nan, np.float64),
    "usual": (np.nan, np.float64),
    "rate": (np.nan, np.float64),
    "paced": (0, np.int64),
    "strayed": (0, np.int64),
}


@dataclass(frozen=True, slots=True)
class Reports:
    """What the source gave, before quality.

    Attributes:
        present: where there is a value, whatever it is, (S, T).
        counts: raw samples behind each value, (S, T), NaN = not known; None when the query has no ranges.
    """

    present: BoolArray
    counts: Array | None = None

    def columns(self, first: int, last: int) -> "Reports":
        """Return the columns first <= k < last."""
        return Reports(self.present[:, first:last], None if self.counts is None else self.counts[:, first:last])

    def rows(self, index: IntArray) -> "Reports":
        """Return the series at some positions; -1 is one that gave nothing."""
        absent = index < 0
        counts = None if self.counts is None else np.where(absent[:, None], np.nan, _taken(self.counts, index))
        return Reports(_taken(self.present, index) & ~absent[:, None], counts)


def _taken(array: AnyArray, index: IntArray) -> AnyArray:
    taken: AnyArray = array[index] if len(array) else np.zeros((len(index), array.shape[1]), array.dtype)
    return taken


def follow(ledger: State, reports: Reports, axis: Axis) -> dict[str, AnyArray]:
    """Return the rows of the ledger after new columns.

    Args:
        ledger: rows as `SHAPES` names them.
        reports: for the ledger's series.
        axis: when.
    """
    habits = _habits(ledger)
    counts = np.empty((len(ledger.series), 0)) if reports.counts is None else np.ascontiguousarray(reports.counts)
    reporting.follow(habits, np.ascontiguousarray(reports.present), counts, axis.start, axis.step)
    return habits._asdict()


def _habits(ledger: State) -> reporting.Habits:
    """Return a copy of what the ledger says, as the compiled code takes it."""
    return reporting.Habits(**{name: np.array(ledger[name]) for name in SHAPES})


def vanished(ledger: State, until: int, step: int) -> Array:
    """Return how long each series that is missed has been silent, seconds, (S,); NaN for all others.

    Each series that came up lately stands in for one that went: that is a deployment.

    Args:
        ledger: after the newest column.
        until: its instant, Unix seconds.
        step: seconds between columns.
    """
    rows, heard, out = ledger.rows, ledger["heard"], np.full(len(ledger.series), np.nan)
    missed = (rows["silent"] > 0) & (rows["lived"] >= reporting.REGULAR)
    if not missed.any():
        return out
    missed &= ~reporting.due(_habits(ledger), step)
    births, used = np.sort(ledger["born"]), 0
    for s in sorted(np.flatnonzero(missed), key=heard.__getitem__):
        first = max(used, int(np.searchsorted(births, heard[s] - RELAY)))
        if first < births.size:
            used = first + 1
        else:
            out[s] = until - heard[s]
    return out


def strayed(ledger: State) -> Array:
    """Return the raw samples, in usual ones, of each series that is sampled at another rate, (S,); NaN for the rest."""
    rows = ledger.rows
    off, known = rows["strayed"] >= LASTING, rows["paced"] >= reporting.REGULAR
    is_source = 2 * np.count_nonzero(off) > np.count_nonzero(known) or np.count_nonzero(known) < 2
    return np.where(off & (not is_source), rows["rate"], np.nan)
