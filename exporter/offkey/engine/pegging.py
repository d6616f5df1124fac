"""Judge series at an end of their scale, which no sample can leave, by how long they stay there."""

import math

import numpy as np

from offkey.core.calendars import excluded
from offkey.core.findings import Band
from offkey.core.frame import Array, Frame
from offkey.core.signals import OPEN, Signal
from offkey.core.state import AnyArray, State
from offkey.engine.judge import Judged
from offkey.models.pegged import Stays, follow

NEAR = 0.05  # share of a scale with two ends that is as good as its end; with one end it is the end itself


def blank(size: int) -> dict[str, AnyArray]:
    """Return the rows of the ledger for so many series nothing is known about."""
    none = np.full((size, 2), np.nan)
    return Stays(np.zeros(size, np.int64), np.zeros(size, np.int64), none, none.copy())._asdict()


def marks(signal: Signal) -> tuple[float, float]:
    """Return where the lower end of a signal's scale ends and the upper one begins; infinite where nobody watches."""
    low, high = signal.scale
    near = NEAR * (high - low) if math.isfinite(high - low) else 0.0
    return (
        -math.inf if signal.direction == "above" else low + near,
        math.inf if signal.direction == "below" else high - near,
    )


def stays(signal: Signal, ledger: State, frame: Frame) -> tuple[Array | None, dict[str, AnyArray]]:
    """Return how long each sample's stay is, in stays that may be, (S, T), and the ledger's rows after the frame.

    Args:
        signal: whose scale it is; without a watched end there is nothing to say: None, and no rows.
        ledger: rows as `blank` names them.
        frame: samples, quality applied; what calendars exclude is neither judged nor learned.
    """
    ends = marks(signal)
    if ends == OPEN:
        return None, {}
    rows = Stays(**{name: np.array(ledger[name]) for name in Stays._fields})
    values = np.where(excluded(signal.calendars, frame), np.nan, frame.values)
    share = np.empty(values.shape)
    follow(rows, values, ends, frame.axis.step, signal.adopt_after, share)
    return share, rows._asdict()


def weighed(strangeness: Array, stay: Array | None, bound: Array) -> Array:
    """Return strangeness, (S, T), with a stay as long as may be counting as much as the bound, (S,)."""
    return strangeness if stay is None else np.maximum(strangeness, stay * bound[:, None])


def narrowed(signal: Signal, judged: Judged, stay: Array | None, values: Array) -> Band:
    """Return the band without the end at which samples have stayed for too long, (S, T) each."""
    band = judged.band
    if stay is None:
        return band
    low, high = marks(signal)
    too_long = (stay > 1.0) & (judged.score > 1.0)
    lower = np.where(too_long & (values <= low), np.minimum(np.maximum(band.lower, low), band.expected), band.lower)
    upper = np.where(too_long & (values >= high), np.maximum(np.minimum(band.upper, high), band.expected), band.upper)
    return Band(band.expected, lower, upper)
