"""Many series at once: their labels, their values, and an engine that knows them already."""

import struct
import time
from dataclasses import replace

import numpy as np

from offkey.adapters.decode.messages import field, read_labels, varint, write_labels
from offkey.adapters.decode.roster import Roster
from offkey.adapters.decode.samples import held
from offkey.adapters.sinks import exposition
from offkey.adapters.stores import memory
from offkey.core import plugins
from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.findings import Snapshot
from offkey.core.frame import Array, Axis, Frame
from offkey.core.labels import Labels
from offkey.core.ports import Answer
from offkey.core.signals import Signal
from offkey.core.state import Learned, State
from offkey.engine.cycle import Clocks, Engine, Ports
from offkey.engine.learning import learn
from offkey.engine.plan import Plan
from offkey.engine.quality import examine

NOW = 1_700_000_100  # a multiple of five minutes
HORIZONS = (HOUR, 2 * HOUR, 6 * HOUR, DAY)
REACH = 5 * MINUTE * 1000  # greatest age of a sample, milliseconds
LEARNED = 200  # series that are really learned; the others are taken for copies of them
SIGNAL = Signal("load", '{job="node"}', history=3 * DAY, history_step=5 * MINUTE, horizons=HORIZONS, max_series=10**7)


def labels(size: int) -> tuple[Labels, ...]:
    """Return label sets of some 110 bytes each, 500 for an instance, in their order."""
    found = (
        Labels.of(
            metric=f"node_subsystem_metric_{k % 100:03d}_total",
            device=f"eth{k // 100 % 5}",
            instance=f"10.{k // 128_000}.{k // 500 % 256}.7:9100",
            job="node",
            namespace="production-eu",
        )
        for k in range(size)
    )
    return tuple(sorted(found))


def values(size: int, axis: Axis) -> Array:
    """Return a day's wave for each series, with noise, shape (size, T)."""
    random = np.random.default_rng(axis.start)
    phase = 0.7 * (np.arange(size) % LEARNED)[:, None]
    return 100 + 30 * np.sin(2 * np.pi * axis.times / DAY + phase) + random.normal(size=(size, axis.size))


def plan(signal: Signal = SIGNAL) -> Plan:
    """Return the signal with the models that are the default."""
    return Plan(
        signal,
        plugins.model("offkey.models.detect", signal.detector, season=signal.season),
        plugins.model("offkey.models.forecast", signal.forecaster),
        plugins.model("offkey.models.tune", "budget"),
    )


def learned(what: Plan, series: tuple[Labels, ...], now: int = NOW) -> Learned:
    """Return what an engine knows of the series after the history that ends at an instant."""
    few = series[:LEARNED]
    axis = Axis.between(now - what.signal.history, now, what.signal.history_step)
    found = learn(what, examine(what.signal, Frame(few, values(len(few), axis), axis), None)).learned()
    index = np.arange(len(series)) % len(few)

    def copied(state: State) -> State:
        return State(
            series, {name: np.ascontiguousarray(rows[index]) for name, rows in state.rows.items()}, state.shared
        )

    return replace(found, states={name: copied(state) for name, state in found.states.items()})


class Body:
    """An answer of remote read with one sample of each series, whose values are written in place."""

    def __init__(self, series: tuple[Labels, ...]) -> None:
        size = len(_sample(NOW))
        entries = [field(1, write_labels(one.pairs) + _sample(NOW)) for one in series]
        self._text = np.frombuffer(bytearray(field(1, b"".join(entries))), np.uint8)
        starts = np.cumsum([len(one) for one in entries]) + self._text.size - sum(map(len, entries)) - size
        self._places = starts[:, None] + np.arange(size)

    def at(self, now: int, found: Array) -> bytes:
        """Return the body at an instant, values (S,)."""
        samples = np.tile(np.frombuffer(_sample(now), np.uint8), (len(found), 1))
        samples[:, 3:11] = found.astype("<f8").view(np.uint8).reshape(-1, 8)
        self._text[self._places] = samples
        return self._text.tobytes()


def _sample(now: int) -> bytes:
    return field(2, b"\x09" + struct.pack("<d", 0.0) + b"\x10" + varint(now * 1000))


class Fleet:
    """An engine over so many series that answers from memory and publishes a page; time passes when it is told to."""

    def __init__(self, size: int) -> None:
        self.series = labels(size)
        self.plan = plan()
        self.sink = exposition.Sink()
        self.now = float(NOW)
        self.body, self.roster = Body(self.series), Roster(read_labels, 10**7)
        self.published = (0.0, 0.0)  # seconds of wall clock and of CPU when the newest snapshot was there
        store = memory.Store()
        self.known = learned(self.plan, self.series)
        store.save(self.plan.key, self.known)
        clocks = Clocks(wall=lambda: self.now, monotonic=time.monotonic)
        self.engine = Engine([self.plan], Ports({"default": self}, store, [self], self, clocks, save_every=1e9))

    def read(self, _query: str, axis: Axis, _timeout: float) -> Answer:
        """Decode what a server would have sent by now."""
        found = held(self.answer, axis, REACH, self.roster, is_stream=False)
        return Answer(Frame(found.roll.series, found.values, axis))

    def publish(self, snapshot: Snapshot) -> None:
        """Pass a snapshot on to the page, and note when it came."""
        self.published = time.monotonic(), time.process_time()
        self.sink.publish(snapshot)

    def close(self) -> None:
        """Nothing to let go."""

    def count(self, event: str, reason: str = "", amount: int = 1) -> None:
        """Take no notice."""

    def tell(self, level: str, message: str, fields: object = None) -> None:
        """Take no notice."""

    def wait(self) -> None:
        """Let a minute pass, and have the values of its end."""
        self.now += MINUTE
        self.answers = values(len(self.series), Axis(int(self.now), MINUTE, 1))
        self.answer = self.body.at(int(self.now), self.answers[:, 0])

    def tick(self) -> None:
        """Judge, forecast and publish what there is now."""
        self.engine.tick()
