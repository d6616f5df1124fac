"""The constants people review: how many digits they are written with, and when a new value replaces an old one."""

import math
from dataclasses import dataclass, replace

from offkey.core.rules import Evidence, ReviewedBound

# A new constant replaces the written one when it moved by more than this share of its distance from the typical value.
DEAD_BAND = 0.05
# Digits a constant is written with, and the share of its distance from the typical value that rounding may move it.
DIGITS = 3
_ROUNDING = 0.01
_ALL_DIGITS = 17


def number(value: float) -> str:
    """Return a finite number as PromQL and promtool read it back exactly."""
    text = repr(float(value))
    return text.removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Constants:
    """What a rule file says at present; None and (constant, None, None) where it does not say."""

    typical: float | None
    bounds: dict[str, tuple[float, float | None, float | None]]


def tidy(evidence: Evidence) -> Evidence:
    """Return the evidence with constants of three digits, or as many as it takes to say where they really lie."""
    found = [bound for bound in (evidence.lower, evidence.upper) if bound]
    room = min((abs(bound.constant - evidence.typical) for bound in found), default=abs(evidence.typical))
    return replace(
        evidence,
        typical=_shortened(evidence.typical, room),
        lower=_tidy_bound(evidence.lower, evidence.typical),
        upper=_tidy_bound(evidence.upper, evidence.typical),
    )


def keep(evidence: Evidence, written: Constants, *, adopt: bool = False) -> Evidence:
    """Return the evidence with the written constants wherever the new ones say nearly the same.

    Args:
        evidence: what was learned now.
        written: what the rule file says.
        adopt: whether the written constants stay however far the new ones are.
    """
    typical = evidence.typical if written.typical is None else written.typical
    lower = _keep_bound(evidence.lower, written.bounds.get("lower"), typical, adopt)
    upper = _keep_bound(evidence.upper, written.bounds.get("upper"), typical, adopt)
    room = min((abs(bound.constant - typical) for bound in (lower, upper) if bound), default=math.inf)
    if not adopt and abs(evidence.typical - typical) > DEAD_BAND * room:
        typical = evidence.typical
    try:
        return replace(evidence, typical=typical, lower=lower, upper=upper)
    except ValueError:  # old and new do not go together
        return evidence


def _shortened(value: float, room: float) -> float:
    """Return the shortest decimal of at least three digits within 1 % of `room` of a value."""
    for digits in range(DIGITS, _ALL_DIGITS):
        short = float(f"{value:.{digits}g}")
        if abs(short - value) <= _ROUNDING * room:
            return short
    return value


def _tidy_bound(bound: ReviewedBound | None, typical: float) -> ReviewedBound | None:
    if bound is None:
        return None
    room = abs(bound.constant - typical)
    constant, lowest, highest = (_shortened(edge, room) for edge in (bound.constant, bound.lowest, bound.highest))
    return ReviewedBound(constant, min(lowest, constant), max(highest, constant))


def _keep_bound(
    new: ReviewedBound | None, old: tuple[float, float | None, float | None] | None, typical: float, adopt: bool
) -> ReviewedBound | None:
    if new is None or old is None:
        return new
    constant = old[0]
    lowest = min(new.lowest, constant) if old[1] is None else old[1]
    highest = max(new.highest, constant) if old[2] is None else old[2]
    pairs = ((new.constant, constant), (new.lowest, lowest), (new.highest, highest))
    near = all(abs(now - then) <= DEAD_BAND * max(abs(constant - typical), abs(then - typical)) for now, then in pairs)
    return ReviewedBound(constant, lowest, highest) if near or adopt else new
