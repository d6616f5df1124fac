"""The anomaly form: one rule over the sparse `offkey_anomaly`, and what stands in while no exporter speaks."""

from offkey.core.durations import MINUTE, format_duration
from offkey.core.rules import AlertCheck, AlertRule, FiringAlert, GivenSeries, Pairs, Rule, RuleTest
from offkey.engine.rules import story
from offkey.engine.rules.reviewed import number
from offkey.engine.rules.spec import BEYOND, Spec, any_of, bracketed, observed, reviewed, with_traffic
from offkey.engine.rules.text import Identity, Words, bounds, final_words, series, template_words

UNWATCHED = "OffkeySignalUnwatched"
# A restart that learns anew takes a minute or two; nobody need know of it.
UNWATCHED_FOR = 5 * MINUTE
# A signal is unwatched when its newest judged sample is so many steps, and at least so many seconds, old.
STALE_STEPS = 10
STALE_SECONDS = 10 * MINUTE
# Beyond this many series a second evaluation of the query, for the day no exporter speaks, costs too much.
FALLBACK_SERIES = 1_000
# A score and numbers for the tests: the rules only pass them on.
SCORE, SEEN, USUAL = 2.5, 3.0, 1.5


def rules(spec: Spec) -> list[Rule]:
    """Return the rules: the alert, reviewed constants for the day no exporter speaks, and a notice of that day."""
    made: list[Rule] = [_alert(spec)]
    if has_fallback(spec):
        made += [*observed(spec), *reviewed(spec, live=False), _out_of_range(spec)]
    return [*made, _unwatched(spec)]


def has_fallback(spec: Spec) -> bool:
    """Return whether reviewed constants take over while no exporter speaks."""
    return bool(spec.bounds) and len(spec.evidence.series) <= FALLBACK_SERIES


def _alert(spec: Spec) -> AlertRule:
    live = spec.identity.live("offkey_anomaly")
    parts = [f"{live} > 1"]
    if spec.alert.dead_band:
        low = number(round(1 - spec.alert.dead_band, 6))
        parts.append(bracketed(f"{live} > {low}\nand on ({spec.identity.keys})\n  {spec.firing(spec.alert_name)}"))
    queries = {
        "observed": "offkey_anomaly_observed{%s}",
        "expected": "offkey_anomaly_expected{%s}",
        "factor": "max(offkey_anomaly_observed{%s}) / max(offkey_anomaly_expected{%s} > 0)",
        "score": "",
    }
    words = template_words(spec.identity, spec.signal.unit, queries, exposed=True)
    return spec.alert_rule(
        spec.alert_name, any_of(parts), spec.alert.hold, _said(spec, words), keep_firing=spec.alert.keep_firing
    )


def _said(spec: Spec, words: Words) -> Pairs:
    description = (
        f"{words.plain(spec.signal.name)}{series(spec.identity, words)} is {words.value('observed')}; "
        f"usual is {words.value('expected')} (factor {words.value('factor')}; "
        f"{words.value('score')} times the deviation allowed)."
    )
    return spec.said(words, f"is {spec.trouble}", description)


def _out_of_range_name(spec: Spec) -> str:
    return spec.alert_about("OutOfRange")


def _out_of_range(spec: Spec) -> AlertRule:
    """Return the alert on the reviewed constants, silent while an exporter speaks of the signal."""
    parts = [
        f"{spec.recorded('observed')} {BEYOND[side]} on (signal) group_left () "
        f"{spec.recorded('threshold_reviewed', bound=side)}"
        for side in spec.sides
    ]
    alone = f"unless on (signal)\n  {spec.identity.selector('offkey_anomalous_series')}"
    expr = f"{bracketed(with_traffic(spec, any_of(parts)))}\n{alone}"
    queries = {"observed": "", "expected": "offkey:expected_reviewed{%n}"}
    queries |= {side: f'offkey:threshold_reviewed{{%n,bound="{side}"}}' for side in spec.sides}
    words = template_words(spec.identity, spec.signal.unit, queries)
    hold = max(spec.alert.hold, UNWATCHED_FOR)
    return spec.alert_rule(
        _out_of_range_name(spec), expr, hold, _out_of_range_said(spec, words), keep_firing=spec.alert.keep_firing
    )


