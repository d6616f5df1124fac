"""What the demonstration plays, and whether it went as it should."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from offkey.app.demo.webhook import Page
from offkey.core.durations import MINUTE
from offkey.packs.music.calendar import payment_outage
from offkey.packs.music.incidents import Incident

SEED = 20_240
# Eight hundred million users: enough payments that seconds of an outage stand out from counting noise.
SCALE = 100.0
ATTEMPTS = 3.0  # who cannot pay tries again
QUIET = 60  # seconds in which all is well
LONGEST_OUTAGE = 10 * MINUTE
SHORTEST_SHOW = QUIET + 3 * MINUTE
PROMISED = ("summary", "description", "runbook_url", "dashboard_url")


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that was reported to be wrong.

    Attributes:
        at: when, Unix seconds.
        name: of the alert or signal.
        labels: of the series.
        missing: what should have come with it.
    """

    at: float
    name: str
    labels: Mapping[str, str]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the show went.

    Attributes:
        delay: seconds from the fault to the first report of it, None when there was none.
        problems: what went wrong, in words; empty when the outage was reported and nothing else.
    """

    delay: float | None
    problems: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether the outage was reported, and nothing else."""
        return not self.problems


def outage_at(start: int) -> Incident:
    """Return the fault that is injected: card payments in Europe fail from one second to the next."""
    return payment_outage(start, start + LONGEST_OUTAGE, attempts=ATTEMPTS)


def silence_of(outage: Incident, now: float) -> dict[str, Any]:
    """Return the silence, as Alertmanager takes it, of somebody who looked and found the page right."""
    begin, end = (datetime.fromtimestamp(instant, UTC).isoformat() for instant in (now, outage.end))
    name = {"name": "alertname", "value": outage.alert, "isRegex": False, "isEqual": True}
    comment = "Real incident: the card processor in Europe fails, its status page says so"
    return {"matchers": [name], "startsAt": begin, "endsAt": end, "createdBy": "payments on call", "comment": comment}


def judged(sightings: Sequence[Sighting], outage: Incident, name: str) -> Judgement:
    """Return how the show went.

    Args:
        sightings: everything that was told, in order.
        outage: the fault that was played.
        name: what tells of the outage is called.
    """
    right = [
        seen for seen in sightings if seen.name == name and outage.touches(seen.labels) and seen.at >= outage.start
    ]
    problems = [f"{told(seen)} was reported though it was well" for seen in sightings if seen not in right]
    problems += [f"{told(seen)} lacks {', '.join(seen.missing)}" for seen in right if seen.missing]
    if not right:
        problems.insert(0, f"the outage was missed: no {name} came")
    delay = right[0].at - outage.start if right else None
    return Judgement(delay, tuple(dict.fromkeys(problems)))


def from_pages(pages: Sequence[Page]) -> tuple[Sighting, ...]:
    """Return what a webhook was told, resolved alerts left out."""
    return tuple(
        Sighting(page.received, page.name, page.labels, tuple(k for k in PROMISED if not page.annotations.get(k)))
        for page in pages
        if page.status == "firing"
    )


def told(seen: Sighting) -> str:
    """Return a sighting in one line, with the labels that tell it from others."""
    labels = (f"{name}={value}" for name, value in sorted(seen.labels.items()) if name != "alertname")
    return f"{seen.name}{{{', '.join(labels)}}}"
