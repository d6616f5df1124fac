"""The `review` section of the configuration file: where offkey learns what its alerts were worth."""

from dataclasses import dataclass
from pathlib import Path

from offkey.adapters.endpoint import Endpoint
from offkey.app.fields import Duration, Strict, duration
from offkey.app.sourceschema import Reachable
from offkey.core.durations import MINUTE, WEEK


class AlertReview(Strict):
    """What alerts were worth to people: read from time to time, and exposed as metrics."""

    alertmanager: Reachable | None = None
    """Alertmanager whose silences tell who acknowledged what, and what was a false alarm."""
    source: str = "default"
    """Name of the source that evaluates the rules and so keeps ALERTS."""
    window: Duration = duration(4 * WEEK)
    """How much of the past is looked at."""
    every: Duration = duration(15 * MINUTE)
    """How often."""


@dataclass(frozen=True, slots=True)
class Review:
    """The section as the program runs on it; times in seconds."""

    alertmanager: Endpoint | None = None
    source: str = "default"
    window: int = 4 * WEEK
    every: int = 15 * MINUTE


def review_of(section: AlertReview | None, folder: Path) -> Review | None:
    """Return what the section says; files are relative to `folder`.

    Raises:
        ConfigError: the Alertmanager cannot be reached like that.
    """
    if section is None:
        return None
    endpoint = None if section.alertmanager is None else section.alertmanager.endpoint(folder)
    return Review(endpoint, section.source, section.window, section.every)
