"""A recurrent network that read the last day of all series says how far each will be from its usual day."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from offkey.core.frame import Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models.continued import Continued, Rows, Said
from offkey.models.lessons import expected, past_of
from offkey.models.recurrent import distance, need_torch, train


@dataclass(frozen=True)
class Model(Continued):
    """Let an LSTM, trained on all series together at `fit`, correct the usual day."""

    pooled: ClassVar[bool] = True
    cells: int = 12
    rounds: int = 300  # batches of 128 samples it is trained with

    def __post_init__(self) -> None:
        need_torch("lstm")

    def _train(self, past: Frame) -> dict[str, AnyArray]:
        return train(past, self.cells, self.rounds)

    def _say(self, rows: Rows, shared: Rows, slots: IntArray, ahead: IntArray) -> Said:
        past = past_of(rows["weeks"][:, 0], rows["slot"])
        point = expected(past, slots) + past.unit[:, None] * distance(shared, past, slots, ahead)
        unit = np.where(np.isfinite(point), past.unit[:, None], np.nan)
        return Said(point, unit, unit)