def _out_of_range_said(spec: Spec, words: Words) -> Pairs:
    description = (
        f"{words.plain(spec.signal.name)}{series(spec.identity, words)} is {words.value('observed')}; "
        f"typical is {words.value('expected')} (reviewed {bounds(spec.sides, words)}). No exporter judges it now."
    )
    return spec.said(words, "is outside its reviewed range", description)


def _stale_after(spec: Spec) -> int:
    """Return the age of the newest judged sample, seconds, at which nobody watches the signal any more."""
    return spec.signal.offset + max(STALE_STEPS * spec.signal.step, STALE_SECONDS)


def _unwatched(spec: Spec) -> AlertRule:
    select = spec.identity.selector
    age = f"time() - max by (signal) ({select('offkey_last_sample_timestamp_seconds')})"
    expr = f"absent({select('offkey_anomalous_series')})\nor on (signal)\n{age} > {_stale_after(spec)}"
    words = template_words(Identity(spec.signal.name, ()), spec.signal.unit, {})
    return spec.alert_rule(UNWATCHED, expr, UNWATCHED_FOR, _unwatched_said(spec, words), severity="warning")


def _unwatched_said(spec: Spec, words: Words) -> Pairs:
    stand_in = "Its reviewed constants stand in." if has_fallback(spec) else "Nothing stands in for it."
    description = (
        f"No exporter speaks of {words.plain(spec.signal.name)}, or its newest judged sample is older than "
        f"{format_duration(_stale_after(spec))}. {stand_in}"
    )
    return spec.said(words, "is not watched", description, Identity(spec.signal.name, ()))


def stories(spec: Spec) -> list[RuleTest]:
    """Return the tests of the rules; a query that answers by itself cannot be told other values and is left out."""
    told = [_episode(spec), _healthy(spec), _silent(spec), _stale(spec)]
    if has_fallback(spec) and not spec.answers_alone:
        told += [_stands_in(spec, side) for side in spec.sides]
        told += [_stands_by(spec), *([_little_traffic(spec)] if spec.signal.traffic else [])]
    return told


def _episode(spec: Spec) -> RuleTest:
    """A series goes anomalous, comes back into the dead band, and is closed by the exporter."""
    within = round(1 - spec.alert.dead_band / 2, 6)
    hold, stay = (story.evaluations(seconds, spec) for seconds in (spec.alert.hold, spec.alert.keep_firing))
    bad, back = hold + story.MARGIN, stay + story.MARGIN if spec.alert.dead_band else 0
    over = story.QUIET + bad + back
    moments = [(story.QUIET + hold, (_fires(spec, SCORE),)), (over + stay, ())]
    if hold:
        moments.append((story.QUIET + hold - 1, ()))
    if back:
        moments.append((over - 1, (_fires(spec, within),)))
    before, after = (story.MISSING, story.QUIET), ("stale", 1)
    return RuleTest(
        "fires after `for` with its text, holds in the dead band, resolves",
        spec.test_interval,
        (
            story.exposed(spec, "offkey_anomaly", story.timeline(before, (SCORE, bad), (within, back), after)),
            story.exposed(spec, "offkey_anomaly_observed", story.timeline(before, (SEEN, bad + back), after)),
            story.exposed(spec, "offkey_anomaly_expected", story.timeline(before, (USUAL, bad + back), after)),
        ),
        tuple(AlertCheck(at * spec.test_interval, spec.alert_name, alerts) for at, alerts in sorted(moments)),
    )


def _fires(spec: Spec, score: float) -> FiringAlert:
    numbers = {"observed": SEEN, "expected": USUAL, "factor": SEEN / USUAL, "score": score}
    words = final_words(spec.signal.unit, story.example_labels(spec) | {"signal": spec.signal.name}, numbers)
    return story.firing(spec, _said(spec, words), story.example_labels(spec))


def _beyond(spec: Spec, side: str) -> float:
    """Return a value beyond the reviewed constant of a side."""
    return story.outward(spec.evidence.typical, dict(spec.bounds)[side].constant, 2.0)


def _observed(spec: Spec, count: int, value: float, traffic: float | None = None) -> tuple[GivenSeries, ...]:
    """Return a recorded value, with the least traffic that is enough unless another is given."""
    series = story.recorded(spec, "observed", story.timeline((value, count)))
    if spec.signal.traffic is None:
        return (series,)
    passing = spec.signal.traffic.floor if traffic is None else traffic
    return series, story.traffic(spec, story.timeline((passing, count)))


