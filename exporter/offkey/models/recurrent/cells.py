"""The way through the network as plain arithmetic: what is trained with torch speaks without it."""

import math

import numpy as np

from offkey.core.frame import Array
from offkey.models.kernels import compiled
from offkey.models.lessons import FEATURES

MOST = 5.0  # units from the usual day; what is farther is read as this far
SEASONAL = 2  # sine and cosine of the time of day
MIDDLE = 12  # width of the layer after the recurrent one
TOLD = SEASONAL + FEATURES


def shapes(cells: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array of weights: gates (input, forget, cell, output), then two plain layers."""
    return {
        "gate_input": (4 * cells,),
        "gate_again": (4 * cells, cells),
        "gate_bias": (4 * cells,),
        "middle": (MIDDLE, cells + TOLD),
        "middle_bias": (MIDDLE,),
        "last": (MIDDLE,),
        "last_bias": (1,),
    }


@compiled
def answer(layers: tuple[Array, ...], hours: Array, told: Array) -> Array:
    """Return what the network says, shape (S, H), never farther than `MOST`.

    Args:
        layers: weights in the order of `shapes`.
        hours: what the recurrent layer reads, shape (S, T).
        told: what the next layer is told besides, shape (S, H, TOLD).
    """
    middle, middle_bias, last, last_bias = layers[3:7]
    out = np.empty(told.shape[:2])
    size = layers[1].shape[1]
    hidden = np.empty(size)
    for row in range(len(hours)):
        read(layers, hours[row], hidden)
        for column in range(told.shape[1]):
            found = last_bias[0]
            for unit in range(MIDDLE):
                total = middle_bias[unit]
                for k in range(size):
                    total += middle[unit, k] * hidden[k]
                for k in range(TOLD):
                    total += middle[unit, size + k] * told[row, column, k]
                found += last[unit] * math.tanh(total)
            out[row, column] = min(MOST, max(-MOST, found))
    return out


@compiled
def read(layers: tuple[Array, ...], hours: Array, hidden: Array) -> None:
    """Read hours from the oldest to the latest; what is remembered ends in `hidden`.

    Args:
        layers: the gates' weights for input and memory, and their bias; what follows is not looked at.
        hours: shape (T,).
        hidden: one number for each cell.
    """
    weight, again, bias = layers[:3]
    size = len(hidden)
    cell, gate = np.zeros(size), np.empty(4 * size)
    hidden[:] = 0.0
    for hour in hours:
        for k in range(4 * size):
            gate[k] = weight[k] * hour + bias[k]
            for h in range(size):
                gate[k] += again[k, h] * hidden[h]
        for h in range(size):
            kept = cell[h] / (1.0 + math.exp(-gate[size + h]))
            cell[h] = kept + math.tanh(gate[2 * size + h]) / (1.0 + math.exp(-gate[h]))
            hidden[h] = math.tanh(cell[h]) / (1.0 + math.exp(-gate[3 * size + h]))
