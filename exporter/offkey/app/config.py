"""Read offkey.yml: every mistake at once with its line, or the values the program runs on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from offkey.adapters.endpoint import Endpoint
from offkey.app import budgets, crosschecks, kinds, schema, yamlfile
from offkey.app.alertmanager import problems as alertmanager
from offkey.app.calendars import calendars_of, concerning
from offkey.app.policy import signal_of
from offkey.app.problems import explained
from offkey.app.reviewschema import AlertReview, Review, review_of
from offkey.app.sourceschema import OtherSource, PrometheusSource, Reachable
from offkey.app.yamlfile import Document, Finding, InvalidFile, Problem, Route
from offkey.core.errors import ConfigError
from offkey.core.signals import Signal
from offkey.engine.sharing import Limit

Model = TypeVar("Model", bound=BaseModel)

_NO_SOURCE = "missing; write sources: {default: {url: http://localhost:9090}}, or start with --prometheus.url"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """A kind of source and what its class takes."""

    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Config:
    """What the program runs on.

    Attributes:
        sources: by name; at least the ones that signals read.
        storage: folder for what was learned, or None to keep it in memory.
        signals: what is watched, in the order of the file.
        remote_write: where every snapshot is sent.
        limits: pages that several signals may cost together; their budgets keep them.
        review: where to learn what alerts were worth; None where nobody asked for it.
    """

    sources: Mapping[str, SourceConfig]
    storage: Path | None
    signals: tuple[Signal, ...]
    remote_write: tuple[Endpoint, ...] = ()
    review: Review | None = None
    limits: tuple[Limit, ...] = ()


def load(path: Path, prometheus_url: str = "") -> Config:
    """Read a configuration file; files it names are relative to its folder.

    Args:
        path: the file.
        prometheus_url: when given, the address of the source `default`, whatever the file says.

    Raises:
        ConfigError: it cannot be read, or is not acceptable; one line for each mistake.
    """
    return from_settings(settings(yamlfile.load(path), prometheus_url), path.parent)


def parse(text: str, name: str, prometheus_url: str = "") -> Config:
    """Read a configuration from a text; `name` stands for it in messages, and files are relative to its folder.

    Raises:
        ConfigError: it is not acceptable; one line for each mistake.
    """
    return from_settings(settings(yamlfile.parse(text, name), prometheus_url), Path(name).parent)


def settings(document: Document, prometheus_url: str = "", *, needs_signals: bool = True) -> schema.File:
    """Return a checked document with `defaults` merged into each signal and what follows from other keys filled in.

    Args:
        document: the file.
        prometheus_url: when given, the address of the source `default`.
        needs_signals: whether a file that only names sources is incomplete.

    Raises:
        InvalidFile: one line for each mistake.
    """
    return _Reading(document, prometheus_url).settings(needs_signals)


class _Reading:
    """One pass over one document; gathers problems instead of stopping at the first."""

    def __init__(self, document: Document, prometheus_url: str) -> None:
        self.document = document
        self.prometheus_url = prometheus_url
        self.problems: dict[Problem, None] = {}

    def settings(self, needs_signals: bool) -> schema.File:
        found = self.document.value
        if not isinstance(found, dict):
            said = "is empty; write at least signals" if found is None else "is not a mapping of keys"
            raise InvalidFile([self.document.problem((), said)])
        defaults = self.defaults(found.get("defaults", {}))
        sources = self.sources(found.get("sources", {}))
        written = found.get("signals")
        outer = {**found, "sources": {}, "defaults": {}}
        signals: list[schema.Signal] = []
        if isinstance(written, list) or not needs_signals:
            outer["signals"] = []
        if isinstance(written, list) and needs_signals:
            signals = list(self.signals(written, defaults, sources))
        file = self.fit(schema.File, outer, ())
        for finding in alertmanager.problems(file.alertmanager) if file and file.alertmanager else ():
            self.add(("alertmanager",), finding)
        for place, one in enumerate(file.remote_write if file else ()):
            for finding in _endpoint_problems(one):
                self.add(("remote_write", place), finding)
        has_all = 0 < len(signals) == len(written or ())  # of a refused one the team is not known
        for finding in budgets.problems(file.budgets, _teams(signals)) if file and has_all else ():
            self.add(("budgets",), finding)
        for finding in _review_problems(file.review, sources) if file and file.review else ():
            self.add(("review",), finding)
        if self.problems or file is None:
            raise InvalidFile(list(self.problems))
        return file.model_copy(update={"sources": sources, "signals": signals})

    def defaults(self, written: object) -> dict[str, Any]:
        """Check the defaults by themselves; return the keys that signals inherit."""
        self.fit(schema.Policy, written, ("defaults",), is_partial=True)
        known = written if isinstance(written, dict) else {}
        return {key: value for key, value in known.items() if key in schema.Policy.model_fields}

    def sources(self, written: object) -> dict[str, Any]:
        """Return the sources by name; a name whose source is not acceptable stands for None."""
        if self.prometheus_url:
            named = written if isinstance(written, dict) else {}
            default = named.get("default")
            url = {"url": self.prometheus_url}
            written = {**named, "default": {**default, **url} if isinstance(default, dict) else url}
        if not isinstance(written, dict):
            self.fit(schema.File, {"sources": written, "signals": []}, ())
            return {}
        if not written:
            self.add(("sources",), Finding((), _NO_SOURCE))
        found: dict[str, Any] = dict.fromkeys(written)
        for name, source in written.items():
            file = self.fit(schema.File, {"sources": {name: source}, "signals": []}, ())
            if file is not None:
                found[name] = file.sources[name]
                for finding in _source_problems(file.sources[name]):
                    self.add(("sources", name), finding)
        return found

    def signals(
        self, written: list[Any], defaults: dict[str, Any], sources: Mapping[str, Any]
    ) -> Iterator[schema.Signal]:
        if not written:
            self.add(("signals",), Finding((), "holds no signal; offkey discover proposes some"))
        names: dict[str, int] = {}
        for place, own in enumerate(written):
            merged = _merged(defaults, own) if isinstance(own, dict) else own
            signal = self.fit(schema.Signal, merged, ("signals", place))
            name = own.get("name") if isinstance(own, dict) else None
            if isinstance(name, str) and names.setdefault(name, place) != place:
                words = f'"{name}" is also the name of signals[{names[name]}]'
                self.add(("signals", place), Finding(("name",), words))
            if signal is None:
                continue
            before = len(self.problems)
            for finding in crosschecks.problems(signal, sources) if sources else ():
                self.add(("signals", place), finding)
            if len(self.problems) == before:
                yield crosschecks.resolved(signal)

    def fit(self, model: type[Model], value: object, route: Route, *, is_partial: bool = False) -> Model | None:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for finding in explained(model, error):
                if not (is_partial and finding.words == "missing"):  # the signals may add it
                    self.add(route, finding)
            return None

    def add(self, top: Route, finding: Finding) -> None:
        """Note what was found below a route where its value was written: in the signal, or in `defaults`."""
        route = (*top, *finding.route)
        if route[:1] == ("signals",) and len(route) > 2:
            default: Route = ("defaults", *route[2:])
            if self.known(default) - 1 > self.known(route) - 2:
                route = default
                if finding.at_key:
                    return  # `defaults` was checked by itself
        self.problems[self.document.problem(route, finding.words, at_key=finding.at_key)] = None

    def known(self, route: Route) -> int:
        """Return how much of a route is in the document."""
        return next(size for size in range(len(route), -1, -1) if route[:size] in self.document.values)


def _merged(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return the defaults overlaid by a signal's own keys; mappings are merged, but never options of two kinds."""
    result = {**defaults, **own}
    for key, value in own.items():
        general = defaults.get(key)
        if (
            isinstance(value, dict)
            and isinstance(general, dict)
            and value.get("kind", general.get("kind")) == general.get("kind")
        ):
            result[key] = _merged(general, value)
    return result