def _length(spec: Spec) -> int:
    """Return evaluations enough for every alert's `for`, and for a sample to become stale first."""
    return story.evaluations(max(spec.alert.hold, UNWATCHED_FOR) + _stale_after(spec), spec) + story.QUIET


def _healthy(spec: Spec) -> RuleTest:
    """An exporter speaks and finds nothing: nothing fires, not even far from the reviewed constants."""
    count = _length(spec)
    at = (count - 1) * spec.test_interval
    given: tuple[GivenSeries, ...] = (
        story.about_signal(spec, "offkey_anomalous_series", story.timeline((0, count))),
        story.about_signal(spec, "offkey_last_sample_timestamp_seconds", story.clock(spec, count)),
    )
    if has_fallback(spec) and not spec.answers_alone:
        given += _observed(spec, count, _beyond(spec, spec.sides[0]))
    names = (spec.alert_name, _out_of_range_name(spec), UNWATCHED)
    checks = tuple(AlertCheck(at, name) for name in names)
    return RuleTest("the exporter finds nothing: nothing fires", spec.test_interval, given, checks)


def _silent(spec: Spec) -> RuleTest:
    """No exporter speaks: a notice says so."""
    at = (story.evaluations(UNWATCHED_FOR, spec) + story.QUIET) * spec.test_interval
    return RuleTest(
        "exporter dead: a notice says so", spec.test_interval, (), (AlertCheck(at, UNWATCHED, (_notice(spec),)),)
    )


def _stale(spec: Spec) -> RuleTest:
    """An exporter is up and judges nothing new: the same notice."""
    count = _length(spec)
    given = (
        story.about_signal(spec, "offkey_anomalous_series", story.timeline((0, count))),
        story.about_signal(spec, "offkey_last_sample_timestamp_seconds", story.timeline((0, count))),
    )
    at = (count - 1) * spec.test_interval
    return RuleTest(
        "exporter stuck: a notice says so", spec.test_interval, given, (AlertCheck(at, UNWATCHED, (_notice(spec),)),)
    )


def _notice(spec: Spec) -> FiringAlert:
    words = final_words(spec.signal.unit, {"signal": spec.signal.name}, {})
    return story.firing(spec, _unwatched_said(spec, words), {}, severity="warning")


def _stands_in(spec: Spec, side: str) -> RuleTest:
    """No exporter speaks and the value is beyond the reviewed constant: the reviewed range alerts."""
    count, beyond = _length(spec), _beyond(spec, side)
    numbers = {side: bound.constant for side, bound in spec.bounds}
    numbers |= {"observed": beyond, "expected": spec.evidence.typical}
    words = final_words(spec.signal.unit, story.example_labels(spec) | {"signal": spec.signal.name}, numbers)
    fires = story.firing(spec, _out_of_range_said(spec, words), story.example_labels(spec))
    at = (count - 1) * spec.test_interval
    check = AlertCheck(at, _out_of_range_name(spec), (fires,))
    name = f"exporter dead: the reviewed {side} bound alerts"
    return RuleTest(name, spec.test_interval, _observed(spec, count, beyond), (check,))


def _stands_by(spec: Spec) -> RuleTest:
    """No exporter speaks and all is usual: the reviewed range is silent."""
    count = _length(spec)
    check = AlertCheck((count - 1) * spec.test_interval, _out_of_range_name(spec))
    given = _observed(spec, count, spec.evidence.typical)
    return RuleTest("exporter dead, all is usual: the reviewed range is silent", spec.test_interval, given, (check,))


def _little_traffic(spec: Spec) -> RuleTest:
    """No exporter speaks, and there is too little traffic to judge: the reviewed range is silent."""
    count, floor = _length(spec), spec.signal.traffic.floor if spec.signal.traffic else 0.0
    check = AlertCheck((count - 1) * spec.test_interval, _out_of_range_name(spec))
    given = _observed(spec, count, _beyond(spec, spec.sides[0]), floor - max(1.0, abs(floor)) / 2)
    return RuleTest("too little traffic: the reviewed range is silent", spec.test_interval, given, (check,))
