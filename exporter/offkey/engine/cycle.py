"""One cycle over all signals: recall or learn, read what is new, judge, publish, save."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from offkey.core.durations import DAY, HOUR
from offkey.core.errors import SourceError, StateError, WorkersLost
from offkey.core.findings import Fault, Snapshot, Verdict
from offkey.core.frame import Array, Axis
from offkey.core.labels import Labels
from offkey.core.ports import Journal, Sink, Source, Store, Workers
from offkey.engine.entering import Entry, judged, judged_and_learned
from offkey.engine.errands import Errands, Task
from offkey.engine.learning import learn, retuned
from offkey.engine.memory import Memory
from offkey.engine.plan import Plan
from offkey.engine.preview import Preview, preview
from offkey.engine.prospects import Prospects
from offkey.engine.reading import Reading
from offkey.engine.reads import Reads
from offkey.engine.recalling import recalled

# A verdict this many steps old says nothing about now.
STALE_STEPS = 2
# A memory further behind than this is learned anew from the history instead of caught up.
CATCH_UP = DAY
# Bounds are found anew from the history this often, one signal a cycle.
RETUNE = DAY
RETUNE_AGAIN = HOUR  # after an attempt that failed


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where time comes from: `wall` in Unix seconds, `monotonic` for durations and deadlines."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Ports:
    """What an engine is connected to.

    Attributes:
        sources: by name.
        store: keeps what was learned.
        sinks: take every snapshot.
        journal: hears what happens.
        clocks: the time.
        timeout: seconds that all live reads of a cycle may take together.
        learning_timeout: seconds that reading one signal's history may take.
        save_every: seconds between writes of what was learned.
        workers: do what takes long, so that no cycle waits for it; None = it is done within the cycle.
    """

    sources: Mapping[str, Source]
    store: Store
    sinks: Sequence[Sink]
    journal: Journal
    clocks: Clocks
    timeout: float = 30.0
    learning_timeout: float = 300.0
    save_every: float = 300.0
    workers: Workers | None = None


class Engine:
    """Holds the memories of all signals and runs cycles; one thread at a time calls it, `known` and `preview` apart."""

    def __init__(self, plans: Sequence[Plan], ports: Ports, former: "Engine | None" = None) -> None:
        """Take over what an earlier engine remembers of plans that learn the same, so that a reload forgets nothing."""
        self._plans = tuple(plans)
        self._ports = ports
        self._memories: dict[str, Memory] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._entries: dict[str, Entry] = {}  # judged in this cycle, to be learned once it is published
        self._prospects = Prospects()
        self._errands = Errands(ports.workers, ports.clocks.monotonic)
        self._reads = Reads(ports.sources, ports.journal, ports.clocks.monotonic, ports.timeout)
        self._retuned = False
        self._tune_next: dict[str, int] = {}
        self._cycle = 0
        self._lock = threading.Lock()
        self._saved = ports.clocks.monotonic()
        if former is not None:
            self._inherit(former)

    def _inherit(self, former: "Engine") -> None:
        self._cycle = former._cycle
        self._prospects.inherit(former._prospects, (plan.key for plan in self._plans))
        for plan in self._plans:
            if plan.key in former._memories:
                self._memories[plan.key] = former._memories[plan.key]
            found = former._verdicts.get(plan.key)
            if found is not None and found.signal == plan.signal:
                self._verdicts[plan.key] = found

    @property
    def interval(self) -> int:
        """Seconds between cycles: the shortest step of any signal."""
        return min((plan.signal.step for plan in self._plans), default=60)

    def tick(self) -> Snapshot:
        """Run one cycle and publish its snapshot, then learn; a signal that fails leaves the others untouched."""
        clocks = self._ports.clocks
        wall, started = clocks.wall(), clocks.monotonic()
        faults: list[Fault] = []
        self._reads.begin()
        self._retuned = False
        self._entries.clear()
        due = [(plan, self._newest(plan, wall)) for plan in self._plans if self._is_due(plan, wall)]
        for plan in self._reads.arriving(due):
            first = plan.key not in self._verdicts
            try:
                self._advance(plan, wall)
            except SourceError as error:
                faults.append(self._reads.blame(plan, error))
            except WorkersLost as error:
                self._ports.journal.count("workers_lost")
                self._ports.journal.tell("error", "workers lost", {"signal": plan.signal.name, "error": str(error)})
            if first:
                self._publish(wall, started, tuple(faults))
        self._reads.end()
        self._cycle += 1
        snapshot = self._publish(wall, started, tuple(faults))
        for entry in self._entries.values():
            memory, newest = self._learn(entry), entry.passage.newest
            self._prospects.prepare(entry.plan, memory, newest)
            self._prospects.foresee(entry.plan, memory, newest)
        if clocks.monotonic() - self._saved >= self._ports.save_every:
            self.save()
        return snapshot

    def known(self, key: str) -> tuple[Labels, ...]:
        """Return the series of a plan's memory; safe to call from any thread."""
        memory = self._memories.get(key)
        return memory.series if memory else ()

    def preview(self, key: str, series: tuple[Labels, ...], values: Array, at: int) -> Preview | None:
        """Judge samples before their tick, see `preview.preview`; safe to call from any thread.

        Args:
            key: of a plan.
            series: as `known` gave them; None is returned when they have changed since.
            values: newest sample of each, (S,), NaN = none came.
            at: the instant they belong to.
        """
        with self._lock:
            memory = self._memories.get(key)
            plan = next((plan for plan in self._plans if plan.key == key), None)
            if memory is None or plan is None or memory.series is not series:
                return None
            return preview(plan, memory, values, at, self._prospects.foreseen(plan))

    def save(self) -> None:
        """Store what was learned; a failure is told and counted, and nothing that was stored is lost."""
        self._saved = self._ports.clocks.monotonic()
        for key, memory in self._memories.items():
            try:
                self._ports.store.save(key, memory.learned())
            except StateError as error:
                self._ports.journal.count("state_write_failures", type(error).__name__)
                self._ports.journal.tell("error", "state not saved", {"key": key, "error": str(error)})

    def _is_due(self, plan: Plan, wall: float) -> bool:
        memory = self._memories.get(plan.key)
        if memory is None:
            return True
        behind = wall - plan.signal.offset - memory.until
        return behind >= plan.signal.step or behind < -CATCH_UP

    def _newest(self, plan: Plan, wall: float) -> Axis | None:
        """Return the instants that are new since what is remembered; None while there is something to learn first."""
        memory, now = self._memories.get(plan.key), int(wall) - plan.signal.offset
        if memory is None or abs(now - memory.until) > CATCH_UP or self._errands.is_under_way(f"judge:{plan.key}"):
            return None
        axis = Axis.between(memory.until + 1, now, plan.signal.step)
        return axis if axis.size else None

    def _advance(self, plan: Plan, wall: float) -> None:
        """Take one signal to now; where other processes help, to what they have answered."""
        now = int(wall) - plan.signal.offset
        memory = self._recall(plan, now)
        if memory is None or now - now % plan.signal.step <= memory.until:
            return
        memory = self._retune(plan, memory, now)
        was_away = self._errands.is_under_way(f"judge:{plan.key}")
        entry = self._entry(plan, memory, now)
        if entry is None:
            return
        self._verdicts[plan.key] = self._prospects.verdict(entry, lambda: self._learn(entry))
        if was_away and self._is_due(plan, wall):
            self._advance(plan, wall)

    def _entry(self, plan: Plan, memory: Memory, now: int) -> Entry | None:
        """Return the newest column, judged; None while other processes are at it."""
        name = f"judge:{plan.key}"
        if self._errands.is_under_way(name) or self._errands.is_costly(name):
            answer = self._errands.fetch(name, lambda: (judged_and_learned, self._question(plan, memory, now)))
            if answer is None:
                return None
            entry, self._memories[plan.key] = answer
        else:
            question = self._question(plan, memory, now)
            with self._lock:  # models may reuse the arrays of what they learned before
                entry = self._errands.here(name, judged, *question, self._prospects.foreseen(plan))
                self._memories[plan.key] = entry.before
        self._entries[plan.key] = entry
        return entry

    def _question(self, plan: Plan, memory: Memory, now: int) -> tuple[Plan, Memory, Reading]:
        """Return what is to be judged: all that is new since the memory's last instant."""
        axis = Axis.between(memory.until + 1, now, plan.signal.step)
        return plan, memory, self._reads.newest(plan, axis, memory.ledger)

    def _learn(self, entry: Entry) -> Memory:
        """Return the memory of a signal after what was judged, which its models learn now unless they have."""
        key, end = entry.plan.key, entry.passage.newest.axis.end
        if self._memories[key].until != end:
            name = f"judge:{key}"
            with self._lock:
                self._memories[key] = self._errands.here(name, entry.learned)
            self._errands.weigh(name, len(entry.before.series))
        return self._memories[key]

    def _retune(self, plan: Plan, memory: Memory, now: int) -> Memory:
        """Find the bounds anew when it is time, one signal a cycle; return the memory with the newest ones."""
        name = f"tune:{plan.key}"
        if not self._errands.is_under_way(name):
            due = self._tune_next.get(plan.key, int(memory.ledger["tuned"][0]) + RETUNE)
            if self._retuned or memory.until < due:
                return memory
            self._retuned = True
            self._tune_next[plan.key] = memory.until + RETUNE_AGAIN
        fresh = self._errands.fetch(name, lambda: self._lesson(plan, now))
        if fresh is not None:
            memory = self._memories[plan.key] = retuned(memory, fresh)
            self._tune_next.pop(plan.key, None)
        return memory

    def _recall(self, plan: Plan, now: int) -> Memory | None:
        """Return the memory at hand, the stored one, or one learned from the history; None while that goes on."""
        known = self._memories.get(plan.key) or recalled(plan, self._ports.store, self._ports.journal)
        if known is not None and abs(now - known.until) <= CATCH_UP:
            return known
        learned = self._errands.fetch(f"learn:{plan.key}", lambda: self._lesson(plan, now))
        if learned is not None:
            self._memories[plan.key] = learned
        return learned

    def _lesson(self, plan: Plan, now: int) -> Task[Memory]:
        """Return what is to be learned: the history alone; the newest column is left to be judged."""
        signal = plan.signal
        axis = Axis.between(now - signal.history, now - signal.step, signal.history_step)
        past = self._reads.past(plan, axis, self._ports.learning_timeout)
        frame = past.examined.frame
        fields = {"signal": signal.name, "series": len(frame.series), "samples": int(frame.values.size)}
        self._ports.journal.tell("info", "learned from history", fields)
        return learn, (plan, past.examined)

    def _publish(self, wall: float, started: float, faults: tuple[Fault, ...]) -> Snapshot:
        clocks = self._ports.clocks
        fresh = [
            self._verdicts[plan.key]
            for plan in self._plans
            if plan.key in self._verdicts and not _stale(self._verdicts[plan.key], wall)
        ]
        duration = clocks.monotonic() - started
        snapshot = Snapshot(
            cycle=self._cycle,
            time=wall,
            duration=duration,
            lag=max((wall + duration - found.time for found in fresh), default=float("nan")),
            verdicts=tuple(fresh),
            source_up=self._reads.source_up,
            faults=faults,
        )
        for sink in self._ports.sinks:
            sink.publish(snapshot)
        return snapshot


def _stale(found: Verdict, wall: float) -> bool:
    """Whether a verdict is too old, or from what has become the future because the clock was set back."""
    return abs(wall - found.signal.offset - found.time) > STALE_STEPS * found.signal.step
