"""Fit how much speaks for an anomaly: python -m tests.bench.quality.train --data DIR > weights.py.

DIR holds labelled series whose licence permits it. What `Model.signs` tells of each sample is weighed twice by logistic
regressions whose weights are at least 0, so that strangeness can only rise with what speaks for an anomaly: straight,
for the size that tells where something begins, and bent, for the chance that a sample belongs to an incident. For that
each series has odds of its own, and its incidents together a fixed share of its say: what sets samples apart within a
series is to be found, not which series has the most of them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from offkey.core.frame import Array, BoolArray, IntArray
from offkey.models.detect.seasonal import Model
from offkey.models.detect.seasonal.layout import Memory, Signs

from .measures import segments
from .protocol import Series, fleets, load

SHRINKING, OF_BENT = 1e-3, 1e-4  # of squared weights, each for a sign as wide as the signs are spread
OF_OWN = 1e-6  # of squared odds of a series, so that they are known where none of its samples is labelled
ONSET_SAMPLES = 3.0  # how fast the weight of an incident's samples falls from its first on
LEAST_WEIGHT, MOST_WEIGHT = 0.02, 12.0  # of a late sample, of all samples of an incident
AFTERMATH, AFTERMATH_WEIGHT = 8, 0.2  # samples after an incident that may or may not belong to it
HOT = 3.0  # power beyond which every third quiet sample is taken; of the others one in a hundred
SHARE_HOT, SHARE_QUIET = 0.3, 0.01
POWER_TIMES = 5.0  # labels count samples, but people are paged once: what sets an onset apart counts for more
SHARE_OF_INCIDENTS = 0.03  # weight of all incidents of a series, against that of the rest, for the chance
BENT_AT = (0.9, 0.99)  # quantiles of a sign where it may begin to count for more or less
LEAST_BEND = 0.01
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
    rows, labels, early, even = (np.concatenate(part) for part in zip(*picked, strict=True))
    owner = np.repeat(np.arange(len(picked)), [len(part[0]) for part in picked])
    pool = np.concatenate([one[~np.isnan(one[:, 0])][::50] for one in told])
    straight = len(Signs._fields) + len(Memory._fields)
    weights = fit(rows[:, :straight], labels, early)
    sys.stdout.write(HEAD + written(weights, pool[:, :straight] @ weights))
    bends = bends_of(pool)
    own_odds, slopes = regression(pieces(rows, bends), labels, even, OF_BENT, owner)
    sys.stdout.write(f"AT_REST = {np.median(own_odds):.4g}\n")
    sys.stdout.write(table("BENDS", bends) + table("SLOPES", slopes.reshape(len(bends), -1)))
    return 0


def regression(rows: Array, labels: BoolArray, counts: Array, shrinking: float, owner: IntArray) -> tuple[Array, Array]:
    """Return the log-odds of a sample without a sign, by owner (N,), and what each sign adds, at least 0, shape (K,).

    Args:
        rows: signs of samples, shape (N, K).
        labels: whether each belongs to an incident.
        counts: how much each counts.
        shrinking: price of a squared weight.
        owner: whose odds each sample has, from 0.
    """
    span, owners = rows.std(axis=0) + 1e-3, int(owner.max()) + 1
    x, share = rows / span, counts / counts.sum()

    def loss(weights: Array) -> tuple[float, Array]:
        own, adds = weights[:owners], weights[owners:]
        odds = x @ adds + own[owner]
        off = share * (expit(odds) - labels)
        price = shrinking * (adds**2).sum() + OF_OWN * (own**2).sum()
        own_off = np.bincount(owner, off, owners) + 2.0 * OF_OWN * own
        slope = np.concatenate([own_off, off @ x + 2.0 * shrinking * adds])
        return price + share @ (np.logaddexp(0.0, odds) - labels * odds), slope

    bounds = [(None, None)] * owners + [(0.0, None)] * rows.shape[1]
    start = np.concatenate([np.full(owners, -4.0), np.full(rows.shape[1], 0.1)])
    found = minimize(loss, start, jac=True, bounds=bounds)
    return found.x[:owners], found.x[owners:] / span


def fit(rows: Array, labels: BoolArray, counts: Array) -> Array:
    """Return the weight of each sign in the size, shape (K,), for which that of the first is 1; as `regression`."""
    weights = regression(rows, labels, counts, SHRINKING, np.zeros(len(rows), np.int64))[1]
    weights /= POWER_TIMES * weights[0]
    weights[0] = 1.0
    return weights


def bends_of(pool: Array) -> Array:
    """Return where each sign of a pool of samples may bend, rising, shape (K, J)."""
    return np.array([np.maximum(LEAST_BEND, np.quantile(sign[sign > 0.0], BENT_AT)) for sign in pool.T])


def pieces(rows: Array, bends: Array) -> Array:
    """Return how much of each sign lies between its bends, shape (N, K * (J + 1)), from shape (N, K)."""
    edges = np.column_stack([np.zeros(len(bends)), bends, np.full(len(bends), np.inf)])
    found = np.clip(rows[:, :, None], edges[:, :-1], edges[:, 1:]) - edges[:, :-1]
    return found.reshape(len(rows), -1)


def _picked(one: Series, told: Array, rng: np.random.Generator) -> tuple[Array, BoolArray, Array, Array]:
    """Return signs and labels of some samples, and how much each counts for the beginning and for the whole."""
    known = ~np.isnan(told[:, 0]) & (np.arange(len(told)) >= one.history // 2)
    chance = np.where(one.labels, 1.0, np.where(told[:, 0] > HOT, SHARE_HOT, SHARE_QUIET))
    taken = known & (rng.random(len(chance)) < chance)
    incidents, quiet = max(1, one.labels.sum()), max(1, (~one.labels).sum())
    even = np.where(one.labels, SHARE_OF_INCIDENTS * np.sqrt(quiet) / incidents, 1.0 / np.sqrt(quiet))
    return told[taken], one.labels[taken], (importance(one.labels) / chance)[taken], (even / chance)[taken]


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
    return "".join(f"{name} = {_tuple(row)}\n" for name, row in tables.items())


def table(name: str, rows: Array) -> str:
    """Return rows of numbers as Python."""
    return f"{name} = (\n" + "".join(f"    {_tuple(row)},\n" for row in rows) + ")\n"


def _tuple(row: Array) -> str:
    return f"({', '.join(f'{value:.4g}' for value in row)})"


if __name__ == "__main__":
    sys.exit(main())
