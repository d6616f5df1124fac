"""What a regression over many series is told about an instant to come: the season and the last hours, without units."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from offkey.core.frame import Array, Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models.continued import deviation, last_day, smooth, spread_of, usual_day
from offkey.models.grid import DAY_SLOTS, WEEK_SLOTS, slots_of
from offkey.models.trees import ask, pack, shapes

FEATURES = 14
FARTHEST = 30.0  # units from the profile; what is farther counts as this far
LEAST_PAST = 2 * DAY_SLOTS
MOST_SERIES = 300  # trained on; more would teach little and cost much
MOST_SAMPLES = 8_000
DISTANCES = 12  # instants asked for from each origin
ORIGINS = (24, 60)  # least and most origins in a history
SEED = 20_240_601
OUTLYING = 5.0  # units from the profile: the mean of a leaf is not to follow what is farther


class Past(NamedTuple):
    """What is known of series at some moment, (S, ...)."""

    week: Array  # newest value of each slot of the week (2016)
    profile: Array  # usual value of each slot of the day (288)
    unit: Array  # usual distance from it
    rest: Array  # the last day in the order of time, units from the profile (288); 0 where missing


def past_of(week: Array, slot: IntArray) -> Past:
    """Return what is known at the newest slot of the week, (S,), from the values of all its slots, (S, 2016)."""
    profile, back = smooth(usual_day(week)), last_day(slot)
    rest = np.take_along_axis(week, back, axis=1) - np.take_along_axis(profile, back % DAY_SLOTS, axis=1)
    unit = spread_of(rest, week)
    return Past(week, profile, unit, in_units(rest, unit))


def in_units(distance: Array, unit: Array) -> Array:
    """Return distances, shape (S, T), in units, (S,): 0 where missing or where nothing ever moved, never too far."""
    known = np.isfinite(distance) & (unit > 0)[:, None]
    found = np.divide(distance, unit[:, None], out=np.zeros(distance.shape), where=known)
    return np.asarray(np.clip(found, -FARTHEST, FARTHEST))


def expected(past: Past, slots: IntArray) -> Array:
    """Return what the profile says in slots of the week, shape (S, H); NaN where never seen."""
    return np.asarray(np.take_along_axis(past.profile, slots % DAY_SLOTS, axis=1))


def features(past: Past, slots: IntArray, ahead: IntArray) -> Array:
    """Return what is told about slots of the week, (S, H), so many bins ahead, (H,): shape (S, H, 14), float64.

    The distance; the same time yesterday (also smoothed), the day before and last week, in units from the
    profile there; the newest distance from it; levels and spreads of the last hours; how high the season is; how rough.
    """
    profile, back = expected(past, slots), -(-ahead // DAY_SLOTS) * DAY_SLOTS
    seen = [np.take_along_axis(past.week, (slots - days) % WEEK_SLOTS, axis=1) for days in (back, back + DAY_SLOTS, 0)]
    near = [np.take_along_axis(past.week, (slots - back + k) % WEEK_SLOTS, axis=1) for k in (-2, -1, 1)]
    around = in_units(np.mean(near, axis=0) - profile, past.unit)
    rest = past.rest
    rough = np.abs(np.diff(rest, axis=1)).mean(axis=1)
    height = in_units(deviation(past.profile)[:, None], past.unit)[:, 0]
    levels = [rest[:, -k:].mean(axis=1) for k in (3, 12, 48)]
    one = [*levels, np.median(rest, axis=1), rest[:, -12:].std(axis=1), rest.std(axis=1), height, rough]
    told = [
        np.broadcast_to(ahead.astype(float), slots.shape),
        *(in_units(value - profile, past.unit) for value in seen),
        around,
        np.broadcast_to(rest[:, -1:], slots.shape),
        *(np.broadcast_to(each[:, None], slots.shape) for each in one),
    ]
    return np.stack(told, axis=2)


class Lesson(NamedTuple):
    """One moment of a history: what was known of some series, and what came."""

    past: Past
    slots: IntArray  # slots of the week that were asked for, (S, H)
    ahead: IntArray  # bins ahead (H,)
    came: Array  # what came there, units from the profile (S, H); NaN = missing


def lessons(history: Frame, distances: int) -> Iterator[Lesson]:
    """Yield moments of a history on the grid, chosen by chance but always the same.

    Args:
        history: series in any order.
        distances: instants asked for from each moment, up to a day ahead; a whole day is taken in order.
    """
    rng = np.random.default_rng(SEED)
    order = np.array(sorted(range(len(history.series)), key=lambda k: str(history.series[k])), np.int64)
    frame = history.rows(order[np.linspace(0, len(order) - 1, min(len(order), MOST_SERIES)).astype(np.int64)])
    size, slots = frame.axis.size, slots_of(frame)
    last = size - DAY_SLOTS
    if last <= LEAST_PAST:
        return
    count = int(np.clip(MOST_SAMPLES // (distances * len(frame.series)), *ORIGINS))
    week, done = np.full((len(frame.series), WEEK_SLOTS), np.nan), 0
    for origin in np.unique(rng.integers(LEAST_PAST, last, count)):
        row, column = np.nonzero(np.isfinite(frame.values[:, done:origin]))
        week[row, slots[row, done + column]] = frame.values[row, done + column]
        done = int(origin)
        ahead = np.sort(rng.choice(np.arange(1, DAY_SLOTS + 1), distances, replace=False))
        asked = slots[:, done + ahead - 1]
        past = past_of(week.copy(), slots[:, done - 1])
        came = frame.values[:, done + ahead - 1] - expected(past, asked)
        scaled = np.where(np.isfinite(came) & (past.unit > 0)[:, None], in_units(came, past.unit), np.nan)
        yield Lesson(past, asked, ahead, scaled)


def planted(grown: Sequence[Any], prefix: str = "") -> dict[str, AnyArray]:
    """Return scikit-learn's regression trees, grown on all series, as arrays (1, trees, nodes)."""
    trees = [one.tree_ for one in grown]
    room = max(tree.node_count for tree in trees)
    packed = pack(trees, [tree.value[:, 0, 0] for tree in trees], room)
    return {prefix + name: array[None] for name, array in packed.items()}


