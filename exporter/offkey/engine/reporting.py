"""Series that do not report as they used to while their siblings do: silent ones, and ones sampled at another rate.

Where most of a signal's series are concerned at once, it is the source that failed; where a single series is all there
is, nobody can tell. Neither says anything here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.frame import Array, Axis, BoolArray, IntArray
from offkey.core.state import AnyArray, State

REGULAR = DAY  # seconds of samples that a series must have given before it is missed
LEAST = 10 * MINUTE  # seconds: a shorter silence is never told; a source repeats a lost sample for five minutes
PATIENCE = 3.0  # of the longest usual silence
FORGETTING = 14 * DAY  # time constant in which a long silence is forgotten
RELAY = 15 * MINUTE  # a series that came up so long before another went may stand in for it
STRAYED = 0.25  # of the usual number of raw samples; differences of one sample are none
LASTING = 15 * MINUTE  # seconds of another rate before it is told
ADOPTED_AFTER = 6 * HOUR  # seconds after which another rate is the usual one
SHAPES: Mapping[str, tuple[float, type]] = {  # of the ledger: what is written before anything is known
    "born": (0, np.int64),  # instant of the first sample, Unix seconds; 0 = none
    "heard": (0, np.int64),  # instant of the newest sample, Unix seconds
    "lived": (0, np.int64),  # seconds with samples
    "silent": (0, np.int64),  # seconds without, while siblings reported
    "pause": (np.nan, np.float64),  # longest usual silence, seconds
    "usual": (np.nan, np.float64),  # raw samples in a range, usually
    "rate": (np.nan, np.float64),  # the newest number of them, in usual ones
    "paced": (0, np.int64),  # seconds for which their number was known
    "strayed": (0, np.int64),  # seconds for which it has been another
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
    rows = {name: ledger[name] for name in SHAPES}
    for column, time in enumerate(axis.times.tolist()):
        rows |= _heard(rows, reports.present[:, column], time, axis.step)
        if reports.counts is not None:
            rows |= _paced(rows, reports.counts[:, column], axis.step)
    return rows


def _heard(rows: Mapping[str, AnyArray], here: BoolArray, time: int, step: int) -> dict[str, AnyArray]:
    silent, due = rows["silent"], _due(rows, step)
    lives = here.any() and 2 * np.count_nonzero(here & due) >= np.count_nonzero(due)
    patience = _patience(rows, step)
    ended = np.where(here, np.minimum(silent, 2.0 * patience), 0.0)  # an incident is not at once what is usual
    kept = np.nan_to_num(rows["pause"]) * np.exp(-step / FORGETTING)
    return {
        "born": np.where((rows["born"] == 0) & here, time, rows["born"]),
        "heard": np.where(here, time, rows["heard"]),
        "lived": rows["lived"] + step * here,
        "silent": np.where(here, 0, silent + step * lives),
        "pause": np.where(here, np.maximum(kept, ended), rows["pause"]),
    }


def _paced(rows: Mapping[str, AnyArray], counts: Array, step: int) -> dict[str, AnyArray]:
    known, paced = ~np.isnan(counts), rows["paced"]
    young = paced < REGULAR
    usual = np.where(young, np.fmax(rows["usual"], counts), rows["usual"])
    with np.errstate(invalid="ignore"):
        differs = known & ~young & (np.abs(counts - usual) > np.maximum(1.0, STRAYED * usual))
    strayed = np.where(known, np.where(differs, rows["strayed"] + step, 0), rows["strayed"])
    adopted = strayed >= ADOPTED_AFTER
    near = usual + np.where(known & ~young & ~differs, counts - usual, 0.0) * min(1.0, step / DAY)
    usual = np.where(adopted, counts, near)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(known, counts / usual, rows["rate"])
    strayed = np.where(adopted, 0, strayed)
    return {"usual": usual, "rate": rate, "paced": paced + step * known, "strayed": strayed}


def vanished(ledger: State, until: int, step: int) -> Array:
    """Return how long each series that is missed has been silent, seconds, (S,); NaN for all others.

    Each series that came up lately stands in for one that went: that is a deployment.

    Args:
        ledger: after the newest column.
        until: its instant, Unix seconds.
        step: seconds between columns.
    """
    rows, heard, born = ledger.rows, ledger["heard"], ledger["born"]
    missed = (rows["silent"] > 0) & (rows["lived"] >= REGULAR) & ~_due(rows, step)
    out, births, used = np.full(len(ledger.series), np.nan), np.sort(born), 0
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
    off, known = rows["strayed"] >= LASTING, rows["paced"] >= REGULAR
    is_source = 2 * np.count_nonzero(off) > np.count_nonzero(known) or np.count_nonzero(known) < 2
    return np.where(off & (not is_source), rows["rate"], np.nan)


def _due(rows: Mapping[str, AnyArray], step: int) -> BoolArray:
    """Return which series are expected to report: regular ones that are not missed already."""
    return np.asarray((rows["lived"] >= REGULAR) & (rows["silent"] < _patience(rows, step)))


def _patience(rows: Mapping[str, AnyArray], step: int) -> Array:
    """Return how long each series may be silent before it is missed, seconds, (S,)."""
    return np.maximum(max(LEAST, 3 * step), PATIENCE * np.nan_to_num(rows["pause"]))
