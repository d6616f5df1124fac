"""One question about one signal: which signal, which of its series, when, and the samples to answer from."""

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from offkey.app import options, promql, wire, yamlfile
from offkey.app.config import Config, load, parse
from offkey.app.fields import nearest
from offkey.app.gather import READ_SECONDS, past_axis
from offkey.app.loading import loader
from offkey.app.logs import logger
from offkey.app.telemetry import Telemetry
from offkey.core.durations import format_duration
from offkey.core.errors import ConfigError, QueryRejected
from offkey.core.frame import Axis, IntArray
from offkey.core.labels import NAME, Labels, Matcher
from offkey.core.ports import Source
from offkey.core.signals import Signal
from offkey.engine.inquiry import Inquiry, inquire
from offkey.engine.plan import Plan
from offkey.engine.reading import read

UNUSED = "http://unused.invalid"  # stands in where a file names the sources


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked.

    Attributes:
        subject: a signal's name, or any PromQL.
        selector: which of its series, such as `{region="eu"}`; all when empty.
        at: the instant that counts as now, Unix seconds.
        recent: seconds before `at` that are looked at closely.
    """

    subject: str
    selector: str
    at: int
    recent: int

    def answered(self, config_file: Path | None, prometheus_url: str) -> Inquiry:
        """Read, learn and follow what came before `at`.

        Raises:
            ConfigError: no configuration, no selector, or the subject is neither a signal nor PromQL.
            SourceError: the source gives no usable answer.
        """
        self._matchers()  # a mistake in the selector is told before anything is read
        config = self._config(config_file, prometheus_url)
        (plan,) = wire.plans(config)
        sources = wire.sources(config)
        try:
            return self._inquiry(plan, sources[plan.signal.source])
        finally:
            for source in sources.values():
                source.close()

    def rows(self, series: tuple[Labels, ...]) -> IntArray:
        """Return the positions of the series that were asked about.

        Raises:
            ConfigError: the selector is none, or matches no series.
        """
        matchers = self._matchers()
        found = [row for row, labels in enumerate(series) if all(one.matches(labels) for one in matchers)]
        if not found:
            have = ", ".join(map(str, series[:3])) or "none"
            msg = f"{self.selector or self.subject}: matches no series of {self.subject} (it has {len(series)}: {have})"
            raise ConfigError(msg)
        return np.array(found, np.int64)

    def _matchers(self) -> tuple[Matcher, ...]:
        try:
            return promql.matchers(self.selector) if self.selector else ()
        except ValueError as error:
            msg = f"{self.selector}: {error}; write for example '{{region=\"eu\"}}'"
            raise ConfigError(msg) from error

    def _config(self, config_file: Path | None, prometheus_url: str) -> Config:
        """Return a configuration of the one signal that was asked about."""
        path = options.found(config_file)
        if path is None and not prometheus_url:
            loader(config_file, prometheus_url)  # raises with the words for it
        known = load(path, prometheus_url) if path else Config({}, None, ())
        named = [signal for signal in known.signals if signal.name == self.subject]
        if named:
            return replace(known, signals=tuple(named))
        near = nearest(self.subject, [signal.name for signal in known.signals])
        if near and self.subject.isidentifier():
            msg = f'no signal is called "{self.subject}"{near} (for the metric write {{__name__="{self.subject}"}})'
            raise ConfigError(msg)
        if wrong := promql.fault(self.subject):
            msg = f'no signal is called "{self.subject}"{near}; as a query: {wrong}'
            raise ConfigError(msg)
        address = prometheus_url or UNUSED
        asked = parse(yamlfile.dump({"signals": [{"name": "query", "query": self.subject}]}), "the question", address)
        return replace(asked, sources=known.sources or asked.sources)

    def _inquiry(self, plan: Plan, source: Source) -> Inquiry:
        journal = Telemetry(logger("warning", "logfmt", sys.stderr))
        signal = plan.signal
        now = self.at - signal.offset
        history = past_axis(plan, self.at - self.recent)
        past = read(signal, source, history, READ_SECONDS, journal).examined
        recent = read(signal, source, Axis.between(history.end + 1, now, signal.step), READ_SECONDS, journal).examined
        if not recent.frame.series:
            msg = f"{self.subject}: has no series in the {format_duration(self.recent)} before {told(self.at)}"
            raise QueryRejected(msg)
        return inquire(plan, past, recent)


def told(instant: float) -> str:
    """Return an instant as people read it, in the zone of this machine."""
    return f"{datetime.fromtimestamp(instant, UTC).astimezone():%Y-%m-%d %H:%M}"


def named(signal: Signal, series: Labels) -> str:
    """Return how one series of a signal is called: by the signal's name, not by the metric's."""
    return f"{signal.name}{series.without(NAME)}"
