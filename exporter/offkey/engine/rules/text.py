"""What rules say: how series are told apart in PromQL, and the sentences people read.

The same sentence is written twice with the same words: into the rule, filled with template actions, and into its
test, filled with the text those actions must become. Texts of users and labels are never templates themselves: a
label's value is only referred to, a constant is escaped.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote_plus

from offkey.core.labels import quote
from offkey.core.rules import Evidence, Pairs
from offkey.core.signals import Signal
from offkey.engine.humanize import spoken

# The exporter's own label names: a source label of that name is exposed as exported_<name>.
EXPORTER_LABELS = frozenset({"signal", "horizon", "bound", "kind", "rank"})
# What Prometheus itself puts on ALERTS.
ALERT_LABELS = frozenset({"alertname", "alertstate"})
UNKNOWN = "unknown"
# Numbers without a unit.
_BARE = frozenset({"factor", "score"})
_FILLS = re.compile("%[sn]")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def literal(text: str) -> str:
    """Return a text that a Prometheus template gives back unchanged."""
    return text.replace("{", '{{ "{" }}')


@dataclass(frozen=True, slots=True)
class Identity:
    """The labels that tell a signal's series apart, under the name each has in the three places it is met.

    Attributes:
        signal: the signal's name.
        names: (in the signal's query, on the exporter's series, on the alert) of each label, in order. A label that
            an alert's own label would hide is called exported_<name> there, so that two series stay two alerts.
    """

    signal: str
    names: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, signal: Signal, evidence: Evidence) -> "Identity":
        """Return the identity of a signal's series; label names Prometheus 2 cannot write in PromQL are left out."""
        writable = [name for name in evidence.label_names if _LABEL_NAME.fullmatch(name)]
        exposed = _apart(writable, EXPORTER_LABELS)
        alert = _apart(exposed, ALERT_LABELS | set(alert_labels(signal)))
        return cls(signal.name, tuple(zip(writable, exposed, alert, strict=True)))

    @property
    def labels(self) -> tuple[str, ...]:
        """The label names on the alert, without `signal`."""
        return tuple(name for _, _, name in self.names)

    @property
    def keys(self) -> str:
        """The list inside `on (...)` and `by (...)`."""
        return ", ".join(("signal", *self.labels))

    def selector(self, metric: str, **labels: str) -> str:
        """Return the selector of one of this signal's own series, with further labels."""
        matchers = [f"{name}={quote(value)}" for name, value in {"signal": self.signal, **labels}.items()]
        return f"{metric}{{{','.join(matchers)}}}"

    def live(self, metric: str, **labels: str) -> str:
        """Return what exporters say, one series per source series, however many exporters say it."""
        renamed = [(exposed, alert) for _, exposed, alert in self.names]
        return f"max by ({self.keys}) ({_renamed(self.selector(metric, **labels), renamed)})"

    def asked(self, query: str, offset: int, names: tuple[str, ...] | None = None) -> str:
        """Return a query of the user's as a rule reads it: `offset` seconds late, labels out of each other's way."""
        chosen = [(source, alert) for source, _, alert in self.names if names is None or source in names]
        late = f"last_over_time((\n{query.strip()}\n)[1s:1s] offset {offset}s)" if offset else query.strip()
        return _renamed(late, chosen)

    def shared(self, names: tuple[str, ...]) -> str:
        """Return the list inside `on (...)` for a companion query that shares only some labels."""
        return ", ".join(("signal", *(alert for source, _, alert in self.names if source in names)))


def _apart(names: list[str], reserved: frozenset[str]) -> list[str]:
    """Return the names with `exported_` before each that is reserved, as often as it takes to keep all apart."""
    taken = set(reserved) | {name for name in names if name not in reserved}
    apart = []
    for name in names:
        free = name
        while free in reserved or (free != name and free in taken):
            free = f"exported_{free}"
        taken.add(free)
        apart.append(free)
    return apart


def _renamed(expr: str, names: list[tuple[str, str]]) -> str:
    for old, new in names:
        if old != new:
            body = f"\n{expr}\n" if "\n" in expr or "#" in expr else expr
            expr = f'label_replace({body}, "{new}", "$1", "{old}", "(.+)")'
    return expr


def alert_labels(signal: Signal) -> dict[str, str]:
    """Return the labels a signal's alerts carry, plain text; nothing that is learned is among them."""
    alert = signal.alert
    if alert is None:
        return {}
    labels = {"severity": alert.severity, "team": alert.team, "service": alert.service, "offkey_rule": signal.name}
    return {name: value for name, value in labels.items() if value}


