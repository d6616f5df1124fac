"""Take rule groups through the past, each rule at once where its inputs are known, circles window by window.

A rule that reads what it or a later rule writes sees the evaluation before. Such circles (an alert whose expression
asks whether it fires) are replayed on the guess that nothing changes; what was guessed right is kept, and the next
window starts after the first evaluation that was not. So the result is exact and the work grows with the changes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from offkey.core.errors import QueryRejected, RuleError
from offkey.core.frame import BoolArray, IntArray
from offkey.core.labels import Labels
from offkey.core.rules import AlertRule, Rule, RuleGroup
from offkey.engine.promql.evaluate import evaluate, instant_vector
from offkey.engine.promql.run import LOOKBACK, Known, Run, Seen, World
from offkey.engine.promql.series import Pattern, Track, Vector
from offkey.engine.promql.tree import Node, Number, Range, Selector, Subquery, Text, children
from offkey.engine.ruleplay.reads import Circle, Part, Reads, parts
from offkey.engine.ruleplay.sides import Sides, sides
from offkey.engine.ruleplay.tape import Stretch, Tape, agreement, joined
from offkey.engine.ruleplay.written import Memory, Output, held_firing, output

FIRST_WINDOW, WIDEST_WINDOW = 32, 16_384


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one rule.

    Attributes:
        group: where it stands.
        rule: which.
        times: evaluations, Unix seconds, (N,).
        failed: evaluations that Prometheus would have refused, (N,).
        wrote: what was recorded; for an alert ALERTS and ALERTS_FOR_STATE.
        active: alerts that were pending or firing, (S, N); the values are since when, Unix seconds. Empty for records.
        firing: alerts that were firing, likewise.
        problem: why the rule could not be replayed at all; empty when it could.
        sides: what its expression compares; None unless asked for.
    """

    group: RuleGroup
    rule: Rule
    times: IntArray
    failed: BoolArray
    wrote: Vector
    active: Vector
    firing: Vector
    problem: str = ""
    sides: Sides | None = None


def play(
    groups: Sequence[RuleGroup],
    world: World,
    first: int,
    last: int,
    default_step: int = 60,
    *,
    with_sides: bool = False,
) -> Iterator[Played]:
    """Yield every rule after it went through [first, last], Unix seconds, in an order in which each could be replayed.

    Every group is evaluated at the multiples of its interval; of two rules at the same instant the one that stands
    first in the files is evaluated first. A rule that cannot be replayed says why and writes nothing.

    Args:
        groups: all groups together.
        world: where the samples come from.
        first: start of the past.
        last: its end.
        default_step: of subqueries without one, seconds (`evaluation_interval`).
        with_sides: whether to keep what alerts compare.

    Raises:
        RuleError: an expression is not PromQL; the message names its rule.
    """
    reads = Reads(parts(groups))
    player = _Player(reads, world, (first, last), default_step * 1000)
    for one in reads.order():
        members = one.members if isinstance(one, Circle) else (one,)
        try:
            done = player.circle(one) if isinstance(one, Circle) else player.alone(one)
            yield from player.explained(members, done) if with_sides else done
        except (RuleError, QueryRejected) as error:
            yield from (player.refused(part, str(error)) for part in members)


