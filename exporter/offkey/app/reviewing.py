"""Read what alerts did, and what people said of it."""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from offkey.adapters.silences import Silences
from offkey.app import wire
from offkey.app.config import Config
from offkey.app.reviewschema import Review
from offkey.app.telemetry import Telemetry
from offkey.core.durations import DAY, MINUTE
from offkey.core.errors import ConfigError, SourceError
from offkey.core.frame import Axis, Frame
from offkey.core.labels import quote
from offkey.core.ports import Source
from offkey.engine.alertquality import AlertId, AlertQuality, Silence, qualities
from offkey.engine.rules.spec import alert_name

READ_SECONDS = 60.0  # for each question
STEP = MINUTE
IDLE_SECONDS = 60.0  # after which it is asked again whether a reload brought the section
OURS = ',offkey_rule!=""'
_BUDGETS = "max by (signal) (offkey:alert_budget_per_week)"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Asks one source and one Alertmanager, each time anew.

    Attributes:
        config: sources and signals.
        review: which of them, and how far back.
    """

    config: Config
    review: Review

    def read(self, at: int, matchers: str = OURS) -> list[AlertQuality]:
        """Return the record of every alert up to an instant, and of the signals' alerts that never fired.

        Args:
            at: Unix seconds.
            matchers: which series of ALERTS are meant, after a comma.

        Raises:
            ConfigError: the source is not there.
            SourceError: a server does not answer.
        """
        silences = self._silences()
        axis = Axis.between(at - self.review.window, at, STEP)
        with self._source() as source:
            firing = source.read(f'ALERTS{{alertstate="firing"{matchers}}}', axis, READ_SECONDS).frame
            present = source.read(_BUDGETS, axis, READ_SECONDS).frame
        seconds = STEP * np.count_nonzero(~np.isnan(present.values), axis=1)
        seconds = np.maximum(seconds, DAY)  # what came within an hour does not come as often all week
        lived = {labels.get("signal", ""): int(size) for labels, size in zip(present.series, seconds, strict=True)}
        known = [
            AlertId(alert_name(one.name, one.alert), one.alert.severity, one.name)
            for one in self.config.signals
            if one.alert is not None and one.name in lived
        ]
        return qualities(firing, silences, lived, known)

    def peaks(self, signal: str, at: int) -> Frame:
        """Return the highest score of a signal's anomalous series at every minute of the window.

        Raises:
            ConfigError: the source is not there.
            SourceError: it does not answer.
        """
        axis = Axis.between(at - self.review.window, at, STEP)
        with self._source() as source:
            return source.read(f"max(offkey_anomaly{{signal={quote(signal)}}})", axis, READ_SECONDS).frame

    def _silences(self) -> list[Silence] | None:
        if self.review.alertmanager is None:
            return None
        silences = Silences(self.review.alertmanager)
        try:
            return silences.read(READ_SECONDS)
        finally:
            silences.close()

    @contextmanager
    def _source(self) -> Iterator[Source]:
        sources = wire.sources(self.config)
        try:
            if self.review.source not in sources:
                have = ", ".join(sorted(sources))
                msg = f'review.source: no source is called "{self.review.source}" (have: {have})'
                raise ConfigError(msg)
            yield sources[self.review.source]
        finally:
            for one in sources.values():
                one.close()


class ReviewLoop:
    """Reads from time to time what alerts were worth, in a thread of its own.

    Args:
        config: returns the configuration in force.
        telemetry: shows what was found.
        wall: the time, Unix seconds.
    """

    def __init__(self, config: Callable[[], Config], telemetry: Telemetry, wall: Callable[[], float]) -> None:
        self._config, self._telemetry, self._wall = config, telemetry, wall
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin; the first reading is made at once."""
        threading.Thread(target=self._run, name="review", daemon=True).start()

    def stop(self) -> None:
        """End after the reading under way."""
        self._stopped.set()

    def once(self) -> float:
        """Read once and return the seconds until the next time; what was found before stays when a server is down."""
        config, now = self._config(), self._wall()
        if config.review is None:
            self._telemetry.reviewed((), math.nan)
            return IDLE_SECONDS
        try:
            found = Reviewer(config, config.review).read(int(now))
            names = {signal.name for signal in config.signals}
            self._telemetry.reviewed([one for one in found if one.alert.signal in names], now)
        except SourceError as error:
            self._telemetry.count("alert_review_failures", error.reason)
            self._telemetry.tell("warning", "alerts not reviewed", {"error": str(error)})
        return float(config.review.every)

    def _run(self) -> None:
        while not self._stopped.wait(self.once()):
            pass
