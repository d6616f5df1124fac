"""What forecasters that keep the last weeks have in common: the values, and bounds that follow their errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from offkey.core.findings import Forecast
from offkey.core.frame import Array, Frame, IntArray
from offkey.core.state import AnyArray, State
from offkey.models.grid import BIN, DAY_SLOTS, WEEK_SLOTS, blank_open, close_bins, slots_of

EVERY = 48  # bins between two forecasts that will be checked
LEADS = np.array((3, 12, 30, 48, 96, 144, 216, 288))  # checked distances, two for each block
BLOCKS = 4
CENTRES = np.log(np.array((6.0, 38.0, 118.0, 249.0)))  # between them, reaches mix by the distance's logarithm
KEPT = LEADS[-1] // EVERY + 1  # forecasts that wait for their instants
OUTSIDE = np.array((0.08, 0.075, 0.07, 0.06))  # share of errors to leave out: far ones come in runs and teach late
PACE = 0.03  # how fast the reach follows the errors it sees
FIRST = 2.2  # reach that the first errors are given, in mean absolute errors
MEMORY = 60.0  # checks over which the mean error is forgotten, twelve a day
BURST = 8.0  # times the usual error: a larger one widens the bounds no further
NEED = 2 * DAY_SLOTS  # bins with a value before a series is ready
TAUGHT = 0.75  # share of a history that trains; bounds are learned from errors on what follows


class Said(NamedTuple):
    """What a model says before its bounds are calibrated, shape (S, H); NaN = unknown.

    `below` and `above` are the error to expect in either direction, >= 0, in the series' unit; only how they compare
    with each other, over series and instants, counts.
    """

    point: Array
    below: Array
    above: Array


Rows = Mapping[str, AnyArray]


@dataclass(frozen=True)
class Continued:
    """Keeps the newest two values of each slot of the week; checks what it said some hours before, and says bounds.

    A forecaster adds `_train`, for what it learns once from all series, `_renew`, for what it learns anew each day, and
    `_say`. Bounds are adaptive conformal. Source: Gibbs and Candès (2021), NeurIPS 34.
    """

    pooled: ClassVar[bool] = False  # whether `fit` learns something from all series together
    context: int = 0  # past samples a frame must hold before its first new one

    def fit(self, frame: Frame) -> State:
        """Train on the first three quarters of a history, then replay all of it."""
        size = len(frame.series)
        blank = State((), {name: np.zeros((0, *shape), kind) for name, (shape, kind) in self._shapes().items()})
        rows = State((), dict(blank.rows) | blank_open()).align(frame.series).rows
        bins, _ = close_bins(rows, frame)
        shared = self._train(bins.columns(0, int(TAUGHT * bins.axis.size))) if size else {}
        return self.update(State(frame.series, rows, shared), frame)

    def update(self, state: State, frame: Frame) -> State:
        """Learn every column."""
        rows = state.align(frame.series).rows
        bins, still_open = close_bins(rows, frame)
        kept = {name: rows[name].copy() for name in self._shapes()}
        slots, first = slots_of(bins), bins.axis.start // BIN
        for column in range(bins.axis.size):
            number = first + column
            _check(kept, number, bins.values[:, column])
            _store(kept, number, slots[:, column], bins.values[:, column])
            if number % DAY_SLOTS == 0:
                kept |= self._renew(kept, state.shared)
            if number % EVERY == 0:
                self._issue(kept, state.shared, number)
        return State(frame.series, kept | still_open, state.shared)

    def ready(self, state: State) -> Array:
        """Return the share of the first two days that was seen, shape (S,)."""
        return np.minimum(state["count"] / NEED, 1.0)

    def forecast(self, state: State, future: Frame) -> Forecast:
        """Return point and bounds, shape (S, H); NaN where too little was seen."""
        rows = state.align(future.series).rows
        if future.values.size == 0:
            return Forecast(*(np.empty(future.values.shape) for _ in range(3)))
        ahead = np.maximum(future.axis.times // BIN - rows["clock"].max(initial=0), 1)
        said = self._say(rows, state.shared, slots_of(future), ahead)
        reach = (rows["error"] * rows["width"]) @ _blend(ahead)
        return Forecast(said.point, said.point - reach * said.below, said.point + reach * said.above)

    def _shapes(self) -> dict[str, tuple[tuple[int, ...], type]]:
        """Return shape and type of each array that follows the series."""
        return {
            "weeks": ((2, WEEK_SLOTS), np.float64),  # newest value of each slot of the week, and the one before it
            "slot": ((), np.int64),
            "clock": ((), np.int64),  # number of the newest bin, counted from 1970
            "count": ((), np.int64),
            "issued": ((KEPT, len(LEADS), 3), np.float64),  # point, below, above
            "issued_at": ((KEPT,), np.int64),
            "error": ((BLOCKS,), np.float64),
            "width": ((BLOCKS,), np.float64),
        }

    def _train(self, past: Frame) -> dict[str, AnyArray]:
        """Return what is learned once, from all series together; `past` is on the grid."""
        del past
        return {}

    def _renew(self, rows: Rows, shared: Rows) -> dict[str, AnyArray]:
        """Return what is learned anew at the start of each day, arrays (S, ...)."""
        del rows, shared
        return {}

    def _say(self, rows: Rows, shared: Rows, slots: IntArray, ahead: IntArray) -> Said:
        """Return what is expected in slots of the week, shape (S, H), so many bins ahead, shape (H,)."""
        raise NotImplementedError

    def _issue(self, rows: Rows, shared: Rows, number: int) -> None:
        """Put forecasts aside; the few that meet a change of the clock are checked against the wrong hour."""
        slots = (rows["slot"][:, None] + LEADS) % WEEK_SLOTS
        place, young = number // EVERY % KEPT, rows["count"] < DAY_SLOTS
        rows["issued"][:, place] = np.stack(self._say(rows, shared, slots, LEADS), axis=2)
        rows["issued"][young, place] = np.nan
        rows["issued_at"][:, place] = number


def last_day(slot: IntArray) -> IntArray:
    """Return the slots of the week of the last 288 bins up to `slot`, in the order of time, shape (S, 288)."""
    return np.asarray((slot[:, None] - np.arange(DAY_SLOTS)[::-1]) % WEEK_SLOTS)


def usual_day(week: Array) -> Array:
    """Return the median of the seven days in each slot of the day, (S, 288); NaN where never seen.

    Args:
        week: values of the slots of a week, shape (S, 2016).
    """
    days = np.sort(week.reshape(len(week), -1, DAY_SLOTS), axis=1)  # NaN last
    known = np.isfinite(days).sum(axis=1)[:, None]
    low, high = (np.take_along_axis(days, np.maximum(middle, 0), axis=1) for middle in ((known - 1) // 2, known // 2))
    return np.asarray(np.where(known > 0, 0.5 * low + 0.5 * np.where(known > 0, high, 0.0), np.nan)[:, 0])


def smooth(day: Array, width: int = 3) -> Array:
    """Return the mean over so many slots on either side, around midnight too; NaN only where all are NaN."""
    known = np.isfinite(day)
    total, count = np.zeros(day.shape), np.zeros(day.shape)
    for shift in range(-width, width + 1):
        total += np.roll(np.where(known, day, 0.0), shift, axis=1)
        count += np.roll(known, shift, axis=1)
    return np.asarray(np.divide(total, count, out=np.full(day.shape, np.nan), where=count > 0))


def spread_of(rest: Array, week: Array) -> Array:
    """Return how far values usually are from a profile, shape (S,): never nothing where anything ever moved.

    Args:
        rest: the last day less the profile, shape (S, T).
        week: values of the week, shape (S, 2016).
    """
    known = np.isfinite(rest)
    middle = np.sort(np.abs(rest), axis=1)
    place = np.maximum((known.sum(axis=1)[:, None] - 1) // 2, 0)
    median = np.take_along_axis(middle, place, axis=1)[:, 0]
    return np.asarray(1.4826 * np.nan_to_num(median) + 0.05 * deviation(week))


def deviation(values: Array) -> Array:
    """Return the standard deviation of what is known, shape (S,); 0 for nothing."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=1), 1)
    first = values[np.arange(len(values)), known.argmax(axis=1)][:, None]
    away = np.where(known, values - first, 0.0)
    mean = away.sum(axis=1) / count
    return np.asarray(np.sqrt((np.where(known, away - mean[:, None], 0.0) ** 2).sum(axis=1) / count))