class _Player:
    def __init__(self, reads: Reads, world: World, span: tuple[int, int], default_step: int) -> None:
        self._reads, self._world, self._span, self._default_step = reads, world, span, default_step
        self._tracks: dict[int, list[tuple[Labels, Track]]] = {}

    def _times(self, part: Part) -> IntArray:
        step = part.group.interval
        first = -(-self._span[0] // step) * step
        return np.arange(first, self._span[1] + 1, step, dtype=np.int64) * 1000

    def alone(self, part: Part) -> list[Played]:
        """Replay a rule whose inputs are all known."""
        run = Run(_Stage(self._world, self._reads, part, self._tracks), self._times(part), self._default_step)
        found = instant_vector(run, part.expr)
        done = output(part, found, run.failed, run.times, Memory({}))
        return [self._finished(part, Tape([done.wrote]), [done])]

    def explained(self, members: Sequence[Part], done: Sequence[Played]) -> list[Played]:
        """Return alerts with what they compare."""
        made = []
        for part, one in zip(members, done, strict=True):
            run = Run(_Stage(self._world, self._reads, part, self._tracks), self._times(part), self._default_step)
            made.append(replace(one, sides=sides(run, part.expr)) if isinstance(part.rule, AlertRule) else one)
        return made

    def refused(self, part: Part, problem: str) -> Played:
        """Return a rule that could not be replayed; those that read it find nothing."""
        self._tracks[part.place] = []
        times = self._times(part)
        nothing, failed = Vector.nothing(times.size), np.ones(times.size, bool)
        return Played(part.group, part.rule, times // 1000, failed, nothing, nothing, nothing, problem)

    def _finished(self, part: Part, tape: Tape, outputs: Sequence[Output]) -> Played:
        self._tracks[part.place] = tape.tracks()
        wrote = joined(tape.stretches)
        active = joined([one.active for one in outputs]).wrote
        firing = joined([one.firing for one in outputs]).wrote
        return Played(part.group, part.rule, wrote.times // 1000, wrote.failed, wrote.wrote, active, firing)

    def circle(self, circle: Circle) -> list[Played]:
        """Replay rules that read each other or themselves."""
        members = [_Member(part, self._times(part)) for part in circle.members]
        for member in members:
            member.known = self._known(member)
        now, end = self._span[0] * 1000, self._span[1] * 1000
        step = min(part.group.interval for part in circle.members) * 1000
        width = 1 if circle.is_stepwise else WIDEST_WINDOW
        while now <= end:
            until = now + width * step
            good = self._window(members, circle, now, until)
            if not circle.is_stepwise:
                width = min(4 * width, WIDEST_WINDOW) if good >= until else max(FIRST_WINDOW, width // 4)
            now = good
        return [self._finished(member.part, member.tape, member.outputs) for member in members]

    def _known(self, member: "_Member") -> dict[int, Known]:
        """Return the value over all instants of each part of an expression that no rule writes to."""
        stage = _Stage(self._world, self._reads, member.part, self._tracks)
        known = {}
        for node in _foreign(self._reads, member.part.expr):
            run = Run(stage, member.times, self._default_step)
            value = evaluate(run, node)
            known[id(node)] = Known(value, run.failed)
        return known

    def _window(self, members: "Sequence[_Member]", circle: Circle, now: int, until: int) -> int:
        """Replay a window on a guess and keep what was guessed right; return where to go on, milliseconds."""
        since = None if circle.reach is None else now - circle.reach - LOOKBACK
        guesses = {member.part.place: member.tape.held(member.within(now, until)) for member in members}
        if len(members) == 1 and not circle.is_stepwise:
            guesses[members[0].part.place] = self._guess(members[0], guesses[members[0].part.place], since)
        tracks = dict(self._tracks)
        for member in members:
            tracks[member.part.place] = member.tape.tracks(since, guesses[member.part.place])
        results: list[tuple[_Member, Vector, BoolArray]] = []
        good = until
        for member in members:
            guess = guesses[member.part.place]
            found, failed = self._evaluated(member, guess.times, tracks)
            done = output(member.part, found, failed, guess.times, member.memory.copy())
            tracks[member.part.place] = member.tape.tracks(since, done.wrote)
            right = agreement(guess, done.wrote)
            good = min(good, int(guess.times[right]) + 1) if right < guess.times.size else good
            results.append((member, found, failed))
        for member, found, failed in results:
            times = guesses[member.part.place].times
            member.keep(found, failed, times, int(np.searchsorted(times, good, "left")))
        return good

    def _evaluated(
        self, member: "_Member", times: IntArray, tracks: dict[int, list[tuple[Labels, Track]]]
    ) -> tuple[Vector, BoolArray]:
        """Return the value of a rule's expression in a window, and where it is refused."""
        stage = _Stage(self._world, self._reads, member.part, tracks)
        run = Run(stage, times, self._default_step, member.cut(times))
        return instant_vector(run, member.part.expr), run.failed

    def _guess(self, member: "_Member", calm: Stretch, since: int | None) -> Stretch:
        """Return the guess that an alert asks for nothing but whether it itself fired the evaluation before.

        Then two evaluations say all: one where it never fires, one where it always does.
        """
        rule = member.part.rule
        if not isinstance(rule, AlertRule):
            return calm
        place, times = member.part.place, calm.times
        silent = Stretch(times, Vector.nothing(times.size), calm.failed)
        tracks = {**self._tracks, place: member.tape.tracks(since, silent)}
        free, failed = self._evaluated(member, times, tracks)
        tracks[place] = member.tape.tracks(since, held_firing(rule, free, times, member.memory))
        held, _ = self._evaluated(member, times, tracks)
        return output(member.part, free, failed, times, member.memory.copy(), held).wrote


class _Member:
    """A rule of a circle, as far as it got."""

    def __init__(self, part: Part, times: IntArray) -> None:
        self.part, self.times = part, times
        self.tape, self.memory = Tape(), Memory({})
        self.outputs: list[Output] = []
        self.known: dict[int, Known] = {}

    def within(self, now: int, until: int) -> IntArray:
        """Return its evaluations in now <= t < until."""
        return self.times[np.searchsorted(self.times, now) : np.searchsorted(self.times, until)]

    def cut(self, times: IntArray) -> dict[int, Known]:
        """Return what is known of its expression at some of its evaluations."""
        first = int(np.searchsorted(self.times, times[0])) if times.size else 0
        last = first + times.size
        return {node: _columns(known, first, last) for node, known in self.known.items()}

    def keep(self, found: Vector, failed: BoolArray, times: IntArray, count: int) -> None:
        """Make the first evaluations of a window final."""
        done = output(self.part, found.columns(0, count), failed[:count], times[:count], self.memory)
        self.tape.stretches.append(done.wrote)
        self.outputs.append(done)


def _columns(known: Known, first: int, last: int) -> Known:
    value = known.value.columns(first, last) if isinstance(known.value, Vector) else known.value[first:last]
    return Known(value, known.failed[first:last])


def _foreign(reads: Reads, node: Node) -> Iterator[Node]:
    """Yield the largest expressions that no rule writes to and that have a value at the rule's own instants."""
    if isinstance(node, Range | Subquery | Number | Text):
        return
    if reads.is_foreign(node):
        yield node
        return
    for inner in children(node):
        yield from _foreign(reads, inner)


class _Stage:
    """The world as one rule sees it: what the rules wrote, and behind it the samples."""

    def __init__(self, world: World, reads: Reads, reader: Part, tracks: dict[int, list[tuple[Labels, Track]]]) -> None:
        self._world, self._reads, self._reader, self._tracks = world, reads, reader, tracks

    def series(self, selector: Selector, first: int, last: int) -> Sequence[Seen]:
        """Return the series a selector chooses: those of the rules when any may write it, else the samples'."""
        writers = self._reads.writers(selector)
        if not writers:
            return self._world.series(selector, first, last)
        pattern = Pattern(selector.matchers)
        return [
            Seen(labels, track, writer.place >= self._reader.place)
            for writer in writers
            for labels, track in self._tracks[writer.place]
            if pattern.accepts(labels)
        ]

    def answer(self, node: Node, times: IntArray) -> Known | None:
        """Return what the world says of an expression that no rule writes to."""
        return self._world.answer(node, times) if self._reads.is_foreign(node) else None
