"""What both forms of a rule group share: the signal's identity, its labels, its sentences, its recorded series."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from offkey.core.durations import MINUTE
from offkey.core.errors import RuleError
from offkey.core.labels import Labels, quote
from offkey.core.rules import AlertRule, Evidence, Pairs, RecordRule, ReviewedBound, file_stem
from offkey.core.signals import Alert, Signal
from offkey.engine.rules.reviewed import number
from offkey.engine.rules.text import Identity, Words, alert_labels, links, literal, subject

# Alerts know that they fire through ALERTS, which Prometheus sees for 5 minutes: evaluate well within that.
LONGEST_INTERVAL = 2 * MINUTE

# How the name of an alert ends that the user did not name.
ANOMALOUS = "Anomalous"

# How a value is beyond a bound.
BEYOND = {"upper": ">", "lower": "<"}

# Functions that answer although no series was selected.
_ANSWERS_ALONE = re.compile(
    r"\b(vector|scalar|absent|absent_over_time|time|pi|minute|hour|month|year|day_of_\w+|days_in_month)\s*\("
)


@dataclass(frozen=True, slots=True)
class Spec:
    """One signal, its alert policy, what was learned, and how its series are told apart."""

    signal: Signal
    alert: Alert
    evidence: Evidence
    identity: Identity

    @classmethod
    def of(cls, signal: Signal, evidence: Evidence) -> "Spec":
        """Bring a signal and its evidence together.

        Raises:
            RuleError: the signal has no alert.
        """
        if signal.alert is None:
            msg = f'signal "{signal.name}" has no alert; a rule group needs one'
            raise RuleError(msg)
        return cls(signal, signal.alert, evidence, Identity.of(signal, evidence))

    @property
    def bounds(self) -> tuple[tuple[str, ReviewedBound], ...]:
        """The watched sides and their reviewed bounds."""
        both = (("lower", self.evidence.lower), ("upper", self.evidence.upper))
        return tuple((side, bound) for side, bound in both if bound)

    @property
    def sides(self) -> tuple[str, ...]:
        """The watched sides that have a reviewed bound."""
        return tuple(side for side, _ in self.bounds)

    @property
    def answers_alone(self) -> bool:
        """Whether the query gives samples although its metrics have none, as `... or vector(0)` does."""
        query = self.signal.query
        return bool(_ANSWERS_ALONE.search(query)) or not re.search(r"[a-zA-Z_{]", query)

    @property
    def interval(self) -> int:
        """Seconds between evaluations of the rules."""
        return min(self.signal.step, LONGEST_INTERVAL)

    @property
    def test_interval(self) -> int:
        """Seconds between evaluations in tests: faster ones prove no more and take longer."""
        return max(self.interval, MINUTE)

    @property
    def alert_name(self) -> str:
        """The alert's name, see `alert_name`."""
        return alert_name(self.signal.name, self.alert)

    def alert_about(self, what: str) -> str:
        """Return the name of a further alert of the signal, for what is wrong in another way."""
        return self.alert_name.removesuffix(ANOMALOUS) + what

    def labels(self, severity: str = "") -> dict[str, str]:
        """Return the labels of an alert as plain text; another severity for alerts about the watching itself."""
        return alert_labels(self.signal) | ({"severity": severity} if severity else {})

    def recorded(self, metric: str, **labels: str) -> str:
        """Return the selector of one of the signal's recorded series."""
        return self.identity.selector(f"offkey:{metric}", **labels)

    def firing(self, name: str) -> str:
        """Return the selector of an alert's own firing series."""
        return f'ALERTS{{alertname={quote(name)},alertstate="firing",offkey_rule={quote(self.signal.name)}}}'

    @property
    def trouble(self) -> str:
        """What is wrong when the alert fires, as the end of a sentence."""
        return {"above": "above", "below": "below"}.get(self.signal.direction, "outside") + " what is usual"

    def alert_rule(
        self, name: str, expr: str, hold: int, annotations: Pairs, severity: str = "", keep_firing: int = 0
    ) -> AlertRule:
        """Return an alert of this signal; label values are escaped, because Prometheus reads them as templates."""
        labels = Labels.of({name: literal(value) for name, value in self.labels(severity).items()})
        return AlertRule(name, expr, hold, keep_firing, labels, annotations)

    def said(self, words: Words, summary: str, description: str, identity: Identity | None = None) -> Pairs:
        """Return the annotations: two sentences and the links that lead on."""
        about = self.signal.description.strip()
        whole = f"{description} ({words.plain(about)})" if about else description
        told = (("summary", f"{words.plain(subject(self.signal))} {summary}."), ("description", whole))
        return told + links(self.signal, identity or self.identity, words)


def alert_name(signal: str, alert: Alert) -> str:
    """Return the name of a signal's alert: the user's, or made from the signal's name."""
    if alert.name:
        return alert.name
    words = re.findall(r"[a-zA-Z0-9]+", file_stem(signal))
    return "".join(word[:1].upper() + word[1:] for word in words) + ANOMALOUS


def budget(spec: Spec) -> RecordRule:
    """Return the signal's alert budget as a series, so that spending is watched while no exporter speaks."""
    labels = Labels.of(signal=spec.signal.name, team=spec.alert.team)
    return RecordRule("offkey:alert_budget_per_week", f"vector({number(spec.alert.budget_per_week)})", labels)


def observed(spec: Spec) -> list[RecordRule]:
    """Return the signal's own query, and its traffic, as recorded series."""
    signal, name = spec.signal, Labels.of(signal=spec.signal.name)
    rules = [RecordRule("offkey:observed", spec.identity.asked(signal.query, signal.offset), name)]
    if signal.traffic:
        asked = spec.identity.asked(signal.traffic.query, signal.offset, spec.evidence.traffic_labels)
        rules.append(RecordRule("offkey:traffic", asked, name))
    return rules


def reviewed(spec: Spec, *, live: bool) -> list[RecordRule]:
    """Return the reviewed constants as series; `live` says whether exporters may move the bounds."""
    name = spec.signal.name
    rules = [RecordRule("offkey:expected_reviewed", f"vector({number(spec.evidence.typical)})", Labels.of(signal=name))]
    for side, bound in spec.bounds:
        span = f"a live one stays within {number(bound.lowest)} to {number(bound.highest)}"
        use = span if live else "in force while no exporter speaks"
        comment = (f"{side} bound: {use}; typical is {number(spec.evidence.typical)}",)
        constant = f"vector({number(bound.constant)})"
        rules.append(RecordRule("offkey:threshold_reviewed", constant, Labels.of(signal=name, bound=side), comment))
    return rules


def any_of(parts: Sequence[str]) -> str:
    """Return alternatives."""
    return "\nor\n".join(parts)


def bracketed(expr: str) -> str:
    """Return an expression in brackets of their own lines."""
    return f"(\n{indent(expr)}\n)"


def with_traffic(spec: Spec, expr: str) -> str:
    """Return a condition that also asks for the signal's least traffic."""
    traffic = spec.signal.traffic
    if traffic is None:
        return expr
    shared = spec.identity.shared(spec.evidence.traffic_labels)
    return f"{bracketed(expr)}\nand on ({shared})\n  {spec.recorded('traffic')} >= {number(traffic.floor)}"


def indent(text: str) -> str:
    """Return every line two columns further in."""
    return "\n".join(f"  {line}" for line in text.split("\n"))