@dataclass(frozen=True, slots=True)
class Words:
    """What fills the sentences: template actions in a rule, final text in its test.

    Attributes:
        plain: how a constant text is written.
        label: how the value of an alert's label is written.
        in_url: how the value of an alert's label is written inside a URL.
        value: how a number is written: from its name (observed, expected, lower, upper, factor, score).
    """

    plain: Callable[[str], str]
    label: Callable[[str], str]
    in_url: Callable[[str], str]
    value: Callable[[str], str]


def template_words(identity: Identity, unit: str, queries: dict[str, str], *, exposed: bool = False) -> Words:
    """Return the words of a rule: template actions.

    Args:
        identity: how the signal's series are told apart.
        unit: the signal's unit.
        queries: PromQL for each number, with %s where the matchers of the alert's series belong, %n where only
            the signal's does; "" = $value.
        exposed: whether the queries read the exporter's series, not recorded ones.
    """
    speech = spoken(unit)

    def value(name: str) -> str:
        bare = name in _BARE
        say = 'printf "%.2f"' if bare else speech.function
        suffix = "" if bare else literal(speech.suffix)
        if not queries[name]:
            return f"{{{{ $value | {say} }}}}{suffix}"
        found = f"{{{{ . | first | value | {say} }}}}{suffix}"
        return f"{{{{ with {_lookup(identity, queries[name], exposed)} }}}}{found}{{{{ else }}}}{UNKNOWN}{{{{ end }}}}"

    return Words(
        literal, lambda name: f"{{{{ $labels.{name} }}}}", lambda name: f"{{{{ $labels.{name} | urlquery }}}}", value
    )


def _lookup(identity: Identity, query: str, exposed: bool) -> str:
    """Return the template pipeline that runs a query for the alert's own series."""
    own = [("signal", "signal")]
    pairs = [*own, *((name if exposed else alert, alert) for _, name, alert in identity.names)]
    fills = {"%s": pairs, "%n": own}
    values = [f"$labels.{alert}" for mark in _FILLS.findall(query) for _, alert in fills[mark]]
    text = _FILLS.sub(lambda mark: ",".join(f"{name}=%q" for name, _ in fills[mark.group()]), query)
    return f"printf {quote(text)} {' '.join(values)} | query"


def final_words(unit: str, labels: dict[str, str], numbers: dict[str, float]) -> Words:
    """Return the words of a test: what the template actions become for these labels and numbers."""
    speech = spoken(unit)

    def value(name: str) -> str:
        if name not in numbers:
            return UNKNOWN
        return f"{numbers[name]:.2f}" if name in _BARE else speech.say(numbers[name]) + speech.suffix

    return Words(str, lambda name: labels[name], lambda name: quote_plus(labels[name]), value)


def subject(signal: Signal) -> str:
    """Return the signal's name as the beginning of a sentence."""
    words = " ".join(signal.name.replace("-", " ").replace("_", " ").split())
    return words[:1].upper() + words[1:]


def series(identity: Identity, words: Words) -> str:
    """Return which series is meant, as ` (region="eu", provider="card")`; empty for a signal of one nameless series."""
    named = ", ".join(f'{source}="{words.label(alert)}"' for source, _, alert in identity.names)
    return f" ({named})" if named else ""


def bounds(sides: tuple[str, ...], words: Words) -> str:
    """Return the sentence part on the bound or bounds."""
    if len(sides) == 1:
        return f"bound {words.value(sides[0])}"
    return f"bounds {words.value('lower')} to {words.value('upper')}"


def links(signal: Signal, identity: Identity, words: Words) -> Pairs:
    """Return the annotations that lead on: the runbook, and the dashboard opened on the alert's own series."""
    alert = signal.alert
    found = []
    if alert and alert.runbook_url:
        found.append(("runbook_url", words.plain(alert.runbook_url)))
    if alert and alert.dashboard_url:
        base, hash_sign, fragment = alert.dashboard_url.partition("#")
        variables = [f"var-signal={words.in_url('signal')}"]
        variables += [f"var-{source}={words.in_url(name)}" for source, _, name in identity.names]
        joint = "&" if "?" in base else "?"
        found.append(
            ("dashboard_url", words.plain(base) + joint + "&".join(variables) + words.plain(hash_sign + fragment))
        )
    return tuple(found)
