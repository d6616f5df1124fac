"""Functions of ranges: `rate(x[5m])` and its kin, for every series at every instant."""

from collections.abc import Callable, Sequence

import numpy as np

from offkey.core.frame import Array
from offkey.engine.promql.run import Run, Windows
from offkey.engine.promql.series import Vector, unnamed
from offkey.models.promql import ranges

# Parameters of the call, at every instant, then the windows of one series: the values, where there are enough samples.
Function = Callable[[Sequence[Array], Windows, Run], Array]


def over(run: Run, name: str, params: Sequence[Array], windows: Sequence[Windows]) -> Vector:
    """Return a function of each series' windows."""
    function, least = FUNCTIONS[name]
    if not windows:
        return Vector.nothing(run.times.size)
    values = np.array([function(params, one, run) for one in windows])
    there = np.array([one.count >= least for one in windows])
    series = [one.labels if name == "last_over_time" else unnamed(one.labels) for one in windows]
    return run.united(series, values, there)


def _growth(kind: int) -> Function:
    return lambda _, one, __: ranges.growth(kind, one.span, one.ends, one.times, one.values, one.first, one.last)


def _last_two(*, is_rate: bool) -> Function:
    """Return the difference of the last two samples, for a rate divided by the seconds between them."""

    def difference(_: Sequence[Array], one: Windows, run: Run) -> Array:
        del run
        if one.times.size < 2:
            return np.zeros(one.ends.size)
        last = np.clip(one.last - 1, 1, one.times.size - 1)
        new, old = one.values[last], one.values[last - 1]
        if not is_rate:
            return np.asarray(new - old)
        grown = np.where(new < old, new, new - old)
        return np.asarray(grown / ((one.times[last] - one.times[last - 1]) / 1000.0))

    return difference


def _steps(*, downwards: bool) -> Function:
    """Return how often neighbours differ, or fall."""

    def counted(_: Sequence[Array], one: Windows, run: Run) -> Array:
        del run
        new, old = one.values[1:], one.values[:-1]
        step = new < old if downwards else (new != old) & ~(np.isnan(new) & np.isnan(old))
        before = np.concatenate([[0, 0], np.cumsum(step)])  # steps up to each sample
        inside = before[np.maximum(one.last, 1)] - before[np.minimum(one.first + 1, before.size - 1)]
        return np.where(one.count > 0, inside, 0).astype(np.float64)

    return counted


def _last(_: Sequence[Array], one: Windows, run: Run) -> Array:
    del run
    return one.values[np.maximum(one.last - 1, 0)] if one.values.size else np.zeros(one.ends.size)


def _slope(_: Sequence[Array], one: Windows, run: Run) -> Array:
    del run
    first = np.minimum(one.first, max(one.times.size - 1, 0))
    origins = one.times[first] if one.times.size else one.ends
    return ranges.line(origins, one.times, one.values, one.first, one.last)[0]


def _predicted(params: Sequence[Array], one: Windows, run: Run) -> Array:
    slope, height = ranges.line(run.times, one.times, one.values, one.first, one.last)
    return np.asarray(slope * params[0] + height)


FUNCTIONS: dict[str, tuple[Function, int]] = {
    "rate": (_growth(ranges.RATE), 2),
    "increase": (_growth(ranges.INCREASE), 2),
    "delta": (_growth(ranges.GROWTH), 2),
    "irate": (_last_two(is_rate=True), 2),
    "idelta": (_last_two(is_rate=False), 2),
    "changes": (_steps(downwards=False), 1),
    "resets": (_steps(downwards=True), 1),
    "deriv": (_slope, 2),
    "predict_linear": (_predicted, 2),
    "avg_over_time": (lambda _, one, __: ranges.total(True, one.values, one.first, one.last), 1),
    "sum_over_time": (lambda _, one, __: ranges.total(False, one.values, one.first, one.last), 1),
    "min_over_time": (lambda _, one, __: ranges.extreme(False, one.values, one.first, one.last), 1),
    "max_over_time": (lambda _, one, __: ranges.extreme(True, one.values, one.first, one.last), 1),
    "stddev_over_time": (lambda _, one, __: np.sqrt(ranges.variance(one.values, one.first, one.last)), 1),
    "stdvar_over_time": (lambda _, one, __: ranges.variance(one.values, one.first, one.last), 1),
    "count_over_time": (lambda _, one, __: one.count.astype(np.float64), 1),
    "present_over_time": (lambda _, one, __: np.ones(one.ends.size), 1),
    "last_over_time": (_last, 1),
    "quantile_over_time": (lambda params, one, _: ranges.quantile(params[0], one.values, one.first, one.last), 1),
}
