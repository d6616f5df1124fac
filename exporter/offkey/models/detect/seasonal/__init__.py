"""Seasonal detector: what is usual at this time of day and week, and what is usual right now."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.findings import Band
from offkey.core.foresight import Foresight
from offkey.core.frame import Array, Frame
from offkey.core.labels import Labels
from offkey.core.state import AnyArray, State
from offkey.models.detect.seasonal import layout
from offkey.models.detect.seasonal.lanes import LANES, blank_lanes, blank_search, blocks_of, weigh
from offkey.models.detect.seasonal.walk import walk
from offkey.models.kernels import shared_out

ROWS = {
    "running": (layout.RUNNING, np.float64),
    "profile": (layout.BINS, np.float32),
    "visits": (layout.BINS, np.uint8),
    "week": (layout.CELLS, np.uint16),
    "lately": (layout.CELLS, np.uint16),
    "sizes": (layout.TAIL, np.float32),
    "restless": (layout.KINDS * layout.TAIL, np.float32),
}
PART_WORDS = (
    "the jump from a moment ago",
    "the distance from what is usual at this time",
    "how long it has been so",
    "how far it is from where it has ever been",
)
LEVEL_SECONDS = (40.0, 140.0, 470.0, 1970.0)  # time constants of the running levels
LEVEL_STEPS = (0.8, 0.35, 0.12, 0.03)  # and the most that one sample may move them


@dataclass(frozen=True)
class Model:
    """Measure strangeness as the rarity of a deviation from the season and from the recent level together."""

    season: Literal["none", "daily", "weekly"] = "weekly"
    context: int = 0  # the state remembers all that is needed
    revision: int = field(default=7, init=False)  # of what is kept of a series; with another one it is learned anew

    def fit(self, frame: Frame) -> State:
        """Learn from a history, oldest sample first."""
        return self.update(blank(frame.series), frame)

    def update(self, state: State, frame: Frame) -> State:
        """Learn the frame's samples; the arrays of `state` are reused where they can be."""
        state = state.align(frame.series)
        rows = _writable(state)
        self._walk(layout.LEARN, rows, frame, np.zeros(len(frame.series)), 0)
        return State(frame.series, rows)

    def ready(self, state: State) -> Array:
        """Return the share of the first day (an hour without a season) that was seen, shape (S,)."""
        share: Array = np.minimum(1.0, np.fmax(0.0, state.rows["running"][:, layout.SEEN]) / self._need)
        return share

    def score(self, state: State, frame: Frame) -> Array:
        """Return how strange each sample is, shape (S, T).

        From 3 on that is how rare such signs of an anomaly were in the past, in decades; below, three times the chance
        that the sample belongs to an incident.
        """
        rows = _writable(state.align(frame.series))
        strangeness: Array = self._walk(layout.SCORE, rows, frame, np.zeros(len(frame.series)), 1)[0]
        return strangeness

    def band(self, state: State, frame: Frame, bound: Array) -> Band:
        """Return the expected value and where strangeness reaches `bound`, (S, T) each."""
        return self.sweep(state, frame, bound)[1]

    def sweep(self, state: State, frame: Frame, bound: Array) -> tuple[Array, Band]:
        """Return what `score` and `band` do, of one walk."""
        if frame.axis.size == 1:
            ahead = self.foresee(state, frame, bound)
            return ahead.weigh(frame.values), ahead.band
        rows = _writable(state.align(frame.series))
        strangeness, *sides = self._walk(layout.SWEEP, rows, frame, bound, 4)
        return strangeness, Band(*sides)

    def foresee(self, state: State, coming: Frame, bound: Array) -> Foresight:
        """Work out, for the only column of a frame, what does not depend on its samples: the cases and the band."""
        size = len(coming.series)
        lanes = blank_lanes(-(-size // LANES))
        blank = coming.with_values(np.full((size, 1), np.nan))
        _, *sides = self._walk(layout.SWEEP, _writable(state.align(coming.series)), blank, bound, 4, lanes)

        def weighed(values: Array) -> Array:
            out = np.full(values.shape, np.nan)
            given = np.ascontiguousarray(values, np.float64)
            shared_out(
                size, lambda first, last: weigh(given, blocks_of(lanes, first, last), np.empty((2, LANES)), out), LANES
            )
            return out

        return Foresight(state, coming, bound, Band(*sides), self.ready(state), weighed)

    def glance(self, state: State, frame: Frame, bound: Array) -> tuple[Array, Array]:
        """Return strangeness and the expected value alone, (S, T) each."""
        rows = _writable(state.align(frame.series))
        strangeness, expected = self._walk(layout.GLANCE, rows, frame, bound, 2)
        return strangeness, expected

    def parts(self, state: State, frame: Frame) -> dict[str, Array]:
        """Return what each part adds to the strangeness, (S, T) each."""
        rows = _writable(state.align(frame.series))
        found = self._walk(layout.PARTS, rows, frame, np.zeros(len(frame.series)), len(PART_WORDS))
        return dict(zip(PART_WORDS, found, strict=True))

    def signs(self, frame: Frame) -> Array:
        """Return the signs of each sample of a series nobody has seen, shape (K, S, T).

        In the order of `layout.Signs`, `layout.Memory` and `layout.Traces`.
        """
        rows = _writable(blank(frame.series))
        told = sum(len(kind._fields) for kind in (layout.Signs, layout.Memory, layout.Traces))
        return self._walk(layout.SIGNS, rows, frame, np.zeros(len(frame.series)), told)

    @property
    def _need(self) -> int:
        return HOUR if self.season == "none" else DAY

    def rates(self, step: int) -> Array:
        """Return how far one sample moves each running value, for samples `step` seconds apart."""
        constants: dict[int, float] = {
            layout.R_NEAR: 2 * HOUR,
            layout.R_FAR: 2 * DAY,
            layout.R_HOUR: 4 * HOUR,
            layout.R_QUICK: 220,
            layout.R_SLOW: 11 * MINUTE,
            layout.R_FIRM: 170,
            layout.R_LEVEL: 2 * DAY,
            layout.R_STALE: HOUR,
            layout.R_FRESH: 5 * MINUTE,
            layout.R_LONG: 14 * DAY,
            layout.R_EXTREME: 12 * HOUR,
            layout.R_PEAK: 2 * HOUR,
            layout.R_UNREST: 20 * MINUTE,
            layout.R_RESTLESS: HOUR,
            layout.R_DAYS: 3.5 * HOUR,  # of the same hour: a quarter of the way in a day
        }
        rates = np.zeros(layout.RATES)
        rates[layout.STEP], rates[layout.NEED] = step, self._need
        rates[layout.SEASON] = ("none", "daily", "weekly").index(self.season)
        for place, seconds in constants.items():
            rates[place] = -math.expm1(-step / seconds)
        rates[layout.R_FIRM] = min(0.3, rates[layout.R_FIRM])
        rates[layout.R_UNREST] = min(1 / 20, rates[layout.R_UNREST])
        rates[layout.R_RESTLESS] = min(1 / 60, rates[layout.R_RESTLESS])
        for k, (constant, most) in enumerate(zip(LEVEL_SECONDS, LEVEL_STEPS, strict=True)):
            rates[layout.R_LEVELS + k] = min(most, -math.expm1(-step / constant))
        return rates

    def _walk(
        self,
        mode: int,
        rows: dict[str, AnyArray],
        frame: Frame,
        bound: Array,
        outs: int,
        lanes: layout.Lanes | None = None,
    ) -> Array:
        out = np.full((outs, *frame.values.shape), np.nan)
        values, bound = np.ascontiguousarray(frame.values, np.float64), np.ascontiguousarray(bound, np.float64)
        clock, rates = _clock(frame), self.rates(frame.axis.step)

        def work(first: int, last: int) -> None:
            mine = blank_lanes() if lanes is None else blocks_of(lanes, first, last)
            state = layout.Rows(first, last, rows["running"], learned_of(rows), *room(), mine, blank_search())
            walk(mode, values, clock, rates, state, bound, out)

        shared_out(len(frame.series), work, LANES)
        return out


def blank(series: tuple[Labels, ...]) -> State:
    """Return the state of series that nobody has seen."""
    return State(series, {name: np.zeros((len(series), size), dtype) for name, (size, dtype) in ROWS.items()})


def room() -> tuple[Array, layout.Learned]:
    """Return what the kernel writes to instead of the state while it judges."""
    return np.empty(layout.RUNNING), learned_of({name: np.empty(size, dtype) for name, (size, dtype) in ROWS.items()})


def learned_of(rows: Mapping[str, AnyArray]) -> layout.Learned:
    """Return the arrays of a state as the kernel takes them."""
    return layout.Learned(**{name: rows[name] for name in layout.Learned._fields})


def _clock(frame: Frame) -> layout.Clock:
    """Return the frame's local time, cut as the profile and the week are."""
    week, zone = frame.local_week()
    day = week % DAY
    left, share = np.divmod(day / layout.BIN_SECONDS - 0.5, 1.0)
    left = left.astype(np.int64)
    return layout.Clock(
        zone,
        day // layout.BIN_SECONDS,
        week // layout.CELL_SECONDS,
        layout.HOURLY + layout.HOUR_STRIDE * (day // layout.HOUR_SECONDS),
        left % layout.BINS,
        (left + 1) % layout.BINS,
        share,
    )


def _writable(state: State) -> dict[str, AnyArray]:
    """Return the rows as the kernel is compiled for; they are copied only if they are not."""
    return {name: np.require(state.rows[name], dtype, ["C", "W"]) for name, (_, dtype) in ROWS.items()}
