"""What is played, how long, of which genre, and what listeners do with it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array
from offkey.core.labels import NAME, Labels
from offkey.packs.music.catalogue import ACTIONS, ARTISTS, GENRES, LOCAL_TASTE, STREAM_SHARE
from offkey.packs.music.incidents import of_kind
from offkey.packs.music.scene import Family, Scene, named

BOUNDS = ("5", "10", "30", "35", "60", "120", "240", "600", "+Inf")
MIDDLES = np.array([3, 7, 20, 32.5, 48, 90, 195, 330, 700.0])  # seconds a play of each bucket lasts
# Share of plays that end within 5, 10 and 30 seconds. Source: P. Lamere, "The Skip", musicmachinery.com, 2014.
SKIPPED = np.array([0.2414, 0.2897, 0.3505])
FREE_SKIPS = 1.15  # the free tier skips more
MOST_SKIPPED = 0.9
LASTING = np.diff(np.array([0.0, 0.012, 0.055, 0.14, 0.78, 0.995, 1.0]))  # of streams: 30 to 35 s, to 60 s, ...
FARMED = 3  # bucket of 30 to 35 seconds


@dataclass(frozen=True, slots=True)
class Plays:
    """Counted plays of each cell.

    Attributes:
        lengths: plays in each duration bucket, shape (9, C, T), farmed ones included.
        streams: plays of 30 seconds and longer, shape (C, T), farmed ones left out.
        farmed: plays that a farm of devices makes, shape (C, T).
    """

    lengths: Array
    streams: Array
    farmed: Array

    @property
    def total(self) -> Array:
        """All plays of each cell, shape (C, T)."""
        return np.asarray(self.lengths.sum(axis=0))


def counted(scene: Scene) -> Plays:
    """Draw the plays of every cell."""
    cells, step, draw = scene.cells, scene.axis.step, scene.chance
    within = _skip_shares(scene)
    ended = np.diff(within, axis=0, prepend=0.0)
    skips = np.array([draw.poisson(f"skips/{k}", cells, scene.plays * step * share) for k, share in enumerate(ended)])
    streams = draw.poisson("streams", cells, scene.plays * step * (1 - within[-1]))
    lasting = draw.split("lasting", cells, streams, LASTING[:, None, None] * np.ones((1, len(cells), 1)))
    farmed = np.zeros_like(streams)
    for farm in of_kind(scene.incidents, "stream_farm"):
        mean = farm.rows(cells)[:, None] * farm.params["plays_per_second"] * step * farm.strength(scene.axis)
        farmed += draw.poisson("farm", cells, mean * scene.scale)
    lengths = np.concatenate([skips, lasting])
    lengths[FARMED] += farmed
    return Plays(lengths, streams, farmed)


def durations(scene: Scene) -> Iterator[Family]:
    """Yield the histogram of play lengths: plays, skips, streams and listening time in one."""
    plays, name = counted(scene), "music_play_duration_seconds"
    reached = np.cumsum(plays.lengths, axis=0)
    series = [*(label for bound in BOUNDS for label in named(name, scene.cells, "_bucket", le=bound))]
    seconds = np.tensordot(MIDDLES, plays.lengths, axes=1)
    series += [*named(name, scene.cells, "_sum"), *named(name, scene.cells, "_count")]
    values = np.concatenate([*reached, seconds, plays.total])
    yield Family(name, "histogram", tuple(series), values)


def genres(scene: Scene) -> Iterator[Family]:
    """Yield the streams of each genre; genres of a cell add up to its streams."""
    plays = counted(scene)
    shares = _genre_shares(scene)
    counts = scene.chance.split("genre", scene.cells, plays.streams, shares)
    counts[list(GENRES).index("ambient")] += plays.farmed
    series = tuple(label for genre in GENRES for label in named("music_streams_total", scene.cells, genre=genre))
    yield Family("music_streams", "counter", series, np.concatenate([*counts]))


def interactions(scene: Scene) -> Iterator[Family]:
    """Yield what listeners do with a stream: save, like, share, put on a playlist."""
    streams = scene.plays * scene.axis.step * (1 - SKIPPED[-1])
    series = tuple(
        label for action in ACTIONS for label in named("music_interactions_total", scene.cells, action=action)
    )
    mean = np.concatenate([streams * share for share in ACTIONS.values()])
    yield Family("music_interactions", "counter", series, scene.chance.poisson("actions", series, mean))


def artists(scene: Scene) -> Iterator[Family]:
    """Yield the streams of the artists on the watch list, who are played by a power law of their rank."""
    series = tuple(Labels.of({NAME: "music_artist_streams_total"}, artist_id=f"ar_{k:04d}") for k in range(ARTISTS))
    shares = 0.0007 * np.arange(1, ARTISTS + 1)[:, None] ** -0.75
    streams = scene.plays.sum(axis=0) * scene.axis.step * STREAM_SHARE
    mean = streams * shares * np.exp(scene.chance.wave("artists", series, 0.99, 0.05)) * _fame(scene, series)
    yield Family("music_artist_streams", "counter", series, scene.chance.poisson("artists", series, mean))


def _skip_shares(scene: Scene) -> Array:
    """Return the share of plays that end within 5, 10 and 30 seconds, shape (3, C, T)."""
    factor = np.ones(scene.plays.shape)
    factor[[cell["tier"] == "free" for cell in scene.cells]] *= FREE_SKIPS
    for bug in of_kind(scene.incidents, "skip_tracking_bug"):
        factor[bug.rows(scene.cells)] *= 1 + (bug.params["times"] - 1) * bug.strength(scene.axis)
    return np.minimum(SKIPPED[:, None, None] * factor, MOST_SKIPPED)


def _genre_shares(scene: Scene) -> Array:
    """Return the share of each genre in each cell, shape (G, C, T), or (G, C, 1) while no taste changes."""
    taste = [[GENRES[g] * LOCAL_TASTE.get(cell["region"], {}).get(g, 1.0) for cell in scene.cells] for g in GENRES]
    shares = np.array(taste)[:, :, None]
    for trend in of_kind(scene.incidents, "genre_emergence"):
        rows = trend.rows([Labels.of(genre=genre) for genre in GENRES])[:, None, None]
        shares = shares * np.where(rows, trend.params["times"] ** trend.strength(scene.axis), 1.0)
    return np.asarray(shares / shares.sum(axis=0))


def _fame(scene: Scene, series: tuple[Labels, ...]) -> Array:
    """Return how much more each artist is played than usual, shape (S, T).

    Source: release decay fitted on 75 releases in the daily streams of the Spotify Global Top 200, 2018 to 2020;
    viral decay on the streams after 18 June 2018 in the same charts.
    """
    fame = np.ones((len(series), scene.axis.size))
    for release in of_kind(scene.incidents, "album_release"):
        days, size = release.progress(scene.axis) / 86_400, release.params
        curve = (1 - size["base"]) * np.exp(-days / size["decay_days"]) + size["base"]
        fame[release.rows(series)] *= 1 + (size["times"] - 1) * curve * release.strength(scene.axis)
    for viral in of_kind(scene.incidents, "viral_artist"):
        days = np.maximum(viral.progress(scene.axis) - viral.ramp_up, 0.0) / 86_400
        curve = (1 + days) ** -viral.params["decay"]
        fame[viral.rows(series)] *= 1 + (viral.params["times"] - 1) * curve * viral.strength(scene.axis)
    return fame