def _source_problems(source: PrometheusSource | OtherSource) -> Iterator[Finding]:
    if not isinstance(source, PrometheusSource):
        yield from kinds.problems(kinds.SOURCES, source.kind, source.model_extra or {})
        return
    yield from _endpoint_problems(source)


def _endpoint_problems(place: Reachable) -> Iterator[Finding]:
    try:
        place.endpoint(Path())
    except ConfigError as error:
        where, _, words = str(error).partition(": ")
        route = tuple(where.split("."))
        yield Finding(route, words) if route[0] in Reachable.model_fields else Finding((), str(error))


def _teams(signals: Iterable[schema.Signal]) -> list[str]:
    return [one.alert.team for one in signals if isinstance(one.alert, schema.Alert)]


def _review_problems(section: AlertReview, sources: Mapping[str, Any]) -> Iterator[Finding]:
    if section.source not in sources:
        have = ", ".join(sorted(sources))
        yield Finding(("source",), f'no source is called "{section.source}" (have: {have})')
    if section.alertmanager is not None:
        for finding in _endpoint_problems(section.alertmanager):
            yield finding._replace(route=("alertmanager", *finding.route))


def from_settings(file: schema.File, folder: Path) -> Config:
    """Return what the program runs on; files are relative to `folder`.

    Raises:
        ConfigError: a file that is named cannot be used.
    """
    calendars = calendars_of(file.calendars, folder)
    signals = [signal_of(signal, concerning(signal.name, calendars)) for signal in file.signals]
    limits = budgets.limits(file.budgets, signals)
    return Config(
        sources={name: _source(source, folder) for name, source in file.sources.items()},
        storage=folder / file.storage.path if file.storage.path else None,
        signals=budgets.within(signals, limits),
        remote_write=tuple(one.endpoint(folder) for one in file.remote_write),
        review=review_of(file.review, folder),
        limits=limits,
    )


def _source(source: PrometheusSource | OtherSource, folder: Path) -> SourceConfig:
    if isinstance(source, PrometheusSource):
        return SourceConfig(source.kind, {"endpoint": source.endpoint(folder), "read": source.read})
    return SourceConfig(source.kind, kinds.converted(kinds.SOURCES, source.kind, source.model_extra or {}, folder))
