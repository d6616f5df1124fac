"""One signal's rule file: the rule group in one of two forms, the tests that prove it, and the evidence behind it."""

import hashlib
import math
from datetime import UTC, datetime
from types import ModuleType

from offkey.core.durations import format_duration
from offkey.core.errors import RuleError
from offkey.core.rules import Evidence, RuleFile, RuleGroup, RuleTest, file_stem
from offkey.core.signals import Signal
from offkey.engine.rules import anomaly, missing, threshold
from offkey.engine.rules.reviewed import Constants, keep, number, tidy
from offkey.engine.rules.spec import Spec, budget


def form_of(signal: Signal, evidence: Evidence) -> str:
    """Return how a signal's rule reads: `threshold` or `anomaly`.

    Raises:
        RuleError: the signal has no alert, or the threshold form is asked for and cannot be had.
    """
    spec = Spec.of(signal, evidence)
    live = signal.expose == "full"
    if spec.alert.form == "threshold" and not (live and spec.bounds):
        lack = "a reviewed bound, and none was learned yet" if live else f"expose: full, not {signal.expose}"
        msg = f'signal "{signal.name}": alert.form threshold needs {lack}; or write form: anomaly'
        raise RuleError(msg)
    if spec.alert.form != "auto":
        return spec.alert.form
    plain = len(evidence.series) == 1 and live and spec.bounds and not spec.answers_alone
    return "threshold" if plain else "anomaly"


def rule_group(signal: Signal, evidence: Evidence) -> RuleGroup:
    """Return the rules of one signal.

    Args:
        signal: the policy.
        evidence: what learning found; its constants are written as they are (see `reviewed.tidy`).

    Raises:
        RuleError: the signal has no alert, or asks for a form it cannot have.
    """
    spec = Spec.of(signal, evidence)
    rules = (*_form(signal, evidence).rules(spec), *missing.rules(spec), budget(spec))
    # Twice the cap: the query itself may give more series than are judged, and a limit that is hit silences the rule.
    return RuleGroup(f"offkey-{file_stem(signal.name)}", spec.interval, rules, 2 * signal.max_series)


def rule_tests(signal: Signal, evidence: Evidence) -> tuple[RuleTest, ...]:
    """Return the tests of `rule_group` for the same arguments.

    Raises:
        RuleError: the signal has no alert, or asks for a form it cannot have.
    """
    spec = Spec.of(signal, evidence)
    return (*_form(signal, evidence).stories(spec), *missing.stories(spec))


def rule_file(signal: Signal, evidence: Evidence, written: Constants | None = None, *, adopt: bool = False) -> RuleFile:
    """Return the file of one signal.

    Args:
        signal: the policy.
        evidence: what learning found.
        written: constants of the present file; they stay where the new ones say nearly the same.
        adopt: whether the written constants stay in any case.

    Raises:
        RuleError: the signal has no alert, or asks for a form it cannot have.
    """
    settled = tidy(evidence)
    if written is not None:
        settled = keep(settled, written, adopt=adopt)
    return RuleFile(
        file_stem(signal.name),
        (rule_group(signal, settled),),
        rule_tests(signal, settled),
        _header(signal, evidence),
    )


def fingerprint(signal: Signal) -> str:
    """Return a short hash of everything the user says about a signal."""
    return hashlib.sha256(repr(signal).encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _form(signal: Signal, evidence: Evidence) -> ModuleType:
    return threshold if form_of(signal, evidence) == "threshold" else anomaly


def _header(signal: Signal, evidence: Evidence) -> tuple[str, ...]:
    """Return the evidence in words."""
    first, last = (
        datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (evidence.start, evidence.end)
    )
    length = format_duration(evidence.end - evidence.start)
    cost = evidence.expected_alerts_per_week
    spent = "unknown" if math.isnan(cost) else f"{cost:.2g}"
    allowed = number(signal.alert.budget_per_week) if signal.alert else "none"
    lines = [
        f"learned from {first} to {last} ({length}, every {format_duration(evidence.step)})",
        f"{evidence.samples} samples of {len(evidence.series)} series, {evidence.present:.1%} present",
        f"expected alerts a week: {spent} (budget {allowed})",
    ]
    return (*lines, evidence.why) if evidence.why else tuple(lines)
