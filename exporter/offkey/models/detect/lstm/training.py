"""Training with torch; what comes back are plain numbers."""

import numpy as np
import torch  # type: ignore[import-not-found,unused-ignore]  # an extra; without it this file is not imported

from offkey.core.frame import Array
from offkey.models.detect.lstm.cells import HIDDEN, LARGEST, SEASONAL
from offkey.models.recurrent.training import alone

BATCH = 256
RATE = 5e-3


def learn(inputs: Array, targets: Array, rounds: int, seed: int) -> Array:
    """Return the weights, as `cells.predict` reads them, of a network that has learned from all windows.

    Args:
        inputs: seasonal inputs and residuals, shape (N, F).
        targets: the residual that followed, shape (N,).
        rounds: batches.
        seed: where weights and the choice of windows begin; torch's own generator is left as it was.
    """
    seasonal = torch.tensor(np.clip(inputs[:, :SEASONAL], -LARGEST, LARGEST), dtype=torch.float32)
    residuals = torch.tensor(inputs[:, SEASONAL:, None], dtype=torch.float32)
    wanted = torch.tensor(np.clip(targets, -LARGEST, LARGEST), dtype=torch.float32)
    with alone(seed):
        cells = torch.nn.LSTM(1, HIDDEN, batch_first=True)
        last = torch.nn.Linear(HIDDEN + SEASONAL, 1)
        steps = torch.optim.Adam([*cells.parameters(), *last.parameters()], lr=RATE)
        for _ in range(rounds):
            chosen = torch.randint(0, len(wanted), (BATCH,))
            hidden = cells(residuals[chosen])[0][:, -1]
            found = last(torch.cat([hidden, seasonal[chosen]], dim=1))[:, 0]
            loss = torch.nn.functional.smooth_l1_loss(found, wanted[chosen])
            steps.zero_grad()
            loss.backward()
            steps.step()
    parts = [cells.weight_ih_l0, cells.bias_ih_l0 + cells.bias_hh_l0, cells.weight_hh_l0, last.weight, last.bias]
    return np.concatenate([part.detach().numpy().ravel() for part in parts]).astype(np.float64)
