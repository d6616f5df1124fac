"""The way through the network, as plain arithmetic: what is trained with torch is judged without it."""

import math

import numpy as np

from offkey.core.frame import Array
from offkey.models.kernels import compiled
from offkey.models.recurrent.cells import read

HIDDEN = 12  # cells
STEPS = 24  # residuals that it reads, the oldest first
SEASONAL = 3  # sine and cosine of the time of day, and the season's place in its swing: read at the end
LARGEST = 5.0  # residuals are read as no more than this


@compiled
def answer(weights: Array, x: Array, hidden: Array) -> float:
    """Return what the last layer makes of the memory and the season."""
    last = weights[4 * HIDDEN * (2 + HIDDEN) :]
    found = last[HIDDEN + SEASONAL]
    for h in range(HIDDEN):
        found += last[h] * hidden[h]
    for k in range(SEASONAL):
        found += last[HIDDEN + k] * min(LARGEST, max(-LARGEST, x[k]))
    return float(found)


@compiled
def predict(weights: Array, features: Array, out: Array) -> None:
    """Write the expected residual of each sample; NaN stays where a sample is missing or nothing was learned.

    Args:
        weights: input, bias and recurrent weights of the gates (input, forget, cell, output), then the last layer's,
            shape (S, W).
        features: seasonal inputs and residuals, shape (S, T, SEASONAL + STEPS).
        out: shape (S, T).
    """
    gates, hidden = 4 * HIDDEN, np.empty(HIDDEN)
    for s in range(features.shape[0]):
        if math.isnan(weights[s, 0]):
            continue
        own = weights[s]
        again = own[2 * gates : gates * (2 + HIDDEN)].reshape((gates, HIDDEN))
        layers = (own[:gates], again, own[gates : 2 * gates])
        for t in range(features.shape[1]):
            if not math.isnan(features[s, t, 0]):
                read(layers, features[s, t, SEASONAL:], hidden)
                out[s, t] = answer(own, features[s, t], hidden)
