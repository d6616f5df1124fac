"""What the engine remembers about one signal between two ticks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from offkey.core.frame import Frame
from offkey.core.labels import Labels
from offkey.core.state import AnyArray, Learned, State
from offkey.engine import pegging, reporting

DETECTOR, FORECASTER, LEDGER = "detector", "forecaster", "ledger"


@dataclass(frozen=True, slots=True)
class Memory:
    """One signal's learned state; replaced, never changed, except that `update` of a model may reuse its arrays.

    Attributes:
        detector: what the detector learned.
        forecaster: what the forecaster learned.
        ledger: the engine's own rows: `bound` strangeness, `open` anomaly, `since` and `seen` Unix seconds, `coverage`
            share, `full` and `low` of the raw samples (see `completeness.Scraped`), how it reports (see `reporting`),
            how long it stays at an end of its scale (see `pegging`); shared: `expected_alerts_per_week`, `tuned` when
            the bounds were found, Unix seconds.
        until: the last instant that was learned, Unix seconds.
        tail: the last columns, for models that need context; None until there are any.
    """

    detector: State
    forecaster: State
    ledger: State
    until: int
    tail: Frame | None = None

    @property
    def series(self) -> tuple[Labels, ...]:
        """Whose memory this is."""
        return self.ledger.series

    def learned(self) -> Learned:
        """Return what a store keeps."""
        return Learned({DETECTOR: self.detector, FORECASTER: self.forecaster, LEDGER: self.ledger}, self.until)

    @classmethod
    def of(cls, learned: Learned) -> "Memory":
        """Rebuild a memory from a store; what an earlier version did not note is not known."""
        states, ledger = learned.states, learned.states[LEDGER]
        rows = {**blank_ledger(ledger.series).rows, **ledger.rows}
        whole = State(ledger.series, rows, ledger.shared)
        return cls(states[DETECTOR], states[FORECASTER], whole, learned.until)

    def note(self, **rows: AnyArray) -> "Memory":
        """Return the memory with some ledger rows replaced."""
        merged: Mapping[str, AnyArray] = {**self.ledger.rows, **rows}
        return replace(self, ledger=State(self.ledger.series, merged, self.ledger.shared))


def blank_ledger(series: tuple[Labels, ...]) -> State:
    """Return the ledger of series nothing is known about."""
    size = len(series)
    rows: dict[str, AnyArray] = {
        "bound": np.full(size, np.nan),
        "open": np.zeros(size, bool),
        "since": np.zeros(size, np.int64),
        "seen": np.zeros(size, np.int64),
        "coverage": np.full(size, np.nan),
        "full": np.full(size, np.nan),
        "low": np.zeros(size, np.int64),
        **pegging.blank(size),
        **{name: np.full(size, blank, kind) for name, (blank, kind) in reporting.SHAPES.items()},
    }
    return State(series, rows, {"expected_alerts_per_week": np.full(1, np.nan), "tuned": np.zeros(1, np.int64)})
