"""Detectors that look at the shape of the last samples together, rather than at each alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from offkey.core.frame import Array, BoolArray, Frame
from offkey.core.state import AnyArray
from offkey.models import lags
from offkey.models.refitted import Refitted, Rows

LENGTH = 60  # samples that make a shape
# A past sample shapes what comes after it by no more than this many scales, so that a spike is strange when it comes
# rather than while it passes through.
MOST = 5.0
RECENT: Rows = {"recent": ((LENGTH,), np.float64)}


def last_residuals(recent: AnyArray, residuals: Array, present: BoolArray) -> Array:
    """Return the window of every sample, (S, T, LENGTH), the newest last; `recent` (S, LENGTH) is moved on.

    Args:
        recent: the samples before, bounded.
        residuals: shape (S, T).
        present: which columns have a sample; the others are left out of windows and have none.
    """
    out = np.full((*residuals.shape, LENGTH), np.nan)
    for s, (residual, here) in enumerate(zip(residuals, present, strict=True)):
        line = np.concatenate([np.nan_to_num(recent[s]), np.clip(residual[here], -MOST, MOST)])
        if here.any():
            out[s, here] = sliding_window_view(line, LENGTH)[1:]
            out[s, here, -1] = residual[here]
        recent[s] = line[-LENGTH:]
    return out


@dataclass(frozen=True)
class Windowed(Refitted):
    """A detector whose features are the last 60 samples, as residuals from season and level; the newest comes last."""

    @property
    def picked(self) -> tuple[int, ...]:
        """One feature for each sample of the window."""
        return tuple(range(LENGTH))

    @property
    def watched(self) -> Rows:
        """What `lags` remembers, and the last residuals."""
        return {**lags.ROWS, **RECENT}

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return windows (S, T, 60), and where they are worth learning from; missing samples are left out of them."""
        features, known = lags.look(rows, frame)
        residuals = np.where(known, features[..., lags.layout.RESIDUAL], 0.0)
        return last_residuals(rows["recent"], residuals, ~np.isnan(frame.values)), known

    def recall(self, rows: Mapping[str, AnyArray], kept: Array) -> Array:
        """Return the measure of each half of the past by what the other half teaches, (N,).

        Sixty numbers at a time fit their own past too well to be judged by it.
        """
        return self.recall_by_halves(kept)
