"""Models and ports made of paper for the engine's tests: exact arithmetic, no files, no network, no clock."""

from dataclasses import dataclass, field

import numpy as np

from offkey.core.errors import SourceDown
from offkey.core.findings import Band, Forecast
from offkey.core.frame import Frame
from offkey.core.labels import Labels
from offkey.core.ports import Answer
from offkey.core.signals import Alert, Signal
from offkey.core.state import State
from offkey.engine.cycle import Clocks, Engine, Ports


@dataclass(frozen=True)
class Steady:
    """A detector that expects the last learned value, one unit of strangeness per unit of distance."""

    context: int = 0

    def fit(self, frame):
        """Learn the last value of each series."""
        return self.update(State((), {"level": np.empty(0)}), frame)

    def update(self, state, frame):
        """Take over the last present value."""
        level = state.align(frame.series)["level"].copy()
        for column in frame.values.T:
            level = np.where(np.isnan(column), level, column)
        return State(frame.series, {"level": level})

    def ready(self, state):
        """A series is ready once it was seen."""
        return (~np.isnan(state["level"])).astype(float)

    def score(self, state, frame):
        """Distance from the last learned value."""
        return np.abs(frame.values - state.align(frame.series)["level"][:, None])

    def band(self, state, frame, bound):
        """One bound to each side of the last learned value."""
        level = np.repeat(state.align(frame.series)["level"][:, None], frame.axis.size, axis=1)
        return Band(level, level - bound[:, None], level + bound[:, None])


@dataclass(frozen=True)
class Flat(Steady):
    """A forecaster that expects the last learned value for ever."""

    def forecast(self, state, future):
        """The level, one unit of doubt to each side."""
        level = np.repeat(state.align(future.series)["level"][:, None], future.axis.size, axis=1)
        return Forecast(level, level - 1, level + 1)


@dataclass(frozen=True)
class Fixed:
    """A tuner with one bound for everybody."""

    bound: float = 10.0

    def tune(self, strangeness, step, budget_per_week):
        """Return the one bound."""
        return np.full(len(strangeness), self.bound)


@dataclass
class Journal:
    """Remembers what it was told."""

    counts: dict = field(default_factory=dict)
    words: list = field(default_factory=list)

    def count(self, event, reason="", amount=1):
        """Add up."""
        self.counts[event, reason] = self.counts.get((event, reason), 0) + amount

    def tell(self, level, message, fields=None):
        """Keep."""
        self.words.append((level, message, fields or {}))


@dataclass
class Script:
    """A source that answers from functions of time: query -> {labels: f(times) -> values}."""

    answers: dict
    down: bool = False
    partial: bool = False
    asked: list = field(default_factory=list)

    def read(self, query, axis, timeout):
        """Evaluate the functions, or be down."""
        self.asked.append((query, axis, timeout))
        if self.down:
            msg = "connection refused"
            raise SourceDown(msg)
        series = self.answers[query]
        rows = [np.asarray(f(axis.times), float) * np.ones(axis.size) for f in series.values()]
        return Answer(Frame(tuple(series), np.array(rows).reshape(len(rows), axis.size), axis), self.partial)

    def close(self):
        """Nothing to let go."""


@dataclass
class Shelf:
    """A store in memory."""

    kept: dict = field(default_factory=dict)

    def load(self, key):
        """Return what is kept."""
        return self.kept.get(key)

    def save(self, key, learned):
        """Keep."""
        self.kept[key] = learned

    def keys(self):
        """Name what is kept."""
        return list(self.kept)

    def forget(self, key):
        """Remove."""
        self.kept.pop(key, None)


@dataclass
class Wall:
    """A sink that keeps every snapshot."""

    seen: list = field(default_factory=list)

    def publish(self, snapshot):
        """Keep."""
        self.seen.append(snapshot)


class Rig:
    """An engine with everything around it made of paper; `now` is the only clock."""

    def __init__(self, plans, source, **ports):
        """Connect the parts."""
        self.now = 1_000_000.0
        self.source, self.journal, self.shelf, self.wall = source, Journal(), Shelf(), Wall()
        clocks = Clocks(wall=lambda: self.now, monotonic=lambda: self.now)
        self.ports = Ports({"default": source}, self.shelf, [self.wall], self.journal, clocks, **ports)
        self.engine = Engine(plans, self.ports)

    def tick(self, seconds=60):
        """Let time pass and run one cycle."""
        self.now += seconds
        return self.engine.tick()

    def restarted(self, plans):
        """Start a new engine on the same store."""
        self.engine.save()
        self.engine = Engine(plans, self.ports)


A, B = Labels.of(name="a"), Labels.of(name="b")
SIGNAL = Signal(
    "load", "load", history=3600, history_step=60, horizons=(3600,), alert=Alert(dead_band=0.5), adopt_after=600
)
