"""What the engine does for one signal: the policy, the models that serve it, and the name of what they learn."""

import hashlib
from dataclasses import asdict, dataclass

from offkey.core.ports import Detector, Forecaster, Tuner
from offkey.core.signals import Signal

_NOT_LEARNED_FROM = ("description", "expose", "alert", "horizons", "limit", "source", "keep_absent", "adopt_after")


@dataclass(frozen=True, slots=True)
class Plan:
    """One signal and the models that were built for it."""

    signal: Signal
    detector: Detector
    forecaster: Forecaster
    tuner: Tuner

    @property
    def key(self) -> str:
        """Name of what is learned; it changes with everything that would make the learned state wrong."""
        policy = {name: value for name, value in asdict(self.signal).items() if name not in _NOT_LEARNED_FROM}
        content = repr((sorted(policy.items()), self.detector, self.forecaster, self.tuner))
        return f"{self.signal.name}-{hashlib.blake2s(content.encode(), digest_size=8).hexdigest()}"
