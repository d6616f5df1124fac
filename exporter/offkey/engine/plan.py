"""What the engine does for one signal: the policy, the models that serve it, and the name of what they learn."""

import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from offkey.core.frame import Array
from offkey.core.ports import Detector, Forecaster, Tuner
from offkey.core.shards import WHOLE, Shard
from offkey.core.signals import Signal

_NOT_LEARNED_FROM = (
    "description",
    "expose",
    "alert",
    "horizons",
    "limit",
    "source",
    "keep_absent",
    "adopt_after",
    "calendars",  # of these, the ones that exclude or say what a day is like are added
)


@dataclass(frozen=True)
class Plan:
    """One signal, the models that were built for it, and which part of its series this process watches."""

    signal: Signal
    detector: Detector
    forecaster: Forecaster
    tuner: Tuner
    shard: Shard = WHOLE

    @cached_property
    def key(self) -> str:
        """Name of what is learned; it changes with everything that would make the learned state wrong."""
        policy = {name: value for name, value in asdict(self.signal).items() if name not in _NOT_LEARNED_FROM}
        content = repr((sorted(policy.items()), self.budget, self.detector, self.forecaster, self.tuner))
        taught = [calendar for calendar in self.signal.calendars if calendar.exclude or calendar.like is not None]
        content += repr(taught) if taught else ""
        content += "" if self.shard == WHOLE else str(self.shard)
        content += "" if self.factor == 1.0 else f"bound {self.factor}"
        return f"{self.signal.name}-{hashlib.blake2s(content.encode(), digest_size=8).hexdigest()}"

    @property
    def budget(self) -> float:
        """Alerts a week this part of the signal may cost; infinite when it alerts nobody."""
        return self.signal.alert.budget_per_week / self.shard.count if self.signal.alert else float("inf")

    @property
    def factor(self) -> float:
        """What learned bounds are multiplied by."""
        return self.signal.alert.bound if self.signal.alert else 1.0

    @property
    def dead_band(self) -> float:
        """Share of the bound in which an open anomaly stays open."""
        return self.signal.alert.dead_band if self.signal.alert else 0.0

    def untuned(self, series: int) -> Array:
        """Return the bound of series nothing is known about, (S,)."""
        return self.tuned(np.full((series, 1), np.nan), self.signal.step)

    def tuned(self, strangeness: Array, step: int) -> Array:
        """Return the bound of each series by its past strangeness (S, T), every `step` seconds, (S,)."""
        return self.factor * self.tuner.tune(strangeness, step, self.budget)
