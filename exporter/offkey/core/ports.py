"""What the engine asks of models and of the outside world."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from offkey.core.findings import Band, Forecast, Snapshot
from offkey.core.foresight import Foresight
from offkey.core.frame import Array, Axis, Frame
from offkey.core.state import Learned, State


class Learner(Protocol):
    """A frozen configuration with methods that depend on nothing else.

    Shared promises (tested by the contract suites for every file in the folders):
    the frame given to `update`, `score` and `forecast` names the series that matter now, in any order; series a
    state has not seen start cold; `update` returns a state for exactly the frame's series and may reuse the arrays of
    the state it was given, which the caller must not use again; everything else leaves its arguments alone.
    `fit(frame)` and `update` may be given frames with another step than the one that was fitted.
    """

    @property
    def context(self) -> int:
        """Past samples a frame must hold before its first new column."""
        ...

    def fit(self, frame: Frame) -> State:
        """Learn from a history, which may hold undiscovered anomalies and any number of gaps."""
        ...

    def update(self, state: State, frame: Frame) -> State:
        """Learn the frame's columns after the first `context`; NaN teaches nothing."""
        ...

    def ready(self, state: State) -> Array:
        """Return the share of what each series needs to be judged that was seen, shape (S,), 0 to 1."""
        ...


class Detector(Learner, Protocol):
    """Turns samples into strangeness, the model's own measure."""

    def score(self, state: State, frame: Frame) -> Array:
        """Return strangeness (S, T) >= 0, each column judged by what came before it; NaN = cannot say.

        The first `context` columns, missing samples and series that are not ready are NaN.
        """
        ...

    def band(self, state: State, frame: Frame, bound: Array) -> Band:
        """Return the expected value and where strangeness reaches `bound` (S,), each (S, T), in the series' unit.

        A sample lies outside (lower, upper) exactly when its strangeness is above the bound. A model that has no
        such values returns NaN.
        """
        ...


@runtime_checkable
class Sweeping(Protocol):
    """A detector that says at once, for less, what `score` and `band` say one after the other."""

    def sweep(self, state: State, frame: Frame, bound: Array) -> tuple[Array, Band]:
        """Return strangeness and the band."""
        ...

    def glance(self, state: State, frame: Frame, bound: Array) -> tuple[Array, Array]:
        """Return strangeness and what a band would expect, without looking for its edges.

        Nothing need be said of a series whose only sample is missing.
        """
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """A detector that works out, before a sample is there, all that does not depend on it."""

    def foresee(self, state: State, coming: Frame, bound: Array) -> Foresight:
        """Return what can be said of the only column of a frame, whatever its values are."""
        ...


@runtime_checkable
class Explaining(Protocol):
    """A detector that can say which of its parts objects."""

    def parts(self, state: State, frame: Frame) -> Mapping[str, Array]:
        """Return what each part adds to the strangeness, (S, T) each, by a few words that say what it looks at."""
        ...


@runtime_checkable
class Choosing(Protocol):
    """A detector that picks for each series what judges it, and can say why."""

    def reasons(self, state: State) -> tuple[str, ...]:
        """Return what judges each series and why, in words; empty before anything was compared."""
        ...


class Forecaster(Learner, Protocol):
    """Continues series into the future."""

    @property
    def pooled(self) -> bool:
        """Whether `fit` learns something from all series together, so that a forecast depends on the company."""
        ...

    def forecast(self, state: State, future: Frame) -> Forecast:
        """Return the values at the frame's instants, which follow the last learned one at any step, (S, H) each."""
        ...


@runtime_checkable
class Reaching(Protocol):
    """A forecaster that says at once, for less, what `forecast` says of several distances one after the other."""

    def reach(self, state: State, now: Frame, horizons: Sequence[int]) -> Forecast:
        """Return the values so many seconds after the last column of `now`, (S, H) each."""
        ...


class Tuner(Protocol):
    """Turns past strangeness into bounds."""

    def tune(self, strangeness: Array, step: int, budget_per_week: float) -> Array:
        """Return the bound of each series, shape (S,), for so many alerts a week over all of them.

        Args:
            strangeness: causal scores of the past, shape (S, T), NaN = unknown.
            step: seconds between columns.
            budget_per_week: alerts allowed, over all series together.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source said: the frame, and whether it may be believed enough to learn from.

    Attributes:
        frame: exactly the asked instants; missing samples are NaN; infinities are kept for the quality step.
        partial: the source said that parts are missing: judge, but learn nothing.
        warnings: the source's own words, and what had to be mended in its answer.
        dropped: series left out by the source's cap.
    """

    frame: Frame
    partial: bool = False
    warnings: tuple[str, ...] = ()
    dropped: int = 0


class Source(Protocol):
    """Answers PromQL over time."""

    def read(self, query: str, axis: Axis, timeout: float) -> Answer:
        """Evaluate a query at every instant of the axis, within `timeout` seconds in all.

        Raises:
            SourceDown: unreachable, too slow, or 5xx after retries.
            QueryRejected: this query is refused.
            BadResponse: the answer is not usable.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Store(Protocol):
    """Keeps what was learned, whole or not at all."""

    def load(self, key: str) -> Learned | None:
        """Return what was saved last under a key, or None; damaged data are set aside, never returned."""
        ...

    def save(self, key: str, learned: Learned) -> None:
        """Replace what is kept under a key.

        Raises:
            StateError: it could not be written; the earlier content is still there.
        """
        ...

    def keys(self) -> Iterable[str]:
        """Return the keys that can be loaded."""
        ...

    def forget(self, key: str) -> None:
        """Remove a key; an absent one is fine."""
        ...


class Sink(Protocol):
    """Takes finished snapshots."""

    def publish(self, snapshot: Snapshot) -> None:
        """Make a snapshot visible in one step."""
        ...


class Job(Protocol):
    """Something that is being done elsewhere."""

    def done(self) -> bool:
        """Whether there is an answer, or never will be."""
        ...

    def result(self) -> Any:  # noqa: ANN401 (whatever was asked for)
        """Return the answer.

        Raises:
            WorkersLost: it will never come.
        """
        ...


class Workers(Protocol):
    """Other processes that do what takes long."""

    def submit(self, function: Callable[..., object], *given: object) -> Job:
        """Have a function called elsewhere."""
        ...


class Journal(Protocol):
    """Where the engine tells what happens to it; the app decides what becomes of it."""

    def count(self, event: str, reason: str = "", amount: int = 1) -> None:
        """Count an event of a kind."""
        ...

    def tell(self, level: str, message: str, fields: Mapping[str, object] | None = None) -> None:
        """Say something to whoever reads the log."""
        ...
