"""The streaming platform as a live exporter: raw counters that go on where the history ended."""

import threading

import numpy as np

from offkey import __version__
from offkey.core.durations import MINUTE
from offkey.core.frame import Array, Axis
from offkey.core.labels import NAME, Labels
from offkey.packs.music.incidents import Incident
from offkey.packs.music.platform import Platform
from offkey.packs.music.recorded import RECORDED_DOMAINS
from offkey.packs.music.scene import Family

STEP = 1  # seconds between changes of what is exposed
AHEAD = 5 * MINUTE  # seconds that are simulated at a time


class Stage:
    """The platform from one instant on.

    Whatever is read moves time forward: what was shown stays as it was, what comes can be changed.
    """

    def __init__(self, platform: Platform, start: int) -> None:
        """Begin with all counters at 0.

        Args:
            platform: what is played.
            start: Unix seconds, a multiple of `STEP`.
        """
        self._platform = platform
        self._lock = threading.Lock()
        self._axis = Axis(start, STEP, 1)
        families = platform.families(self._axis, RECORDED_DOMAINS)
        self.series: tuple[Labels, ...] = tuple(labels for family in families for labels in family.series)
        self._is_summed = np.concatenate([np.full(len(family.series), family.kind != "gauge") for family in families])
        self._values = np.where(self._is_summed[:, None], 0.0, _added(families))
        self._names = [*map(str, self.series)]
        self._types = tuple((_exposed_name(family), family.kind, len(family.series)) for family in families)

    def until(self, instant: int) -> tuple[Axis, Array]:
        """Play on to an instant; return what was to be read on the way, values (S, T) for `series`."""
        with self._lock:
            start, pieces = self._axis.end + STEP, [np.zeros((len(self.series), 0))]
            while self._axis.end < instant:
                self._play(min(self._axis.end + AHEAD, instant))
                pieces.append(self._values)
        values = np.hstack(pieces)
        return Axis(start, STEP, values.shape[1]), values

    def inject(self, incident: Incident, now: float) -> None:
        """Let something happen; what was shown until `now` stays as it was."""
        with self._lock:
            shown = self._column(now) + 1
            self._axis, self._values = self._axis.cut(0, shown), self._values[:, :shown]
            self._platform = self._platform.with_incidents(incident)

    def exposition(self, now: float) -> str:
        """Return what a scrape reads, in Prometheus' text format."""
        with self._lock:
            if now >= self._axis.end + STEP:
                self._play(max(self._axis.end + AHEAD, int(now)))
            values = self._values[:, self._column(now)].tolist()
        lines, first = [], 0
        for name, kind, size in self._types:
            lines.append(f"# TYPE {name} {kind}")
            rows = slice(first, first + size)
            lines += [f"{labels} {value:.17g}" for labels, value in zip(self._names[rows], values[rows], strict=True)]
            first += size
        return "\n".join([*lines, ""])

    def truth(self, now: float) -> str:
        """Return what is happening, for people only: whoever watches the platform must not read it."""
        lines = [
            "# TYPE demo_generator_info gauge",
            str(Labels.of({NAME: "demo_generator_info"}, seed=str(self._platform.seed), version=__version__)) + " 1",
            "# TYPE demo_incident_active gauge",
        ]
        for incident in self._platform.incidents:
            labels = {NAME: "demo_incident_active", "id": incident.id, "kind": incident.kind}
            name = Labels.of(labels, **{"class": incident.category})
            lines.append(f"{name} {int(incident.start <= now < incident.end)}")
        return "\n".join([*lines, ""])

    def _play(self, instant: int) -> None:
        """Simulate the columns after the last one, up to the first that is not before an instant."""
        axis = self._axis.after(max(1, -(-(instant - self._axis.end) // STEP)))
        added = _added(self._platform.families(axis, RECORDED_DOMAINS))
        summed = self._values[:, -1:] + np.cumsum(added, axis=1)
        self._axis, self._values = axis, np.where(self._is_summed[:, None], summed, added)

    def _column(self, now: float) -> int:
        """Return the column that is shown at an instant: the newest one that is over."""
        return int(np.clip((now - self._axis.start) // STEP, 0, self._axis.size - 1))


def _added(families: tuple[Family, ...]) -> Array:
    """Return the values of all families, shape (S, T)."""
    return np.concatenate([family.values for family in families])


def _exposed_name(family: Family) -> str:
    """Return the name in a TYPE line of Prometheus' text format: a counter's is that of its series."""
    return family.metric + ("_total" if family.kind == "counter" else "")
