"""The life of alerts, instant by instant: pending, firing, kept firing, resolved, refused beyond a limit."""

import numpy as np

from offkey.core.frame import BoolArray, IntArray
from offkey.models.kernels import compiled

INACTIVE, PENDING, FIRING = 0, 1, 2


@compiled
def _step(is_breach: bool, now: int, hold: int, keep: int, memory: IntArray) -> int:
    """Take one alert to an instant; return 1 when it is pending or firing."""
    if is_breach:
        memory[2] = -1
        if memory[0] == 0:
            memory[0], memory[1] = 1, now
    elif memory[0] == 2 and keep > 0:
        if memory[2] < 0:
            memory[2] = now
        if now - memory[2] >= keep:
            memory[0] = 0
    else:
        memory[0] = 0
    if memory[0] == 1 and now - memory[1] >= hold:
        memory[0] = 2
    return 1 if memory[0] > 0 else 0


@compiled
def lives(
    breach: BoolArray, held: BoolArray, failed: BoolArray, times: IntArray, policy: IntArray, memory: IntArray
) -> tuple[IntArray, IntArray, BoolArray]:
    """Return what becomes of each alert of a rule. Source: Prometheus 2.42 rules/alerting.go, AlertingRule.Eval.

    Args:
        breach: where the expression gives a sample, (S, T).
        held: where it gives one while the alert fires, (S, T); the same unless it asks for that.
        failed: instants at which it could not be evaluated, (T,): everything stays as it was.
        times: of the evaluations, any unit, (T,).
        policy: `for`, `keep_firing_for` (same unit), and the most active alerts, beyond which all are dropped (0 =
            any number); (3,).
        memory: before the first instant, (S, 3): state, instant it became active, instant it was first not in
            breach (-1 = it is); changed in place to what holds after the last.

    Returns:
        state (S, T), the instant it became active (S, T), and where the rule failed or went beyond the limit (T,).
    """
    size, length = breach.shape
    hold, keep, limit = policy
    state = np.zeros((size, length), np.int64)
    since = np.zeros((size, length), np.int64)
    bad = failed.copy()
    for t in range(length):
        active = 0
        for s in range(0 if failed[t] else size):
            active += _step(held[s, t] if memory[s, 0] == 2 else breach[s, t], times[t], hold, keep, memory[s])
        if 0 < limit < active:
            bad[t] = True
            memory[:, 0] = 0
        state[:, t] = memory[:, 0]
        since[:, t] = memory[:, 1]
    return state, since, bad


def runs(is_on: BoolArray) -> IntArray:
    """Return first and last position of each unbroken run of one row, shape (N, 2)."""
    edges = np.diff(np.concatenate([[False], is_on, [False]]).astype(np.int8))
    return np.column_stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1])