def mean_of(shared: Mapping[str, AnyArray], told: Array, prefix: str = "") -> Array:
    """Return the mean of what planted trees say about features, shape (S, H, F): (S, H)."""
    forest = {name: shared[prefix + name] for name in shapes(0, 0)}
    return ask(forest, told.reshape(1, -1, told.shape[2])).reshape(told.shape[:2])


def samples(history: Frame) -> tuple[Array, Array]:
    """Return what a regression learns from a history: shape (N, 14), and what came, (N,)."""
    told, came = [np.empty((0, FEATURES))], [np.empty(0)]
    for one in lessons(history, DISTANCES):
        known = np.isfinite(one.came)
        told.append(features(one.past, one.slots, one.ahead)[known])
        came.append(one.came[known])
    return np.concatenate(told), np.concatenate(came)


def forest(history: Frame, trees: int, least_leaf: int) -> dict[str, AnyArray]:
    """Return a Random Forest over all series of a history, as arrays (1, trees, nodes).

    Args:
        history: series in any order, on the grid.
        trees: how many.
        least_leaf: samples a leaf must hold.
    """
    from sklearn.ensemble import RandomForestRegressor  # type: ignore[import-untyped]  # noqa: PLC0415 (slow to import; no types)

    told, came = samples(history)
    came = np.clip(came, -OUTLYING, OUTLYING)
    if len(came) < 2 * least_leaf:
        told, came = np.zeros((1, FEATURES)), np.zeros(1)
    grown = RandomForestRegressor(trees, min_samples_leaf=least_leaf, max_features=0.5, random_state=SEED, n_jobs=1)
    return planted(grown.fit(told, came).estimators_)
