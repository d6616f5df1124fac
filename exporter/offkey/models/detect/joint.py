"""Joint: all metrics of a machine together; many small oddities at once, and metrics that no longer go together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.durations import DAY, MINUTE, WEEK
from offkey.core.errors import ConfigError
from offkey.core.frame import Array, BoolArray, Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models import lags
from offkey.models.grouped import Grouped, look
from offkey.models.lags import layout
from offkey.models.refitted import KEPT, PAUSE, TRAININGS, Rows

HALF_LIVES = np.array([5 * MINUTE, 15 * MINUTE, 45 * MINUTE])  # of the running means: incidents last minutes or hours
SCALES = len(HALF_LIVES)
LOOKED_AT = (layout.JUMP, layout.RESIDUAL, layout.DEPARTURE, layout.ROUGHNESS)
USUAL = 4.0  # size of a metric's oddity up to which it does not count
LOOSE = 2.0  # size of a broken relation up to which it does not count
DIRECTIONS = 64  # of the correlation at most
LEAST = 1e-4  # share of the largest variance that every direction has at least
MUCH = 0.9  # share of the past that stays below what is much: incidents are rarer than the rest
CLIP = 8.0  # standard deviations that one sample teaches at most
PAST = 2 * KEPT  # five-minute samples that the correlation is learned from: two weeks
FEW = 144  # five-minute samples without which nothing is known of the correlation
RENEWED = (1, 2, 4, 7, 14)  # days after the first sample
RENEWED_LATER = 56  # days between the renewals that follow: what goes together seldom changes


@dataclass(frozen=True)
class Model(Grouped):
    """Measure strangeness as the mean oddity of a group's metrics plus how far they leave their usual relations.

    Every series of a group carries the group's strangeness; a series alone carries its own.

    Attributes:
        by: labels whose values the metrics of a machine share.

    Source: Mahalanobis (1936), On the generalised distance in statistics, Proc. Natl. Inst. Sci. India 2:49-55.
    """

    early: ClassVar[tuple[int, ...]] = (*TRAININGS, 2 * WEEK)
    later: ClassVar[int] = RENEWED_LATER * DAY

    def __post_init__(self) -> None:
        if not self.by:
            msg = "by: found no label; name at least one whose value the metrics of a machine share"
            raise ConfigError(msg)

    @property
    def picked(self) -> tuple[int, ...]:
        """Excess and broken relations, a running mean of each on every time scale."""
        return tuple(range(2 * SCALES))

    @property
    def watched(self) -> Rows:
        """What `lags` remembers; two weeks of samples; mean, scale and loadings; the running means."""
        return {
            **lags.ROWS,
            "past": ((PAST,), np.float64),
            "past_at": ((), np.int64),
            "born": ((), np.int64),
            "day": ((), np.int64),
            "mean": ((), np.float64),
            "deviation": ((), np.float64),
            "loading": ((DIRECTIONS,), np.float64),
            "running": ((2 * SCALES,), np.float64),
        }

    @property
    def trained(self) -> Rows:
        """What is much for each running mean."""
        return {"much": ((2 * SCALES,), np.float64)}

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return the running means for one group (S, T, 2 * SCALES), and where they are known."""
        features, judged = look(rows, frame, LOOKED_AT)
        oddity = np.log1p(np.abs(features)).sum(axis=2)
        if len(frame.series) == 1:
            nothing = np.where(np.isnan(oddity), np.nan, 0.0)
            return np.stack([oddity, *[nothing] * (2 * SCALES - 1)], axis=2), judged
        excess = np.where(judged, np.maximum(oddity - USUAL, 0.0), 0.0)
        total = excess.sum(axis=0) / np.maximum(judged.sum(axis=0), 1)
        broken = self._broken(rows, frame)
        known = judged & ~np.isnan(broken)
        present = ~np.isnan(frame.values)
        parts = np.stack([total, np.nan_to_num(broken)])
        smooth = _running(rows["running"], parts, np.asarray(present.any(axis=0)), frame.axis.step)
        return np.where(present[..., None], smooth.T[None], np.nan), known

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Learn how much of each running mean is much."""
        return {"much": np.quantile(kept, MUCH, axis=0) + 1e-6}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the sum of the logarithms, each in what is much for it, (S, T): none drowns the others."""
        return np.asarray(np.log1p(features / rows["much"][:, None, :]).sum(axis=2))

    def _broken(self, rows: Mapping[str, AnyArray], frame: Frame) -> Array:
        """Return how far each column breaks the relations, (T,), NaN without any; they are renewed at midnight UTC."""
        days = frame.axis.times // DAY
        fresh = rows["born"] == 0
        if frame.axis.size:
            rows["born"][fresh] = days[0]
            rows["day"][fresh] = days[0]
        out = np.full(frame.axis.size, np.nan)
        edges = np.flatnonzero(np.diff(days, prepend=rows["day"].max(initial=0)) != 0)
        for first, last in zip((0, *edges), (*edges, frame.axis.size), strict=True):
            if first < last:
                age = int(days[first] - rows["born"].min())
                if days[first] > rows["day"].max() and (age in RENEWED or age % RENEWED_LATER == 0):
                    _renew(rows)
                rows["day"][:] = days[first]
                out[first:last] = _departure(rows, frame.values[:, first:last])
                _remember(rows, frame.values[:, first:last], frame.axis.times[first:last] // PAUSE)
        return out


def _departure(rows: Mapping[str, AnyArray], values: Array) -> Array:
    """Return the sum over all directions of what log(1 + z²) exceeds LOOSE by, (T,); z in deviations of the past."""
    used = ~np.isnan(rows["mean"]) & (rows["deviation"] > 0)
    if not used.any():
        return np.full(values.shape[1], np.nan)
    scaled = (values[used] - rows["mean"][used, None]) / rows["deviation"][used, None]
    scaled = np.clip(np.nan_to_num(scaled), -1e6, 1e6)
    return np.asarray(np.maximum(np.log1p((rows["loading"][used].T @ scaled) ** 2) - LOOSE, 0.0).sum(axis=0))


def _remember(rows: Mapping[str, AnyArray], values: Array, bins: IntArray) -> None:
    """Write the first sample of every five minutes into the past."""
    for s, line in enumerate(values):
        columns = np.flatnonzero(~np.isnan(line))
        fresh = columns[np.diff(bins[columns], prepend=rows["past_at"][s]) > 0]
        if fresh.size:
            if rows["past_at"][s] == 0:
                rows["past"][s] = np.nan
            rows["past"][s, bins[fresh] % PAST] = np.clip(line[fresh], -1e30, 1e30)
            rows["past_at"][s] = bins[fresh[-1]]


def _renew(rows: Mapping[str, AnyArray]) -> None:
    """Find mean, scale and the whitened directions of the past; metrics that never moved are left out."""
    past = rows["past"]
    filled = ~np.isnan(past).all(axis=1) & (rows["past_at"] > 0)
    past = past[:, ~np.isnan(past[filled]).all(axis=0)]
    rows["mean"][:], rows["deviation"][:], rows["loading"][:] = np.nan, np.nan, 0.0
    if not filled.any() or past.shape[1] < FEW:
        return
    rows["mean"][filled] = np.nanmean(past[filled], axis=1)
    spread = np.nanstd(past[filled], axis=1)
    rows["deviation"][filled] = spread + 1e-3 * (np.nanmax(past[filled], axis=1) - np.nanmin(past[filled], axis=1))
    used = filled & (rows["deviation"] > 0)
    scaled = (past[used] - rows["mean"][used, None]) / rows["deviation"][used, None]
    scaled = np.clip(np.nan_to_num(scaled), -CLIP, CLIP)
    variance, vectors = np.linalg.eigh(scaled @ scaled.T / scaled.shape[1])
    whitened = vectors / np.sqrt(np.maximum(variance, LEAST * max(float(variance[-1]), 1e-300)))
    size = min(DIRECTIONS, variance.size)
    loading = np.zeros((variance.size, DIRECTIONS))
    loading[:, :size] = whitened[:, ::-1][:, :size]
    rows["loading"][used] = loading


def _running(state: AnyArray, parts: Array, present: BoolArray, step: int) -> Array:
    """Return the running means of both parts on every scale, (2 * SCALES, T); columns without samples do not count."""
    shares = np.tile(1.0 - 0.5 ** (step / HALF_LIVES), 2)
    parts = np.repeat(parts, SCALES, axis=0)
    now = np.nan_to_num(state).max(axis=0, initial=0.0)
    out = np.full(parts.shape, np.nan)
    for column in np.flatnonzero(present).tolist():
        now = now + shares * (parts[:, column] - now)
        out[:, column] = now
    if present.any():
        state[:] = now
    return out
