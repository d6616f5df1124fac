"""How plays reach the listener: content networks, and the pipeline that counts them."""

from collections.abc import Iterator

import numpy as np

from offkey.core.durations import MINUTE
from offkey.core.frame import Array, Axis
from offkey.core.labels import NAME, Labels
from offkey.packs.music.catalogue import CDNS, ZONES
from offkey.packs.music.incidents import Incident, of_kind
from offkey.packs.music.playback import counted
from offkey.packs.music.scene import Family, Scene, named
from offkey.packs.music.timing import lognormal_shares

START_BOUNDS = ("0.05", "0.1", "0.2", "0.3", "0.5", "1", "2", "5", "+Inf")
START_MEDIAN = 0.21  # seconds from pressing play to sound
START_SPREAD = 0.5  # standard deviation of its logarithm
REBUFFERED = 0.45  # seconds of silence for each play
LISTENED = 130.0  # seconds of sound for each play
LAG_PER_PLAY = 2.0  # events in flight for each play a second
LAG_SPREAD = 400.0  # events


def networks(scene: Scene) -> Iterator[Family]:
    """Yield start-up times, rebuffering and listening seconds of each region and content network."""
    series = tuple(Labels.of(region=region, cdn=cdn) for region in ZONES for cdn in CDNS)
    starts = _starts(scene)
    slow, silent = np.ones(starts.shape), np.ones(starts.shape)
    for bad in of_kind(scene.incidents, "cdn_degradation"):
        rows, strength = bad.rows(series), bad.strength(scene.axis)
        slow[rows] *= 1 + (bad.params["latency"] - 1) * strength
        silent[rows] *= 1 + (bad.params["rebuffer"] - 1) * strength
    median = START_MEDIAN * slow * np.exp(scene.chance.wave("start", series, 0.9, 0.02))
    yield timed(scene, "music_playback_start_seconds", series, starts, (median, START_SPREAD, START_BOUNDS))
    silence = scene.chance.poisson("rebuffer", series, REBUFFERED * starts * silent)
    name = "music_rebuffer_seconds"
    yield Family(name, "counter", named(f"{name}_total", series), silence)
    name = "music_listening_seconds"
    yield Family(name, "counter", named(f"{name}_total", series), LISTENED * starts)


def timed(
    scene: Scene, name: str, series: tuple[Labels, ...], events: Array, curve: tuple[Array, float, tuple[str, ...]]
) -> Family:
    """Return the histogram of log-normal times.

    Args:
        scene: when.
        name: of the metric.
        series: the S label sets.
        events: how many in each column, shape (S, T).
        curve: medians (S, T) in seconds, deviation of the logarithm, and the bucket bounds.
    """
    median, spread, bounds = curve
    counts = scene.chance.split(name, series, events, lognormal_shares(median, spread, bounds))
    labels = [label for bound in bounds for label in named(name, series, "_bucket", le=bound)]
    labels += [*named(name, series, "_sum"), *named(name, series, "_count")]
    seconds = events * median * np.exp(spread**2 / 2)
    return Family(name, "histogram", tuple(labels), np.concatenate([*np.cumsum(counts, axis=0), seconds, events]))


def ingest(scene: Scene) -> Iterator[Family]:
    """Yield the lag of the consumer that counts plays."""
    series = (Labels.of({NAME: "kafka_consumergroup_lag"}, topic="plays", group="rollup"),)
    waiting = np.abs(scene.chance.wave("lag", series, 0.8, LAG_SPREAD)) * scene.scale
    lag = waiting + LAG_PER_PLAY * scene.plays.sum(axis=0)
    for stuck in of_kind(scene.incidents, "ingest_lag"):
        lag += _backlog(scene, stuck)
    yield Family("kafka_consumergroup_lag", "gauge", series, lag)


def _starts(scene: Scene) -> Array:
    """Return the plays of each region and network, shape (regions x networks, T)."""
    plays = counted(scene).total
    regions = tuple(Labels.of(region=region) for region in ZONES)
    totals = np.array([plays[scene.region_rows(region)].sum(axis=0) for region in ZONES])
    shares = np.array([*CDNS.values()])[:, None, None] * np.ones((1, len(regions), 1))
    split = scene.chance.split("cdn", regions, totals, shares)
    return split.transpose(1, 0, 2).reshape(-1, scene.axis.size)


def _backlog(scene: Scene, stuck: Incident) -> Array:
    """Return the events that piled up since the incident's start, shape (T,); it is gone when the incident ends."""
    last = min(scene.axis.end, stuck.end)
    if last <= stuck.start:
        return np.zeros(scene.axis.size)
    minutes = scene.over(Axis.between(stuck.start, last + MINUTE, MINUTE))
    rising = stuck.params["stuck"] * minutes.plays.sum(axis=0) * stuck.strength(minutes.axis) * MINUTE
    piled = np.interp(scene.axis.times, minutes.axis.times, np.cumsum(rising), left=0.0)
    return np.where(scene.axis.times < stuck.end, piled, 0.0)
