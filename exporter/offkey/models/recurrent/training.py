"""Training with torch, on one thread; what comes back are plain arrays."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch  # type: ignore[import-not-found,unused-ignore]  # an extra; without it this file is not imported

from offkey.core.frame import Array
from offkey.core.state import AnyArray
from offkey.models.lessons import SEED
from offkey.models.recurrent.cells import MIDDLE, MOST, TOLD, shapes

BATCH = 128
RATE = 5e-3


def learn(hours: Array, told: Array, came: Array, cells: int, rounds: int) -> dict[str, AnyArray]:
    """Return trained weights by name, as `cells.answer` reads them.

    Args:
        hours: what the recurrent layer reads, shape (N, T).
        told: what the next layer is told besides, shape (N, TOLD).
        came: what it should have said, shape (N,).
        cells: of the recurrent layer.
        rounds: batches.
    """
    read = torch.tensor(hours[:, :, None], dtype=torch.float32)
    beside = torch.tensor(told, dtype=torch.float32)
    wanted = torch.tensor(np.clip(came, -MOST, MOST), dtype=torch.float32)
    with alone(SEED):
        recurrent = torch.nn.LSTM(1, cells, batch_first=True)
        middle, last = torch.nn.Linear(cells + TOLD, MIDDLE), torch.nn.Linear(MIDDLE, 1)
        weights = [*recurrent.parameters(), *middle.parameters(), *last.parameters()]
        steps = torch.optim.Adam(weights, lr=RATE)
        for _ in range(rounds):
            chosen = torch.randint(0, len(wanted), (BATCH,))
            hidden = recurrent(read[chosen])[0][:, -1]
            found = last(torch.tanh(middle(torch.cat([hidden, beside[chosen]], dim=1))))[:, 0]
            loss = torch.nn.functional.smooth_l1_loss(found, wanted[chosen])
            steps.zero_grad()
            loss.backward()
            steps.step()
    gates = [recurrent.weight_ih_l0, recurrent.weight_hh_l0, recurrent.bias_ih_l0 + recurrent.bias_hh_l0]
    parts = [*gates, middle.weight, middle.bias, last.weight, last.bias]
    arrays = [part.detach().numpy().astype(np.float64) for part in parts]
    return {name: array.reshape(shape) for (name, shape), array in zip(shapes(cells).items(), arrays, strict=True)}


@contextmanager
def alone(seed: int) -> Iterator[None]:
    """Use one thread and fixed chance; torch's own are left as they were."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
