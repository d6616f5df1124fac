"""A recurrent network and trees, both grown on all series, weighted by how far each was off lately."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.frame import Array, Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models.continued import Continued, Rows, Said, last_day
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS
from offkey.models.lessons import Past, expected, features, forest, in_units, mean_of, past_of
from offkey.models.recurrent import distance, need_torch, train

MEMORY = 0.3  # share of yesterday in what is remembered of the errors
LEAST = 1e-3  # units from the usual day: no error counts as less
DAY_AHEAD = np.arange(1, DAY_SLOTS + 1)


@dataclass(frozen=True)
class Model(Continued):
    """Average an LSTM and a Random Forest; each morning both are asked about yesterday, and weighed by the answer."""

    pooled: ClassVar[bool] = True
    cells: int = 12
    rounds: int = 300  # batches of 128 samples the network is trained with
    trees: int = 30
    least_leaf: int = 20  # samples a leaf must hold

    def __post_init__(self) -> None:
        need_torch("hybrid")

    def _shapes(self) -> dict[str, tuple[tuple[int, ...], type]]:
        own: dict[str, tuple[tuple[int, ...], type]] = {"off": ((2,), np.float64)}  # mean error of each, units
        return super()._shapes() | own

    def _train(self, past: Frame) -> dict[str, AnyArray]:
        return train(past, self.cells, self.rounds) | forest(past, self.trees, self.least_leaf)

    def _renew(self, rows: Rows, shared: Rows) -> dict[str, AnyArray]:
        weeks, back = rows["weeks"], last_day(rows["slot"])
        then = weeks[:, 0].copy()
        np.put_along_axis(then, back, np.take_along_axis(weeks[:, 1], back, axis=1), axis=1)
        past = past_of(then, (rows["slot"] - DAY_SLOTS) % WEEK_SLOTS)
        came = np.take_along_axis(weeks[:, 0], back, axis=1) - expected(past, back)
        known = (np.isfinite(came) & (past.unit > 0)[:, None])[:, None]
        miss = np.abs(_both(shared, past, back, DAY_AHEAD) - in_units(came, past.unit)[:, None])
        count = known.sum(axis=2)
        fresh = np.where(known, miss, 0.0).sum(axis=2) / np.maximum(count, 1)
        off = np.where(np.isnan(rows["off"]), fresh, rows["off"] + MEMORY * (fresh - rows["off"]))
        return {"off": np.where(count > 0, off, rows["off"])}

    def _say(self, rows: Rows, shared: Rows, slots: IntArray, ahead: IntArray) -> Said:
        past = past_of(rows["weeks"][:, 0], rows["slot"])
        trust = 1.0 / np.maximum(np.nan_to_num(rows["off"], nan=1.0), LEAST)
        trust /= trust.sum(axis=1, keepdims=True)
        away = (trust[:, :, None] * _both(shared, past, slots, ahead)).sum(axis=1)
        point = expected(past, slots) + past.unit[:, None] * away
        unit = np.where(np.isfinite(point), past.unit[:, None], np.nan)
        return Said(point, unit, unit)


def _both(shared: Rows, past: Past, slots: IntArray, ahead: IntArray) -> Array:
    """Return how far from the usual day network and trees expect the series, shape (S, 2, H), in units."""
    trees = mean_of(shared, features(past, slots, ahead))
    return np.stack([distance(shared, past, slots, ahead), trees], axis=1)