def _blend(ahead: IntArray) -> Array:
    """Return the part of each block at each distance, shape (BLOCKS, H)."""
    place = np.interp(np.log(ahead), CENTRES, np.arange(BLOCKS))
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(place - np.arange(BLOCKS)[:, None])))


def _store(rows: Rows, number: int, slot: IntArray, value: Array) -> None:
    known = np.flatnonzero(np.isfinite(value))
    weeks = rows["weeks"]
    weeks[known, 1, slot[known]] = weeks[known, 0, slot[known]]
    weeks[known, 0, slot[known]] = value[known]
    rows["slot"][:], rows["clock"][:] = slot, number
    rows["count"][known] += 1


def _check(rows: Rows, number: int, value: Array) -> None:
    """Compare values with what was said about them, and let the bounds learn."""
    for lead in np.flatnonzero((number - LEADS) % EVERY == 0).tolist():
        then = number - LEADS[lead]
        place, block = then // EVERY % KEPT, lead * BLOCKS // len(LEADS)
        point, below, above = rows["issued"][:, place, lead].T
        miss = value - point
        there = np.isfinite(miss) & (rows["issued_at"][:, place] == then)
        _calibrate(rows, block, np.abs(miss)[there], np.where(miss < 0, below, above)[there], np.flatnonzero(there))


def _calibrate(rows: Rows, block: int, miss: Array, side: Array, places: IntArray) -> None:
    error, width = rows["error"][places, block], rows["width"][places, block]
    nothing = np.where(miss > 0, BURST, 0.0)
    size = np.minimum(np.divide(miss, side, out=nothing, where=side > 0), 1e6)
    fresh = np.isnan(error)
    error, width = np.where(fresh, np.minimum(size, BURST), error), np.where(fresh, FIRST, width)
    rows["width"][places, block] = width * (1.0 + PACE * ((size > width * error) - OUTSIDE[block]))
    rows["error"][places, block] = error + (np.minimum(size, BURST * np.maximum(error, 0.1)) - error) / MEMORY
