"""Fit how much speaks for an anomaly: python -m tests.bench.quality.train --data DIR > weights.py.

DIR holds labelled series whose licence permits it. What `Model.signs` tells of each sample is weighed by a logistic
regression whose weights are at least 0, so that strangeness can only rise with what speaks for an anomaly.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from offkey.core.frame import Array, BoolArray
from offkey.models.detect.seasonal import Model
from offkey.models.detect.seasonal.layout import Signs

from .measures import segments
from .protocol import Series, fleets, load

SHRINKING = 1e-3  # of squared weights, each for a sign as wide as the signs are spread
ONSET_SAMPLES = 3.0  # how fast the weight of an incident's samples falls from its first on
LEAST_WEIGHT, MOST_WEIGHT = 0.02, 12.0  # of a late sample, of all samples of an incident
AFTERMATH, AFTERMATH_WEIGHT = 8, 0.2  # samples after an incident that may or may not belong to it
HOT = 3.0  # power beyond which every third quiet sample is taken; of the others one in a hundred
SHARE_HOT, SHARE_QUIET = 0.3, 0.01
POWER_TIMES = 5.0  # labels count samples, but people are paged once: what sets an onset apart counts for more
SPREAD = 2.2  # how far the sizes that half and 99 % of all samples stay below are apart
HEAD = '''"""How much speaks for an anomaly: printed by `python -m tests.bench.quality.train`, not by hand.

Fitted on the labelled series of the AIOps challenge 2018 (licence: MIT), the same for every series.
"""

'''


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of parquet files")
    options = parser.parse_args(arguments)
    series = [one for _, files in fleets(options.data) for path in files if (one := load(path)) is not None]
    told = [Model().signs(one.frame)[:, 0].T for one in series]
    rng = np.random.default_rng(0)
    picked = [_picked(one, rows, rng) for one, rows in zip(series, told, strict=True)]
    rows, labels, counts = (np.concatenate(part) for part in zip(*picked, strict=True))
    weights = fit(rows, labels, counts)
    pool = np.concatenate([one[~np.isnan(one[:, 0])][::50] for one in told])
    sys.stdout.write(HEAD + written(weights, pool @ weights))
    return 0


def fit(rows: Array, labels: BoolArray, counts: Array) -> Array:
    """Return the weight of each sign for which that of the first is 1, shape (K,).

    Args:
        rows: signs of samples, shape (N, K).
        labels: whether each belongs to an incident.
        counts: how much each counts.
    """
    span = rows.std(axis=0) + 1e-3
    x, share = rows / span, counts / counts.sum()

    def loss(weights: Array) -> tuple[float, Array]:
        odds = x @ weights[1:] + weights[0]
        off = share * (expit(odds) - labels)
        price = share @ (np.logaddexp(0.0, odds) - labels * odds) + SHRINKING * (weights[1:] ** 2).sum()
        return price, np.concatenate([[off.sum()], off @ x + 2.0 * SHRINKING * weights[1:]])

    bounds = [(None, None)] + [(0.0, None)] * rows.shape[1]
    found = minimize(loss, np.concatenate([[-4.0], np.full(rows.shape[1], 0.1)]), jac=True, bounds=bounds)
    weights: Array = found.x[1:] / span
    weights /= POWER_TIMES * weights[0]
    weights[0] = 1.0
    return weights


def _picked(one: Series, told: Array, rng: np.random.Generator) -> tuple[Array, BoolArray, Array]:
    known = ~np.isnan(told[:, 0]) & (np.arange(len(told)) >= one.history // 2)
    chance = np.where(one.labels, 1.0, np.where(told[:, 0] > HOT, SHARE_HOT, SHARE_QUIET))
    taken = known & (rng.random(len(chance)) < chance)
    return told[taken], one.labels[taken], (importance(one.labels) / chance)[taken]


def importance(labels: BoolArray) -> Array:
    """Return the weight of every sample, shape (T,): early samples of an incident count most, long ones no more."""
    weights = np.ones(len(labels))
    for first, last in zip(*segments(labels), strict=True):
        fading = np.exp(-np.arange(last - first + 1) / ONSET_SAMPLES) + LEAST_WEIGHT
        weights[first : last + 1] = fading * min(1.0, MOST_WEIGHT / fading.sum())
        weights[last + 1 : last + 1 + AFTERMATH] *= AFTERMATH_WEIGHT
    return weights


def written(weights: Array, sizes: Array) -> str:
    """Return the weights as Python, scaled so that the sizes of samples are spread as `SPREAD` says."""
    half, rare = np.quantile(sizes, [0.5, 0.99])
    scaled = weights * SPREAD / (rare - half)
    tables = {
        "OF_SIGNS": scaled[: len(Signs._fields)],
        "OF_MEMORY": scaled[len(Signs._fields) :],
        "ORDINARY": np.array([half, rare]) * SPREAD / (rare - half),
    }
    return "".join(f"{name} = ({', '.join(f'{value:.4g}' for value in row)})\n" for name, row in tables.items())


if __name__ == "__main__":
    sys.exit(main())
