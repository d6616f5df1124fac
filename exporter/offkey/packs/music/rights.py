"""What is owed to whom: usage by licensor and territory, and the hourly reports of it."""

from collections.abc import Iterator

import numpy as np

from offkey.core.durations import HOUR
from offkey.core.frame import Array, Axis
from offkey.core.labels import Labels
from offkey.packs.music.catalogue import LICENSORS, PAIRS, STREAM_SHARE, TERRITORIES
from offkey.packs.music.incidents import of_kind
from offkey.packs.music.scene import Family, Scene, named

FIRST_TERRITORY = 0.6  # share of a region's streams in its largest territory


def rights(scene: Scene) -> Iterator[Family]:
    """Yield streams by licensor and territory, and those reported: a batch at every full hour."""
    series = tuple(
        Labels.of(tenant=tenant, licensor=licensor, territory=territory)
        for tenant, territory in dict.fromkeys((tenant, place) for tenant, r in PAIRS for place in TERRITORIES[r])
        for licensor in LICENSORS
    )
    lead = (scene.axis.start % HOUR + HOUR) // scene.axis.step
    axis = Axis(scene.axis.start - lead * scene.axis.step, scene.axis.step, scene.axis.size + lead)
    used = _used(scene.over(axis), series)
    reported = _batches(used, axis)[:, lead:]
    for gap in of_kind(scene.incidents, "royalty_report_gap"):
        reported[gap.rows(series)] *= 1 - (1 - gap.params["reported"]) * gap.strength(scene.axis)
    name = "music_rights_usage"
    yield Family(name, "counter", named(f"{name}_total", series), used[:, lead:])
    name = "music_rights_reported_usage"
    yield Family(name, "counter", named(f"{name}_total", series), np.round(reported))


def _used(scene: Scene, series: tuple[Labels, ...]) -> Array:
    """Draw the streams of each licensor and territory, shape (S, T)."""
    mean = np.zeros((len(series), scene.axis.size))
    place = {labels: row for row, labels in enumerate(series)}
    for cell, plays in zip(scene.cells, scene.plays, strict=True):
        territories = TERRITORIES[cell["region"]]
        others = (1 - FIRST_TERRITORY) / max(len(territories) - 1, 1)
        for territory in territories:
            share = FIRST_TERRITORY if territory == territories[0] else others
            for licensor, part in LICENSORS.items():
                row = place.get(Labels.of(tenant=cell["tenant"], licensor=licensor, territory=territory))
                if row is not None:
                    mean[row] += plays * share * part
    return scene.chance.poisson("rights", series, mean * STREAM_SHARE * scene.axis.step)


def _batches(used: Array, axis: Axis) -> Array:
    """Return what is reported in each column, shape (S, T): at a full hour all that was used since the last one."""
    total = np.cumsum(used, axis=1)
    hours = np.flatnonzero(axis.times // HOUR > (axis.times - axis.step) // HOUR)
    reported = np.zeros_like(used)
    reported[:, hours[1:]] = total[:, hours[1:]] - total[:, hours[:-1]]
    return reported
