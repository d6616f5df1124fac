"""From the value of a rule's expression to what the rule writes: records, and the life of its alerts."""

from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array, BoolArray, IntArray
from offkey.core.labels import NAME, Labels
from offkey.core.rules import AlertRule, RecordRule
from offkey.engine.promql.series import Merged, Vector, merged
from offkey.engine.ruleplay.naming import alert_labels
from offkey.engine.ruleplay.reads import ALERTS, ALERTS_FOR_STATE, Part
from offkey.engine.ruleplay.tape import Stretch
from offkey.models.promql.alerts import FIRING, INACTIVE, lives


@dataclass(slots=True)
class Memory:
    """What a rule remembers of each alert: state, since when, out of breach since when (see `alerts.lives`)."""

    alerts: dict[Labels, tuple[int, int, int]]

    def copy(self) -> "Memory":
        """Return a memory of its own."""
        return Memory(dict(self.alerts))


@dataclass(frozen=True, slots=True)
class Output:
    """What a rule wrote, and which of its alerts were active and firing; the values are since when, Unix seconds."""

    wrote: Stretch
    active: Stretch
    firing: Stretch


def output(
    part: Part, found: Vector, failed: BoolArray, times: IntArray, memory: Memory, held: Vector | None = None
) -> Output:
    """Return what a rule makes of its expression's values.

    Args:
        part: the rule.
        found: the values, (S, N).
        failed: evaluations that were refused, (N,).
        times: milliseconds, (N,).
        memory: what it remembers of its alerts; changed in place.
        held: the values each alert would have while it fires, where they differ.
    """
    if isinstance(part.rule, RecordRule):
        nothing = Stretch(times, Vector.nothing(times.size), failed)
        return Output(_recorded(part.rule, part.group.limit, found, failed, times), nothing, nothing)
    policy = np.array([part.rule.hold, part.rule.keep_firing, part.group.limit], np.int64)
    known = tuple(memory.alerts)
    breach = _breaches(part.rule, found, known)
    series = breach.vector.series
    whole = breach if held is None else _breaches(part.rule, held, series)
    before = np.array([memory.alerts.get(one, (0, 0, -1)) for one in series], np.int64).reshape(len(series), 3)
    there = whole.vector.there[: len(series)]
    state, since, over = lives(breach.vector.there, there, failed | breach.clash, times // 1000, policy, before)
    memory.alerts = {one: (int(a), int(b), int(c)) for one, (a, b, c) in zip(series, before, strict=True) if a}
    return _told(series, state, since.astype(np.float64), times, over)


def held_firing(rule: AlertRule, found: Vector, times: IntArray, memory: Memory) -> Stretch:
    """Return what the rule would have written if every alert that is known had fired all the time."""
    series = _breaches(rule, found, tuple(memory.alerts)).vector.series
    names = tuple(one.but({NAME: ALERTS, "alertstate": "firing"}) for one in series)
    shape = (len(names), times.size)
    return Stretch(times, Vector(names, np.ones(shape), np.ones(shape, bool)), np.zeros(times.size, bool))


def _recorded(rule: RecordRule, limit: int, found: Vector, failed: BoolArray, times: IntArray) -> Stretch:
    series = [labels.but({NAME: rule.record, **rule.labels}) for labels in found.series]
    united = merged(series, found.values, found.there)
    bad = failed | united.clash
    if limit:
        bad = bad | (found.there.sum(axis=0) > limit)
    vector = united.vector
    return Stretch(times, Vector(vector.series, vector.values, vector.there & ~bad), bad)


def _breaches(rule: AlertRule, found: Vector, known: tuple[Labels, ...]) -> Merged:
    """Return where each alert has a sample; alerts `known` are there in any case, and first."""
    nowhere = np.zeros((len(known), found.there.shape[1]), bool)
    series = (*known, *(alert_labels(rule, labels) for labels in found.series))
    return merged(series, np.vstack([nowhere, found.values]), np.vstack([nowhere, found.there]))


def _told(series: tuple[Labels, ...], state: IntArray, since: Array, times: IntArray, bad: BoolArray) -> Output:
    """Return what alerts in these states write, and which of them are active and firing."""
    active, firing = state > INACTIVE, state == FIRING
    names = (
        *(one.but({NAME: ALERTS, "alertstate": "pending"}) for one in series),
        *(one.but({NAME: ALERTS, "alertstate": "firing"}) for one in series),
        *(one.but({NAME: ALERTS_FOR_STATE}) for one in series),
    )
    ones = np.ones(since.shape)
    there = np.vstack([active & ~firing, firing, active]) & ~bad
    return Output(
        Stretch(times, Vector(names, np.vstack([ones, ones, since]), there).kept(), bad),
        Stretch(times, Vector(series, since, active).kept(), bad),
        Stretch(times, Vector(series, since, firing).kept(), bad),
    )
