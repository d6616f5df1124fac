"""Time series as SVG: a line or its range, a band, thresholds, episodes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from offkey.core.durations import DAY, HOUR, MINUTE, WEEK
from offkey.core.frame import Array, IntArray

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 960, 170, 64, 18, 6
APART = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, WEEK, 4 * WEEK)
MOST_MARKS = 9  # more of them would touch
COLUMNS = 480  # a month of minutes is drawn as the lowest and highest sample of each column


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn; arrays share one shape (T,), NaN is a gap.

    Attributes:
        title: what it is, plain text.
        times: Unix seconds.
        values: the series.
        lower: the band below, or None.
        upper: the band above, or None.
        thresholds: CSS class (`after`, `before`) and values of each line.
        episodes: CSS class, first and last instant of each.
        note: a sentence below the title.
    """

    title: str
    times: IntArray
    values: Array
    lower: Array | None = None
    upper: Array | None = None
    thresholds: Sequence[tuple[str, Array]] = ()
    episodes: Sequence[tuple[str, int, int]] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The shapes of a plot: numbers and fixed words only, so that nothing in it needs escaping.

    Attributes:
        paths: CSS class and path of each line and area, back to front.
        bars: CSS class, x and width of each episode.
        marks: x and words of the time axis.
        labels: y and words of the value axis.
    """

    paths: list[tuple[str, str]] = field(default_factory=list)
    bars: list[tuple[str, float, float]] = field(default_factory=list)
    marks: list[tuple[float, str]] = field(default_factory=list)
    labels: list[tuple[float, str]] = field(default_factory=list)


def drawing(plot: Plot) -> Drawing:
    """Return the shapes of a plot."""
    made = Drawing()
    start, end = int(plot.times[0]), max(int(plot.times[-1]), int(plot.times[0]) + 1)

    def across(at: float) -> float:
        return round(LEFT + (WIDTH - LEFT) * (at - start) / (end - start), 1)

    for kind, first, last in plot.episodes:
        made.bars.append((kind, across(first), max(1.5, across(last) - across(first))))
    made.marks.extend((across(at), words) for at, words in _instants(start, end))
    limits = _limits(plot)
    if limits is None:
        return made
    low, high = limits

    def down(values: Array) -> Array:
        return np.round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - (np.clip(values, low, high) - low) / (high - low)), 1)

    places = [across(float(at)) for at in _columns(plot.times.astype(np.float64))[0]]
    if plot.lower is not None and plot.upper is not None:
        made.paths.append(("band", _area(places, down(_columns(plot.lower)[0]), down(_columns(plot.upper)[1]))))
    made.paths.append(("series", _area(places, *(down(edge) for edge in _columns(plot.values)))))
    made.paths.extend((kind, _line(places, down(_columns(line)[1]))) for kind, line in plot.thresholds)
    made.labels.extend((float(down(np.array(value))), f"{value:.12g}") for value in _round_numbers(low, high))
    return made


def _limits(plot: Plot) -> tuple[float, float] | None:
    """Return the range that holds all lines, and of a band beyond them as much again, with some room."""
    known = _finite(plot.values, *(line for _, line in plot.thresholds))
    if not known.size:
        return None
    low, high = float(known.min()), float(known.max())
    room = high - low
    if plot.lower is not None and plot.upper is not None:
        edges = _finite(plot.lower, plot.upper, known)
        low, high = max(low - room, float(edges.min())), min(high + room, float(edges.max()))
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _finite(*lines: Array) -> Array:
    return np.concatenate([line[np.isfinite(line)] for line in lines])


def _instants(start: int, end: int) -> list[tuple[int, str]]:
    """Return the round instants of a span, nine at most, and their words, UTC."""
    apart = next((each for each in APART if (end - start) // each < MOST_MARKS), APART[-1])
    form = "%d %b" if apart % DAY == 0 else "%d %b %H:%M"
    times = range(-(-start // apart) * apart, end + 1, apart)
    return [(at, datetime.fromtimestamp(at, UTC).strftime(form)) for at in times]


def _round_numbers(low: float, high: float) -> list[float]:
    """Return two to five numbers between two, as far apart as 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / 2))
    apart = next(power * times for times in (1, 2, 5, 10) if (high - low) / (power * times) <= 5)
    return [apart * k for k in range(math.ceil(low / apart), math.floor(high / apart) + 1)]


def _columns(values: Array) -> tuple[Array, Array]:
    """Return the lowest and highest sample of each drawn column; NaN where there is none."""
    width = max(1, -(-values.size // COLUMNS))
    padded = np.full(-(-values.size // width) * width, np.nan)
    padded[: values.size] = np.where(np.isfinite(values), values, np.nan)
    parts = padded.reshape(-1, width)
    empty = np.isnan(parts).all(axis=1)
    low = np.where(empty, np.nan, np.fmin.reduce(parts, axis=1))
    return low, np.where(empty, np.nan, np.fmax.reduce(parts, axis=1))


def _pieces(values: Array) -> list[slice]:
    """Return the unbroken runs of known columns."""
    edges = np.diff(np.concatenate([[False], ~np.isnan(values), [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist()
    return [slice(first, last) for first, last in zip(starts, ends, strict=True)]


def _line(places: list[float], values: Array) -> str:
    return " ".join(
        "M" + " L".join(f"{x} {y:g}" for x, y in zip(places[piece], values[piece], strict=True))
        for piece in _pieces(values)
    )


def _area(places: list[float], low: Array, high: Array) -> str:
    """Return the area between two lines, gaps left open."""
    made = []
    for piece in _pieces(low + high):
        there = [f"{x} {y:g}" for x, y in zip(places[piece], high[piece], strict=True)]
        back = [f"{x} {y:g}" for x, y in zip(places[piece], low[piece], strict=True)][::-1]
        made.append("M" + " L".join(there + back) + " Z")
    return " ".join(made)
