"""Fit the weights of the default detector's network: python -m tests.bench.quality.train --data DIR > weights.py.

DIR holds labelled series whose licence permits it. The network sees what `Model.signs` tells of each sample; what it
says can only rise with what speaks for an anomaly. Needs torch (requirements-deep.lock).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from offkey.core.frame import Array, BoolArray
from offkey.models.detect.seasonal import Model
from offkey.models.detect.seasonal.layout import ORDINARY_MEDIAN, ORDINARY_RARE, Memory, Setting, Signs

from .measures import segments
from .protocol import Series, fleets, load

UNITS = 12
STEPS, BATCH, RATE, DECAY = 600, 4096, 0.03, 1e-4
ONSET_SAMPLES = 8.0  # how fast the weight of an incident's samples falls from its first on
LEAST_WEIGHT, MOST_WEIGHT = 0.05, 12.0  # of a late sample, of all samples of an incident
AFTERMATH, AFTERMATH_WEIGHT = 8, 0.2  # samples after an incident that may or may not belong to it
HOT = 3.0  # power beyond which every third quiet sample is taken; of the others one in a hundred
SHARE_HOT, SHARE_QUIET = 0.3, 0.01
MOST_SETTING = 3.0
OF_SIGNS = slice(0, len(Signs._fields))
OF_MEMORY = slice(OF_SIGNS.stop, OF_SIGNS.stop + len(Memory._fields))
OF_SETTING = slice(OF_MEMORY.stop, OF_MEMORY.stop + len(Setting._fields))
HEAD = '''"""Weights of the default detector's network: printed by `python -m tests.bench.quality.train`, not by hand.

Fitted on the labelled series of the AIOps challenge 2018 (licence: MIT), the same for every series.
"""
'''


class Network(torch.nn.Module):
    """The network of `offkey.models.detect.seasonal.combining`: rises with signs and memory, whatever the setting."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(seed)

        def drawn(*shape: int, spread: float, centre: float = 0.0) -> torch.nn.Parameter:
            return torch.nn.Parameter(torch.randn(*shape, generator=rng) * spread + centre)

        self.rising = drawn(OF_MEMORY.stop, UNITS, spread=0.5, centre=-2.0)
        self.setting = drawn(len(Setting._fields), UNITS, spread=0.1)
        self.bias = drawn(UNITS, spread=0.5, centre=-1.0)
        self.outer = drawn(UNITS, spread=0.3, centre=-1.0)
        self.direct = drawn(OF_SIGNS.stop, spread=0.1, centre=-3.0)
        self.floor = torch.nn.Parameter(torch.tensor(-4.0))

    def forward(self, told: torch.Tensor) -> torch.Tensor:
        """Return the log odds of an anomaly, shape (N,)."""
        least = told[:, OF_SETTING] @ self.setting + self.bias
        units = least + told[:, : OF_MEMORY.stop] @ positive(self.rising)
        outer = positive(self.outer)
        return (said(units) - said(least)) @ outer + told[:, OF_SIGNS] @ positive(self.direct) + self.floor


def positive(raw: torch.Tensor) -> torch.Tensor:
    """Return numbers above 0."""
    return torch.nn.functional.softplus(raw)


def said(z: torch.Tensor) -> torch.Tensor:
    """Return what units say: the first half levels off, the others do not."""
    root = torch.sqrt(1 + z * z)
    half = z.shape[1] // 2
    return torch.cat([1.5 * (1 + z[:, :half] / root[:, :half]), 0.5 * (z[:, half:] + root[:, half:])], 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of parquet files")
    options = parser.parse_args(arguments)
    series = [one for _, files in fleets(options.data) for path in files if (one := load(path)) is not None]
    told = [Model().signs(one.frame)[:, 0].T for one in series]
    sys.stdout.write(HEAD + written(*fit(series, told)))
    return 0


def fit(series: Sequence[Series], told: Sequence[Array], seed: int = 0) -> tuple[Network, Array, Array, Array]:
    """Return the network, the spans of what it is told, the centre, and sizes of ordinary samples."""
    rng = np.random.default_rng(seed)
    picked = [_picked(one, rows, rng) for one, rows in zip(series, told, strict=True)]
    rows, labels, weights = (np.concatenate(part) for part in zip(*picked, strict=True))
    span = rows.std(axis=0) + 1e-3
    centre = np.where(np.arange(rows.shape[1]) >= OF_SETTING.start, rows.mean(axis=0), 0.0)
    x, y = torch.tensor(scaled(rows, centre, span)), torch.tensor(labels.astype(np.float32))
    w = torch.tensor((weights / weights.mean()).astype(np.float32))
    network, draw = Network(seed), torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        batch = torch.randint(0, len(y), (BATCH,), generator=draw)
        off = torch.nn.functional.binary_cross_entropy_with_logits(network(x[batch]), y[batch], reduction="none")
        loss = (w[batch] * off).mean() + DECAY * (
            (network.setting**2).sum() + 0.1 * (positive(network.rising) ** 2).sum()
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    pool = np.concatenate([one[~np.isnan(one[:, 0])][::50] for one in told])
    return network, span, centre, sizes(network, pool, centre, span)


def scaled(rows: Array, centre: Array, span: Array) -> Array:
    """Return what the network is told, in spans; settings within their limits."""
    x = (rows - centre) / span
    x[:, OF_SETTING] = np.clip(x[:, OF_SETTING], -MOST_SETTING, MOST_SETTING)
    return x.astype(np.float32)


def sizes(network: Network, rows: Array, centre: Array, span: Array) -> Array:
    """Return what the network says above its floor, shape (N,)."""
    with torch.no_grad():
        pieces = [
            network(torch.tensor(scaled(part, centre, span))) for part in np.array_split(rows, len(rows) // 100_000 + 1)
        ]
        return np.asarray(torch.cat(pieces) - network.floor, np.float64)


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


def written(network: Network, span: Array, centre: Array, ordinary: Array) -> str:
    """Return the weights as Python, scaled so that sizes of ordinary samples are spread as `layout` says."""
    half, rare = np.quantile(ordinary, [0.5, 0.99])
    times = (ORDINARY_RARE - ORDINARY_MEDIAN) / (rare - half)
    with torch.no_grad():
        rising = (positive(network.rising).T.numpy() / span[: OF_MEMORY.stop]).round(4)
        tables = {
            "BIAS": network.bias.numpy(),
            "INNER": rising[:, OF_SIGNS],
            "OF_MEMORY": rising[:, OF_MEMORY],
            "OF_SETTING": network.setting.T.numpy(),
            "OUTER": positive(network.outer).numpy() * times,
            "DIRECT": positive(network.direct).numpy() / span[OF_SIGNS] * times,
            "CENTRE": centre[OF_SETTING],
            "SPAN": span[OF_SETTING],
            "ORDINARY": np.array([half, rare]) * times,
        }
    return "".join(f"{name} = {_tuple(table)}\n" for name, table in tables.items())


def _tuple(table: Array) -> str:
    if table.ndim == 1:
        return f"({', '.join(f'{value:.4g}' for value in table)})"
    return "(\n" + "".join(f"    {_tuple(row)},\n" for row in table) + ")"


if __name__ == "__main__":
    sys.exit(main())
