"""What Alertmanager told a webhook: every alert, with the time it came."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """One alert of one notification.

    Attributes:
        received: when it came, Unix seconds.
        status: `firing` or `resolved`.
        labels, annotations: the alert's own.
    """

    received: float
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.labels.get("alertname", "")


class Catcher:
    """Keeps the alerts of notifications in the order they come."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Take the clock that says when a notification came, Unix seconds."""
        self._clock = clock
        self._pages: list[Page] = []

    @property
    def pages(self) -> tuple[Page, ...]:
        """Everything received so far."""
        return tuple(self._pages)

    def take(self, body: bytes) -> bool:
        """Keep the alerts of a notification; return whether it was one."""
        now = self._clock()
        try:
            alerts = json.loads(body)["alerts"]
            pages = [Page(now, alert["status"], alert["labels"], alert["annotations"]) for alert in alerts]
        except (ValueError, KeyError, TypeError):
            return False
        self._pages += pages
        return True
