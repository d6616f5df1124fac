"""Alerts on series that do not report as they used to while their siblings do; nobody is told unless that was asked."""

from offkey.core.rules import AlertCheck, AlertRule, FiringAlert, Pairs, Rule, RuleTest
from offkey.engine.reporting import LASTING
from offkey.engine.rules import story
from offkey.engine.rules.spec import Spec
from offkey.engine.rules.text import Words, final_words, series, template_words

SILENCE, RATE = "offkey_series_vanished_seconds", "offkey_sample_rate_ratio"
VANISHED, STRAYED = "Vanished", "SampleRateChanged"
HALVED = 0.5  # for the tests


def rules(spec: Spec) -> list[Rule]:
    """Return the rules: on silent series, and where the query's ranges tell, on those sampled at another rate."""
    if not spec.alert.missing_for:
        return []
    return [_vanished(spec), *([_strayed(spec)] if spec.signal.scrapes else [])]


def stories(spec: Spec) -> list[RuleTest]:
    """Return the tests of the rules."""
    if not spec.alert.missing_for:
        return []
    return [_goes_silent(spec), *([_changes_rate(spec)] if spec.signal.scrapes else [])]


def _vanished(spec: Spec) -> AlertRule:
    expr = f"{spec.identity.live(SILENCE)} > {spec.alert.missing_for}"
    said = _silence_said(spec, template_words(spec.identity, "seconds", {"silence": ""}))
    return spec.alert_rule(spec.alert_about(VANISHED), expr, 0, said, keep_firing=spec.alert.keep_firing)


def _strayed(spec: Spec) -> AlertRule:
    said = _rate_said(spec, template_words(spec.identity, "", {"factor": ""}))
    return spec.alert_rule(
        spec.alert_about(STRAYED),
        f"{spec.identity.live(RATE)} != 1",
        _rate_hold(spec),
        said,
        keep_firing=spec.alert.keep_firing,
    )


def _rate_hold(spec: Spec) -> int:
    """Return the rest of the time after which people are told; the exporter waits for some of it itself."""
    return max(0, spec.alert.missing_for - LASTING)


def _silence_said(spec: Spec, words: Words) -> Pairs:
    name = f"{words.plain(spec.signal.name)}{series(spec.identity, words)}"
    told = f"{name} has given no sample for {words.value('silence')}, while its siblings report."
    return spec.said(words, "has lost a series", told)


def _rate_said(spec: Spec, words: Words) -> Pairs:
    name = f"{words.plain(spec.signal.name)}{series(spec.identity, words)}"
    told = f"{name} gives {words.value('factor')} times as many samples as usual, while its siblings go on as ever."
    return spec.said(words, "is sampled at another rate", told)


def _goes_silent(spec: Spec) -> RuleTest:
    """A series is silent for as long as is allowed, then longer, then back."""
    allowed, longer = spec.alert.missing_for, spec.alert.missing_for + spec.test_interval
    words = final_words("seconds", story.example_labels(spec) | {"signal": spec.signal.name}, {"silence": longer})
    fires = story.firing(spec, _silence_said(spec, words), story.example_labels(spec))
    phases = ((story.MISSING, story.QUIET), (allowed, 1), (longer, story.MARGIN), ("stale", 1))
    back = story.QUIET + 1 + story.MARGIN + story.evaluations(spec.alert.keep_firing, spec)
    told = ((story.QUIET, ()), (story.QUIET + 1, (fires,)), (back, ()))
    return _test(spec, "a silent series is missed, until it is back", SILENCE, story.timeline(*phases), VANISHED, told)


def _changes_rate(spec: Spec) -> RuleTest:
    """A series gives half as many samples for as long as is allowed."""
    hold = story.evaluations(_rate_hold(spec), spec)
    words = final_words("", story.example_labels(spec) | {"signal": spec.signal.name}, {"factor": HALVED})
    fires = story.firing(spec, _rate_said(spec, words), story.example_labels(spec))
    phases = ((story.MISSING, story.QUIET), (HALVED, hold + story.MARGIN))
    told = ((story.QUIET - 1, ()), (story.QUIET + hold, (fires,)))
    return _test(spec, "half as many samples are told of", RATE, story.timeline(*phases), STRAYED, told)


def _test(
    spec: Spec, name: str, metric: str, values: str, alert: str, told: tuple[tuple[int, tuple[FiringAlert, ...]], ...]
) -> RuleTest:
    checks = tuple(AlertCheck(at * spec.test_interval, spec.alert_about(alert), firing) for at, firing in told)
    return RuleTest(name, spec.test_interval, (story.exposed(spec, metric, values),), checks)
