"""A recurrent network over the last day that says how far series will be from their usual day; kept as plain arrays.

Source: Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9:1735-1780.
"""

from collections.abc import Mapping
from importlib.util import find_spec

import numpy as np

from offkey.core.errors import MissingLibrary
from offkey.core.frame import Array, Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models.grid import DAY_SLOTS
from offkey.models.lessons import DISTANCES, Past, features, lessons
from offkey.models.recurrent.cells import MOST, answer, shapes

STEPS = 24  # hours that it reads, the oldest first
LEAST = 40  # samples below which nothing is learned


def need_torch(kind: str) -> None:
    """Say so at once where a network could not be trained.

    Raises:
        MissingLibrary: torch is not installed.
    """
    if find_spec("torch") is None:
        msg = f'{kind}: needs torch, which is not installed; install offkey with its extra "deep"'
        raise MissingLibrary(msg)


def train(history: Frame, cells: int, rounds: int) -> dict[str, AnyArray]:
    """Return the weights of a network that learned from all series of a history, on the grid, together.

    Args:
        history: series in any order.
        cells: of the recurrent layer.
        rounds: batches that are learned from.
    """
    read, told, came = [], [], []
    for one in lessons(history, DISTANCES):
        row, column = np.nonzero(np.isfinite(one.came))
        read.append(_hours(one.past)[row])
        told.append(_told(one.past, one.slots, one.ahead)[row, column])
        came.append(one.came[row, column])
    if sum(map(len, came)) < LEAST:
        return {name: np.zeros(shape) for name, shape in shapes(cells).items()}
    from offkey.models.recurrent.training import learn  # noqa: PLC0415 (torch is an extra, and slow to import)

    return learn(np.concatenate(read), np.concatenate(told), np.concatenate(came), cells, rounds)


def distance(weights: Mapping[str, AnyArray], past: Past, slots: IntArray, ahead: IntArray) -> Array:
    """Return how far from the usual day a network expects slots of the week, (S, H), in units."""
    layers = tuple(np.ascontiguousarray(weights[name], np.float64) for name in shapes(0))
    return answer(layers, _hours(past), np.ascontiguousarray(_told(past, slots, ahead)))


def _hours(past: Past) -> Array:
    """Return the mean of each hour of the last day, (S, 24), in units from the usual day, never too far."""
    return np.asarray(np.clip(past.rest.reshape(len(past.rest), STEPS, -1).mean(axis=2), -MOST, MOST))


def _told(past: Past, slots: IntArray, ahead: IntArray) -> Array:
    """Return what is told besides: the season of each slot and what a regression is told, (S, H, SEASONAL + 14)."""
    angle = 2.0 * np.pi * (slots % DAY_SLOTS) / DAY_SLOTS
    plain = np.clip(features(past, slots, ahead), -MOST, DAY_SLOTS)
    plain[..., 0] /= DAY_SLOTS
    plain[..., 1:] = np.minimum(plain[..., 1:], MOST)
    return np.concatenate([np.sin(angle)[..., None], np.cos(angle)[..., None], plain], axis=2)
