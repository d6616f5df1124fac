"""The threshold form: the signal's own query against a reviewed bound whose live value stays in a reviewed envelope."""

from offkey.core.durations import MINUTE
from offkey.core.labels import Labels
from offkey.core.rules import (
    AlertCheck,
    AlertRule,
    FiringAlert,
    GivenSeries,
    Pairs,
    RecordRule,
    ReviewedBound,
    Rule,
    RuleTest,
    ValueCheck,
)
from offkey.engine.rules import story
from offkey.engine.rules.reviewed import number
from offkey.engine.rules.spec import BEYOND, Spec, any_of, bracketed, observed, reviewed, with_traffic
from offkey.engine.rules.text import Identity, Words, bounds, final_words, series, template_words

ON_REVIEW = "OffkeyReviewedThresholdInForce"
ON_REVIEW_FOR = 30 * MINUTE


def rules(spec: Spec) -> list[Rule]:
    """Return the rules: query, reviewed constants, what is usual, the bound in force, and two alerts."""
    made: list[Rule] = [*observed(spec), *reviewed(spec, live=True)]
    expected = _or_reviewed(spec, spec.identity.live("offkey_expected"), "expected_reviewed")
    made.append(RecordRule("offkey:expected", expected))
    for side, bound in spec.bounds:
        made += _bound_rules(spec, side, f"{number(bound.lowest)}, {number(bound.highest)}")
    made.append(_alert(spec))
    made.append(_on_review(spec))
    return made


def _bound_rules(spec: Spec, side: str, envelope: str) -> list[RecordRule]:
    """Return the bound in force on one side, and where an open alert lets go."""
    label = Labels.of(bound=side)
    held = f"clamp({spec.identity.live('offkey_threshold', bound=side)}, {envelope})"
    made = [RecordRule("offkey:threshold", _or_reviewed(spec, held, "threshold_reviewed", bound=side), label)]
    if spec.alert.dead_band:
        keep, give = number(round(1 - spec.alert.dead_band, 6)), number(spec.alert.dead_band)
        release = (
            f"{keep} * {spec.recorded('threshold', bound=side)}\n"
            f"+ on ({spec.identity.keys})\n{give} * {spec.recorded('expected')}"
        )
        made.append(RecordRule("offkey:threshold_release", release, label))
    return made


def _or_reviewed(spec: Spec, live: str, constant: str, **labels: str) -> str:
    """Return a live value, or the reviewed constant for every observed series that has none."""
    keys = spec.identity.keys
    return (
        f"{live}\nor on ({keys})\n"
        f"group by ({keys}) ({spec.recorded('observed')})\n"
        f"  * on (signal) group_left () {spec.recorded(constant, **labels)}"
    )


def _alert(spec: Spec) -> AlertRule:
    parts = []
    for side in spec.sides:
        beyond = f"{spec.recorded('observed')} {BEYOND[side]} on ({spec.identity.keys}) "
        parts.append(beyond + spec.recorded("threshold", bound=side))
        if spec.alert.dead_band:
            held = beyond + spec.recorded("threshold_release", bound=side)
            parts.append(bracketed(f"{held}\nand on ({spec.identity.keys})\n  {spec.firing(spec.alert_name)}"))
    queries = {
        "observed": "",
        "expected": "offkey:expected{%s}",
        "factor": "max(offkey:observed{%s}) / max(offkey:expected{%s} > 0)",
        "lower": 'offkey:threshold{%s,bound="lower"}',
        "upper": 'offkey:threshold{%s,bound="upper"}',
    }
    words = template_words(spec.identity, spec.signal.unit, queries)
    expr = with_traffic(spec, any_of(parts))
    return spec.alert_rule(
        spec.alert_name, expr, spec.alert.hold, _said(spec, words), keep_firing=spec.alert.keep_firing
    )


def _said(spec: Spec, words: Words) -> Pairs:
    description = (
        f"{words.plain(spec.signal.name)}{series(spec.identity, words)} is {words.value('observed')}; "
        f"usual is {words.value('expected')} (factor {words.value('factor')}; {bounds(spec.sides, words)})."
    )
    return spec.said(words, f"is {spec.trouble}", description)


