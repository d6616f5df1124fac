"""What a house asks of its alerts."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from offkey.app.lint.checks.files import seconds
from offkey.app.lint.findings import Check, Note, Subject
from offkey.app.lint.policy import Durations
from offkey.app.written.document import Scalar
from offkey.core.durations import format_duration

_LINK = re.compile(r"(?:^|_)(?:url|link|uri)$")


def label(subject: Subject) -> Iterator[Note]:
    """An alert lacks a label the policy asks for, or it has a value the policy does not know.

    Why: Alertmanager routes by labels; what has none reaches whoever is left.
    Mend: add it. `lint.labels` names them; `severity` by default.
    """
    yield from _asked(subject, subject.policy.labels, subject.rule.labels, "label")


def annotation(subject: Subject) -> Iterator[Note]:
    """An alert lacks an annotation the policy asks for, or it has another form.

    Why: whoever is woken has nothing but its name.
    Mend: add it. `lint.annotations` names them; `summary` by default.
    """
    yield from _asked(subject, subject.policy.annotations, subject.rule.annotations, "annotation")


def _asked(subject: Subject, wanted: Mapping[str, str], given: Mapping[str, Scalar], what: str) -> Iterator[Note]:
    for name, pattern in wanted.items() if subject.rule.is_alert else ():
        found = given.get(name)
        if found is None:
            yield Note(f"{what} {name} is missing")
        elif not re.fullmatch(pattern, found.value, re.DOTALL):
            yield Note(f'{what} {name}: "{found.value}" does not match {pattern}', found.place)


def hold(subject: Subject) -> Iterator[Note]:
    """`for` or `keep_firing_for` is shorter or longer than the policy allows.

    Why: an alert without `for` fires on a single sample; one with a long `for` comes too late.
    Mend: choose a time between the bounds of `lint.for` and `lint.keep_firing_for`; none by default.
    """
    if not subject.rule.is_alert:
        return
    yield from _between(subject, "for", subject.policy.hold)
    yield from _between(subject, "keep_firing_for", subject.policy.keep_firing_for)


def _between(subject: Subject, key: str, bounds: Durations) -> Iterator[Note]:
    found = subject.rule.keys.get(key)
    time = (seconds(found.value) if found else 0.0) or 0.0
    place = found.place if found else None
    if bounds.min is not None and time < bounds.min:
        yield Note(f"{key} is shorter than {format_duration(bounds.min)}", place)
    if bounds.max is not None and time > bounds.max:
        yield Note(f"{key} is longer than {format_duration(bounds.max)}", place)


def name(subject: Subject) -> Iterator[Note]:
    """A name does not look like the others.

    Why: people find alerts by CamelCase names, and recorded series by `level:metric:operations`.
    Mend: rename it, or set `lint.alert_name` and `lint.record_name`.
    """
    pattern = subject.policy.alert_name if subject.rule.is_alert else subject.policy.record_name
    if subject.rule.name and not re.fullmatch(pattern, subject.rule.name):
        yield Note(f"{subject.rule.name} does not match {pattern}", subject.where("alert"))


def link(subject: Subject) -> Iterator[Note]:
    """An annotation that should hold a link holds none.

    Why: a runbook nobody can open is worse than none.
    Mend: write a whole address with https://.
    """
    for key, text in subject.rule.annotations.items():
        if not _LINK.search(key) or "{{" in text.value.split("/", 3)[0]:
            continue
        try:
            parts = urlsplit(text.value)
            is_good = parts.scheme in ("http", "https") and bool(parts.netloc)
        except ValueError:
            is_good = False
        if not is_good:
            yield Note(f'{key}: "{text.value}" is not a web address', text.place)


def reject(subject: Subject) -> Iterator[Note]:
    """A label or annotation has a value that the policy rejects.

    Why: the policy says so: old team names, addresses of machines that are gone.
    Mend: change the value. `lint.reject` holds the patterns; none by default.
    """
    for key, text in {**subject.rule.labels, **subject.rule.annotations}.items():
        for pattern in subject.policy.reject:
            if re.fullmatch(pattern, text.value, re.DOTALL):
                yield Note(f"{key}: {pattern} is rejected", text.place)


CHECKS = (
    Check("rule/label", "warning", label),
    Check("alerts/annotation", "info", annotation),
    Check("rule/for", "warning", hold),
    Check("rule/name", "info", name),
    Check("rule/link", "warning", link),
    Check("rule/reject", "error", reject),
)
