"""Joint: all metrics of a machine together; many small oddities, relations that no longer hold, states never seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from offkey.core.durations import DAY, MINUTE, WEEK
from offkey.core.errors import ConfigError
from offkey.core.frame import Array, BoolArray, Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models import lags
from offkey.models.grouped import Grouped, look
from offkey.models.lags import layout
from offkey.models.nearest import distance_to_nearest
from offkey.models.refitted import KEPT, PAUSE, TRAININGS, Rows

HALF_LIVES = np.array([5 * MINUTE, 15 * MINUTE, 45 * MINUTE])  # of the running means: incidents last minutes or hours
SCALES, PARTS = len(HALF_LIVES), 3
LOOKED_AT = (layout.JUMP, layout.RESIDUAL, layout.DEPARTURE, layout.ROUGHNESS)
USUAL = 4.0  # size of a metric's oddity up to which it does not count
OFTEN = 0.1  # mean excess of a metric in the past at which its excess counts half
LIVED = 14  # days that the mean excess is taken over
LOOSE = 2.0  # size of a broken relation up to which it does not count
DIRECTIONS = 64  # of the correlation at most
LEAST = 1e-4  # share of the largest variance that every direction has at least
MUCH = 0.9  # share of the past that stays below what is much: incidents are rarer than the rest
CLIP = 8.0  # standard deviations that one sample teaches at most
FAR = 1e6  # standard deviations that a sample is off at most
PAST = 2 * KEPT  # five-minute samples that the correlation is learned from: two weeks
STATES = 1_024  # of these samples that a new one is compared with
FEW = 144  # five-minute samples without which nothing is known of the correlation
RENEWED = (1, 2, 4, 7, 14)  # days after the first sample
RENEWED_LATER = 56  # days between the renewals that follow: what goes together seldom changes


@dataclass(frozen=True)
class Model(Grouped):
    """Measure strangeness by how odd a group's metrics are, the relations they leave, and how new their state is.

    Every series of a group carries the group's strangeness; a series alone carries its own.

    Attributes:
        by: labels whose values the metrics of a machine share.

    Source: Mahalanobis (1936), On the generalised distance in statistics, Proc. Natl. Inst. Sci. India 2:49-55.
    """

    revision: int = field(default=2, init=False)  # of what is learned; with another one it is learned anew

    early: ClassVar[tuple[int, ...]] = (*TRAININGS, 2 * WEEK)
    later: ClassVar[int] = RENEWED_LATER * DAY

    def __post_init__(self) -> None:
        if not self.by:
            msg = "by: found no label; name at least one whose value the metrics of a machine share"
            raise ConfigError(msg)

    @property
    def picked(self) -> tuple[int, ...]:
        """Excess, broken relations and distance, a running mean of each on every time scale."""
        return tuple(range(PARTS * SCALES))

    @property
    def watched(self) -> Rows:
        """What `lags` remembers; how odd a metric usually is; two weeks of samples, what they teach; running means."""
        return {
            **lags.ROWS,
            "usual": ((), np.float64),
            "lived": ((), np.int64),
            "excess": ((), np.float64),
            "judged": ((), np.int64),
            "past": ((PAST,), np.float64),
            "past_at": ((), np.int64),
            "born": ((), np.int64),
            "day": ((), np.int64),
            "mean": ((), np.float64),
            "deviation": ((), np.float64),
            "loading": ((DIRECTIONS,), np.float64),
            "states": ((STATES,), np.float32),
            "running": ((PARTS * SCALES,), np.float64),
        }

    @property
    def trained(self) -> Rows:
        """What is much for each running mean."""
        return {"much": ((PARTS * SCALES,), np.float64)}

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return the running means for one group (S, T, PARTS * SCALES), and where they are known."""
        features, judged = look(rows, frame, LOOKED_AT)
        oddity = np.log1p(np.abs(features)).sum(axis=2)
        if len(frame.series) == 1:
            nothing = np.where(np.isnan(oddity), np.nan, 0.0)
            return np.stack([oddity, *[nothing] * (PARTS * SCALES - 1)], axis=2), judged
        excess = np.where(judged, np.maximum(oddity - USUAL, 0.0), 0.0)
        parts = self._parts_of(rows, frame, excess, judged)
        known = judged & ~np.isnan(parts).any(axis=0)
        present = ~np.isnan(frame.values)
        smooth = _running(rows["running"], np.nan_to_num(parts), np.asarray(present.any(axis=0)), frame.axis.step)
        return np.where(present[..., None], smooth.T[None], np.nan), known

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Learn how much of each running mean is much."""
        return {"much": np.quantile(kept, MUCH, axis=0) + 1e-6}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the sum of the logarithms, each in what is much for it, (S, T): none drowns the others."""
        return np.asarray(np.log1p(features / rows["much"][:, None, :]).sum(axis=2))

    def _parts_of(self, rows: Mapping[str, AnyArray], frame: Frame, excess: Array, judged: BoolArray) -> Array:
        """Return excess, broken relations and distance of each column, (PARTS, T); NaN without a past."""
        out = np.full((PARTS, frame.axis.size), np.nan)
        for first, last in _days(rows, frame):
            values, odd, seen = frame.values[:, first:last], excess[:, first:last], judged[:, first:last]
            weights = OFTEN / (OFTEN + np.nan_to_num(rows["usual"][:, None]))
            out[0, first:last] = (odd * weights).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
            if (rows["deviation"] > 0).any():
                scaled = _scaled(rows, values)
                out[1, first:last] = _departure(rows, scaled)
                out[2, first:last] = distance_to_nearest(rows["states"].T[None], _squashed(scaled).T[None])[0]
            rows["excess"][:] = np.nan_to_num(rows["excess"]) + odd.sum(axis=1)
            rows["judged"] += seen.sum(axis=1)
            _remember(rows, values, frame.axis.times[first:last] // PAUSE)
        return out


def _days(rows: Mapping[str, AnyArray], frame: Frame) -> Iterator[tuple[int, int]]:
    """Yield the first and last column of each day, in UTC, after what is learned at its midnight has been."""
    days = frame.axis.times // DAY
    fresh = rows["born"] == 0
    if frame.axis.size:
        rows["born"][fresh] = days[0]
        rows["day"][fresh] = days[0]
    edges = np.flatnonzero(np.diff(days, prepend=rows["day"].max(initial=0)) != 0)
    for first, last in zip((0, *edges), (*edges, frame.axis.size), strict=True):
        if first < last:
            if days[first] > rows["day"].max():
                age = int(days[first] - rows["born"].min())
                _end_day(rows)
                if age in RENEWED or age % RENEWED_LATER == 0:
                    _renew(rows)
            rows["day"][:] = days[first]
            yield int(first), int(last)


def _end_day(rows: Mapping[str, AnyArray]) -> None:
    """Count the day that ends into each metric's mean excess: of all days at first, then of about two weeks."""
    lived = rows["judged"] > 0
    mean, share = rows["excess"][lived] / rows["judged"][lived], 1.0 / np.minimum(rows["lived"][lived] + 1, LIVED)
    usual = np.nan_to_num(rows["usual"][lived])
    rows["usual"][lived] = usual + share * (mean - usual)
    rows["lived"][lived] += 1
    rows["excess"][:], rows["judged"][:] = 0.0, 0


def _scaled(rows: Mapping[str, AnyArray], values: Array) -> Array:
    """Return values in deviations from the mean of the past, same shape; 0 where either is unknown."""
    deviation = np.where(rows["deviation"] > 0, rows["deviation"], np.inf)[:, None]
    with np.errstate(over="ignore"):
        return np.asarray(np.clip(np.nan_to_num((values - rows["mean"][:, None]) / deviation), -FAR, FAR))


def _squashed(scaled: Array) -> Array:
    """Return what is far off drawn nearer, so that no metric speaks for all of a state."""
    return np.asarray(np.sign(scaled) * np.log1p(np.abs(scaled)))


def _departure(rows: Mapping[str, AnyArray], scaled: Array) -> Array:
    """Return the sum over all directions of what log(1 + z²) exceeds LOOSE by, (T,); z in deviations of the past."""
    return np.asarray(np.maximum(np.log1p((rows["loading"].T @ scaled) ** 2) - LOOSE, 0.0).sum(axis=0))


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
    """Find mean, scale, whitened directions and states of the past; metrics that never moved are left out."""
    past = rows["past"]
    filled = ~np.isnan(past).all(axis=1) & (rows["past_at"] > 0)
    past = past[:, ~np.isnan(past[filled]).all(axis=0)]
    rows["mean"][:], rows["deviation"][:], rows["loading"][:], rows["states"][:] = np.nan, np.nan, 0.0, np.nan
    if not filled.any() or past.shape[1] < FEW:
        return
    rows["mean"][filled] = np.nanmean(past[filled], axis=1)
    spread = np.nanstd(past[filled], axis=1)
    rows["deviation"][filled] = spread + 1e-3 * (np.nanmax(past[filled], axis=1) - np.nanmin(past[filled], axis=1))
    used = rows["deviation"] > 0
    if used.any():
        scaled = _scaled(rows, past)
        rows["loading"][used] = _directions(np.clip(scaled[used], -CLIP, CLIP))
        some = np.unique(np.linspace(0, past.shape[1] - 1, min(STATES, past.shape[1])).astype(np.int64))
        rows["states"][:, : some.size] = _squashed(scaled[:, some])


def _directions(scaled: Array) -> Array:
    """Return the whitened directions of metrics' correlation, the widest first, (S, DIRECTIONS)."""
    variance, vectors = np.linalg.eigh(scaled @ scaled.T / scaled.shape[1])
    whitened = vectors / np.sqrt(np.maximum(variance, LEAST * max(float(variance[-1]), 1e-300)))
    size = min(DIRECTIONS, variance.size)
    loading = np.zeros((variance.size, DIRECTIONS))
    loading[:, :size] = whitened[:, ::-1][:, :size]
    return loading


def _running(state: AnyArray, parts: Array, present: BoolArray, step: int) -> Array:
    """Return the running means of all parts on every scale, (PARTS * SCALES, T); empty columns do not count."""
    shares = np.tile(1.0 - 0.5 ** (step / HALF_LIVES), PARTS)
    parts = np.repeat(parts, SCALES, axis=0)
    now = np.nan_to_num(state).max(axis=0, initial=0.0)
    out = np.full(parts.shape, np.nan)
    for column in np.flatnonzero(present).tolist():
        now = now + shares * (parts[:, column] - now)
        out[:, column] = now
    if present.any():
        state[:] = now
    return out