def _on_review(spec: Spec) -> AlertRule:
    expr = (
        f"{spec.recorded('threshold_reviewed')}\nunless on (signal, bound)\n"
        f"  {spec.identity.selector('offkey_threshold')}"
    )
    nobody = Identity(spec.signal.name, ())
    queries = {"constant": ""}
    words = template_words(nobody, spec.signal.unit, queries)
    return spec.alert_rule(ON_REVIEW, expr, ON_REVIEW_FOR, _on_review_said(spec, words), severity="info")


def _on_review_said(spec: Spec, words: Words) -> Pairs:
    description = (
        f"No exporter has given a live {words.label('bound')} bound for {words.plain(spec.signal.name)}; "
        f"the reviewed {words.value('constant')} is in force."
    )
    return spec.said(words, "is judged by its reviewed constants", description, Identity(spec.signal.name, ()))


def stories(spec: Spec) -> list[RuleTest]:
    """Return the tests of the rules.

    A query that answers by itself cannot be told other values, so only what does not depend on it is tested then.
    """
    told = [_clamped(spec, side, bound) for side, bound in spec.bounds]
    if not spec.answers_alone:
        told += [_episode(spec, side) for side in spec.sides]
        told += [_exporter_dead(spec, side, bound) for side, bound in spec.bounds]
        told.append(_quiet(spec))
        told += [_little_traffic(spec)] if spec.signal.traffic else []
    return told


def _live(side: str, bound: ReviewedBound) -> float:
    """Return a live bound inside the envelope, other than the reviewed constant where there is room."""
    edge = bound.highest if side == "upper" else bound.lowest
    return story.outward(bound.constant, edge, 0.25) if edge != bound.constant else bound.constant


def _exporter(spec: Spec, count: int) -> tuple[GivenSeries, ...]:
    """Return what a healthy exporter says, for so many evaluations."""
    typical = story.timeline((spec.evidence.typical, count))
    live = [
        story.exposed(spec, "offkey_threshold", story.timeline((_live(side, bound), count)), bound=side)
        for side, bound in spec.bounds
    ]
    return (story.exposed(spec, "offkey_expected", typical), *live)


def _busy(spec: Spec, count: int) -> tuple[GivenSeries, ...]:
    floor = spec.signal.traffic.floor if spec.signal.traffic else None
    return () if floor is None else (story.traffic(spec, story.timeline((floor, count))),)


def _fires(spec: Spec, value: float, limits: dict[str, float]) -> FiringAlert:
    """Return the alert for an observed value, with the bounds in force."""
    typical = spec.evidence.typical
    numbers = {"observed": value, "expected": typical} | limits
    if typical > 0:
        numbers["factor"] = value / typical
    labels = story.example_labels(spec) | {"signal": spec.signal.name}
    words = final_words(spec.signal.unit, labels, numbers)
    return story.firing(spec, _said(spec, words), story.example_labels(spec))


def _episode(spec: Spec, side: str) -> RuleTest:
    """The value goes beyond the live bound, comes back into the dead band, and then to what is usual."""
    limits = {name: _live(name, bound) for name, bound in spec.bounds}
    typical = spec.evidence.typical
    beyond = story.outward(typical, limits[side], 2.0)
    within = story.outward(typical, limits[side], 1 - spec.alert.dead_band / 2)
    hold, stay = (story.evaluations(seconds, spec) for seconds in (spec.alert.hold, spec.alert.keep_firing))
    bad, back = hold + story.MARGIN, stay + story.MARGIN if spec.alert.dead_band else 0
    over = story.QUIET + bad + back
    count = over + stay + story.MARGIN
    observed_values = story.timeline((typical, story.QUIET), (beyond, bad), (within, back), (typical, count - over))
    moments = [(story.QUIET + hold, (_fires(spec, beyond, limits),)), (over + stay, ())]
    if hold:
        moments.append((story.QUIET + hold - 1, ()))
    if back:
        moments.append((over - 1, (_fires(spec, within, limits),)))
    return RuleTest(
        f"{side} bound: fires after `for` with its text, holds in the dead band, resolves",
        spec.test_interval,
        (story.recorded(spec, "observed", observed_values), *_exporter(spec, count), *_busy(spec, count)),
        tuple(AlertCheck(at * spec.test_interval, spec.alert_name, alerts) for at, alerts in sorted(moments)),
    )


