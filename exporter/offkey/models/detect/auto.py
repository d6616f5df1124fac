"""Auto: tries a few cheap detectors on each series' own past, takes the one with the best bands, and says why."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.errors import ConfigError
from offkey.core.frame import Array, BoolArray, Frame
from offkey.core.state import AnyArray, State
from offkey.models.members import Members
from offkey.models.refitted import KEPT, PAUSE, Refitted, Rows

OWN_NAME = __name__.rpartition(".")[2]
DECADES = 3.0  # of the bands that are compared: one past sample in a thousand lies outside; there, all mean rarity
EVIDENT = 0.5  # the first candidate stays unless another's bands cost less than this much of its own
IDLE = 0.5  # share of samples with the commonest value from which only the others are compared
LARGEST = 1e30  # values are kept as no more than this
VALUE, WHOLE, BIN, OWN = range(4)  # features of the series; then each candidate's strangeness, then its costs
SEASON, SAME, COUNTS, EVERY, COMPARED, PROFILE = range(6)


@dataclass(frozen=True)
class Model(Refitted):
    """Take the strangeness of the candidate whose 99.9 % bands fitted the series' past best, each judged causally.

    Attributes:
        candidates: names of detectors that have bands; the first is taken unless another is evidently better.

    Source: the interval score, Gneiting and Raftery (2007), Strictly proper scoring rules, JASA 102:359-378.
    """

    candidates: tuple[str, ...] = ("seasonal", "quantile", "holt_winters")

    def __post_init__(self) -> None:
        named = self.candidates
        if not named or OWN_NAME in named or len(set(named)) < len(named):
            msg = f"candidates: found {list(named)}; name at least one detector, each once, and not {OWN_NAME}"
            raise ConfigError(msg)

    @property
    def picked(self) -> tuple[int, ...]:
        """What the profile is made of, and two features for each candidate."""
        return tuple(range(OWN + 2 * len(self.candidates)))

    @property
    def watched(self) -> Rows:
        """What the candidates remember, and the first sample, which the profile's values are measured from."""
        return {**self._members.rows, "origin": ((), np.float64)}

    @property
    def trained(self) -> Rows:
        """Which candidate was taken, the mean logarithm of each one's costs, and the profile."""
        return {
            "choice": ((), np.int64),
            "costs": ((len(self.candidates),), np.float64),
            "profile": ((PROFILE,), np.float64),
        }

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return profile features, strangeness and costs, (S, T, F), and where every candidate says something."""
        lower, upper = self._members.edges(rows, frame, DECADES)
        costs = _costs(frame.values[..., None], lower, upper)
        strangeness = self._members.strangeness(rows, frame)
        _begin(rows["origin"], frame.values)
        bins = np.broadcast_to(frame.axis.times // PAUSE % KEPT, frame.values.shape)
        own = np.stack([frame.values - rows["origin"][:, None], frame.values == np.round(frame.values), bins], axis=2)
        features = np.concatenate([own, strangeness, costs], axis=2)
        return features, np.asarray(~np.isnan(features).any(axis=2))

    def lesson(self, features: Array) -> Array:
        """Return the features, the value within single precision."""
        return np.clip(features, -LARGEST, LARGEST)

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Profile the series, and compare the candidates on what was kept."""
        values, costs = kept[:, VALUE], kept[:, OWN + len(self.candidates) :]
        found, counts = np.unique(values, return_counts=True)
        others = values != found[counts.argmax()]
        compared = others if others.any() and 1.0 - others.mean() >= IDLE else np.ones_like(others)
        mean = costs[compared].mean(axis=0)
        best = int(mean.argmin())
        gaps = np.diff(kept[:, BIN]) % KEPT * PAUSE
        profile = np.zeros(PROFILE)
        profile[SEASON], profile[SAME] = _seasonality(values, kept[:, BIN]), 1.0 - others.mean()
        profile[COUNTS], profile[EVERY] = kept[:, WHOLE].mean(), np.median(gaps)
        profile[COMPARED] = np.count_nonzero(compared)
        choice = best if mean[best] < mean[0] + np.log(EVIDENT) else 0
        return {"choice": np.array(choice), "costs": mean, "profile": profile}

    def judge(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return the strangeness that the chosen candidate finds, (S, T)."""
        column = OWN + rows["choice"][:, None, None]
        return np.asarray(np.take_along_axis(features, column, axis=2)[..., 0])

    def _strangeness(self, rows: Mapping[str, AnyArray], features: Array) -> Array:
        """Return what the chosen candidate says, (1, S, T): it is in decades already, and is calibrated but once."""
        untrained = np.isnan(rows["knots"][:, :1])
        return np.asarray(np.where(untrained, np.nan, self.judge(rows, features)))[None]

    def reasons(self, state: State) -> tuple[str, ...]:
        """Return which candidate judges each series and why, in words; empty before anything was compared."""
        chosen = ~np.isnan(state.rows["knots"][:, 0])
        return tuple(self._reason(state, s) if chosen[s] else "" for s in range(len(state.series)))

    def _reason(self, state: State, s: int) -> str:
        """Return why one series is judged by what it is."""
        costs, profile = state.rows["costs"][s], state.rows["profile"][s]
        chosen = self.candidates[int(state.rows["choice"][s])]
        order = np.argsort(costs, kind="stable")
        share = np.exp(np.minimum(costs - costs[0], 50.0))
        compared = ", ".join(f"{self.candidates[k]} {share[k]:.2f}" for k in order)
        return (
            f"{chosen}; costs of 99.9 % bands over {profile[COMPARED]:.0f} past samples: {compared}; "
            f"season explains {profile[SEASON]:.0%}, commonest value {profile[SAME]:.0%}, "
            f"whole numbers {profile[COUNTS]:.0%}, a sample in {profile[EVERY] / MINUTE:.0f} min"
        )

    @cached_property
    def _members(self) -> Members:
        return Members(self.candidates)


def _costs(values: Array, lower: Array, upper: Array) -> Array:
    """Return the logarithm of the interval score of the bands, same shape: their width and what misses them."""
    with np.errstate(over="ignore", invalid="ignore"):
        missed = np.maximum(np.maximum(lower - values, values - upper), 0.0)
        score = upper - lower + 2.0 * 10.0**DECADES * missed + 1e-9 * (1.0 + np.abs(upper - lower))
        return np.asarray(np.clip(np.log(score), -LARGEST, LARGEST))


def _begin(origin: AnyArray, values: Array) -> None:
    """Write the first sample of series that had none."""
    given = ~np.isnan(values)
    fresh = np.isnan(origin) & given.any(axis=1)
    if fresh.any():
        origin[fresh] = values[fresh, given[fresh].argmax(axis=1)]


def _seasonality(values: Array, bins: Array) -> float:
    """Return the share of the squared usual distance from the median that the hour of the day explains, 0 to 1."""
    hours = bins * PAUSE % DAY // HOUR
    usual = float(np.median(np.abs(values - np.median(values))))
    rest = values.copy()
    for hour in np.unique(hours):
        rest[hours == hour] -= np.median(rest[hours == hour])
    left = float(np.median(np.abs(rest)))
    return max(0.0, 1.0 - (left / usual) ** 2) if usual > 0 else 0.0
