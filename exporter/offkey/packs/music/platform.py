"""The whole platform: every raw series, at any time, at any step."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from offkey.core.frame import Array, Axis, BoolArray
from offkey.packs.music import api, delivery, learning, money, playback, rights
from offkey.packs.music.incidents import Incident, of_kind
from offkey.packs.music.scene import Family, Scene

DOMAINS: Mapping[str, Callable[[Scene], Iterator[Family]]] = {
    "durations": playback.durations,
    "genres": playback.genres,
    "interactions": playback.interactions,
    "artists": playback.artists,
    "networks": delivery.networks,
    "ingest": delivery.ingest,
    "requests": api.requests,
    "payments": money.payments,
    "subscriptions": money.subscriptions,
    "ads": money.ads,
    "rights": rights.rights,
    "models": learning.models,
}


@dataclass(frozen=True, slots=True)
class Platform:
    """A pure function of seed, time and incidents.

    Attributes:
        seed: which platform; the same seed is the same platform at every step.
        incidents: what happens; another incident changes no series outside its selector.
        scale: users compared with the catalogue's 8 million.
    """

    seed: int = 20_240
    incidents: tuple[Incident, ...] = ()
    scale: float = 1.0

    def families(self, axis: Axis, domains: tuple[str, ...] = tuple(DOMAINS)) -> tuple[Family, ...]:
        """Return the raw metrics of some domains.

        Counters and histograms hold what was added in the step before each instant: see `totals`.
        """
        scene = Scene(self.seed, axis, self.incidents, self.scale)
        return tuple(family for domain in domains for family in DOMAINS[domain](scene))

    def with_incidents(self, *incidents: Incident) -> "Platform":
        """Return the platform with more happening."""
        return replace(self, incidents=(*self.incidents, *incidents))

    def unseen(self, axis: Axis) -> BoolArray:
        """Return the columns in which nothing is scraped, shape (T,)."""
        felt = [gap.strength(axis) > 0 for gap in of_kind(self.incidents, "scrape_gap")]
        return np.asarray(np.any(felt, axis=0)) if felt else np.zeros(axis.size, np.bool_)


def totals(family: Family, axis: Axis, incidents: tuple[Incident, ...] = ()) -> Array:
    """Return what a scrape would read, shape (S, T): counters from 0 before the first column, gauges as they are."""
    if family.kind == "gauge":
        return family.values
    summed = np.cumsum(family.values, axis=1)
    for reset in of_kind(incidents, "counter_reset"):
        before = int(np.searchsorted(axis.times, reset.start, side="right"))
        rows = [reset.touches(labels) for labels in family.series]
        if 0 < before < axis.size:
            summed[rows, before:] -= summed[rows, before - 1][:, None]
    return summed