def _exporter_dead(spec: Spec, side: str, bound: ReviewedBound) -> RuleTest:
    """No exporter speaks: the reviewed constant alerts, and a notice says that it is in force."""
    constants = {name: bound.constant for name, bound in spec.bounds}
    beyond = story.outward(spec.evidence.typical, bound.constant, 2.0)
    count = max(story.evaluations(ON_REVIEW_FOR, spec), story.evaluations(spec.alert.hold, spec)) + story.QUIET
    at = (count - 1) * spec.test_interval
    notices = []
    for name, reviewed_bound in spec.bounds:
        words = final_words(
            spec.signal.unit, {"bound": name, "signal": spec.signal.name}, {"constant": reviewed_bound.constant}
        )
        notices.append(story.firing(spec, _on_review_said(spec, words), {"bound": name}, severity="info"))
    return RuleTest(
        f"exporter dead: the reviewed {side} bound is in force",
        spec.test_interval,
        (story.recorded(spec, "observed", story.timeline((beyond, count))), *_busy(spec, count)),
        (
            AlertCheck(at, spec.alert_name, (_fires(spec, beyond, constants),)),
            AlertCheck(at, ON_REVIEW, tuple(notices)),
        ),
        (_in_force(spec, at, side, bound.constant),),
    )


def _in_force(spec: Spec, at: int, side: str, value: float) -> ValueCheck:
    """Return the check that a bound is in force for the example series, whatever others the query gives by itself."""
    sample = story.recorded(spec, "threshold", "", bound=side).labels
    selector = spec.recorded("threshold", bound=side, **story.example_labels(spec))
    return ValueCheck(at, selector, ((sample, value),))


def _quiet(spec: Spec) -> RuleTest:
    """All is as usual and the exporter speaks: nothing fires, however long."""
    count = max(story.evaluations(ON_REVIEW_FOR, spec), story.evaluations(spec.alert.hold, spec)) + story.QUIET
    at = (count - 1) * spec.test_interval
    return RuleTest(
        "all is usual: nothing fires",
        spec.test_interval,
        (
            story.recorded(spec, "observed", story.timeline((spec.evidence.typical, count))),
            *_exporter(spec, count),
            *_busy(spec, count),
        ),
        (AlertCheck(at, spec.alert_name), AlertCheck(at, ON_REVIEW)),
    )


def _little_traffic(spec: Spec) -> RuleTest:
    """Too little traffic to judge: a value beyond the bound alerts nobody."""
    beyond = story.outward(spec.evidence.typical, spec.bounds[0][1].constant, 2.0)
    floor = spec.signal.traffic.floor if spec.signal.traffic else 0.0
    count = story.evaluations(spec.alert.hold, spec) + story.QUIET
    return RuleTest(
        "too little traffic: nothing fires",
        spec.test_interval,
        (
            story.recorded(spec, "observed", story.timeline((beyond, count))),
            story.traffic(spec, story.timeline((floor - max(1.0, abs(floor)) / 2, count))),
        ),
        (AlertCheck((count - 1) * spec.test_interval, spec.alert_name),),
    )


def _clamped(spec: Spec, side: str, bound: ReviewedBound) -> RuleTest:
    """A live bound that runs away is held at the edge of the reviewed envelope."""
    room = abs(bound.constant - spec.evidence.typical)
    count = 2 * story.QUIET
    above = story.outward(bound.highest, bound.highest + room, 9.0)
    below = story.outward(bound.lowest, bound.lowest - room, 9.0)
    given = story.timeline((above, story.QUIET), (below, story.QUIET))
    return RuleTest(
        f"{side} bound: a runaway threshold stays in the reviewed envelope",
        spec.test_interval,
        (story.exposed(spec, "offkey_threshold", given, bound=side),),
        values=(
            _in_force(spec, (story.QUIET - 1) * spec.test_interval, side, bound.highest),
            _in_force(spec, (count - 1) * spec.test_interval, side, bound.lowest),
        ),
    )
