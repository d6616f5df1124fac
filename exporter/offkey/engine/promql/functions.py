"""Functions of instant vectors and scalars."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from offkey.core.errors import RuleError
from offkey.core.frame import Array, IntArray
from offkey.core.labels import NAME, Labels
from offkey.engine.promql.run import Run
from offkey.engine.promql.series import Vector, unnamed

Value = Vector | Array | str
_GROUP = re.compile(r"\$(?:\{(\w+)\}|(\w+)|(\$))")


def _date(part: Callable[[IntArray], IntArray]) -> Callable[[Array], Array]:
    """Return a function of seconds since 1970 from one of whole seconds."""

    def of_seconds(values: Array) -> Array:
        return part(np.where(np.isfinite(values), values, 0.0).astype(np.int64)).astype(np.float64)

    return of_seconds


def _months(seconds: IntArray) -> IntArray:
    return seconds.astype("M8[s]").astype("M8[M]").astype(np.int64)


def _day_of(unit: str) -> Callable[[IntArray], IntArray]:
    def day(seconds: IntArray) -> IntArray:
        days = seconds.astype("M8[s]").astype("M8[D]")
        return np.asarray((days - days.astype(f"M8[{unit}]").astype("M8[D]")).astype(np.int64) + 1)

    return day


def _days_in_month(seconds: IntArray) -> IntArray:
    month = seconds.astype("M8[s]").astype("M8[M]")
    return np.asarray(((month + 1).astype("M8[D]") - month.astype("M8[D]")).astype(np.int64))


MATHS: dict[str, Callable[[Array], Array]] = {
    "abs": np.abs, "ceil": np.ceil, "floor": np.floor, "exp": np.exp, "sqrt": np.sqrt, "sgn": np.sign,
    "ln": np.log, "log2": np.log2, "log10": np.log10, "deg": np.degrees, "rad": np.radians,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
}  # fmt: skip
DATES: dict[str, Callable[[Array], Array]] = {
    "minute": _date(lambda seconds: seconds // 60 % 60),
    "hour": _date(lambda seconds: seconds // 3600 % 24),
    "day_of_week": _date(lambda seconds: (seconds // 86_400 + 4) % 7),  # 1970-01-01 was a Thursday
    "day_of_month": _date(_day_of("M")),
    "day_of_year": _date(_day_of("Y")),
    "days_in_month": _date(_days_in_month),
    "month": _date(lambda seconds: _months(seconds) % 12 + 1),
    "year": _date(lambda seconds: _months(seconds) // 12 + 1970),
}


def changed(run: Run, found: Vector, values: Array) -> Vector:
    """Return the series without their names, with other values."""
    return run.united(tuple(map(unnamed, found.series)), values, found.there)


def rounded(values: Array, nearest: Array | None) -> Array:
    """Return values rounded to multiples, halves up."""
    inverse = 1.0 / (np.ones(1) if nearest is None else nearest)
    return np.asarray(np.floor(values * inverse + 0.5) / inverse)


def clamped(run: Run, found: Vector, low: Array | None, high: Array | None) -> Vector:
    """Return the series held between two values; nothing where they are the wrong way round."""
    values, there = found.values, found.there
    if high is not None:
        values = np.minimum(values, high)
    if low is not None:
        values = np.maximum(values, low)
    if low is not None and high is not None:
        there = there & ~(high < low)
    return changed(run, Vector(found.series, values, there), values)


def as_scalar(found: Vector) -> Array:
    """Return the value of the only series, NaN where there is not exactly one."""
    if not found.series:
        return np.full(found.there.shape[1], np.nan)
    total = np.where(found.there, found.values, 0.0).sum(axis=0)
    return np.where(found.there.sum(axis=0) == 1, total, np.nan)


def relabelled(run: Run, found: Vector, words: Sequence[str]) -> Vector:
    """Return the series with a label made from another. Source: Prometheus label_replace.

    Raises:
        RuleError: a regular expression or a label name cannot be used.
    """
    target, replacement, source, expression = words
    _check_name(target)
    try:
        shape = re.compile(expression, re.DOTALL)
    except re.error as error:
        msg = f"label_replace: {expression!r} cannot be read: {error}"
        raise RuleError(msg) from error

    def replaced(labels: Labels) -> Labels:
        match = shape.fullmatch(labels.get(source, ""))
        return labels.but({target: _expanded(replacement, match)}) if match else labels

    return run.united(tuple(map(replaced, found.series)), found.values, found.there)


def _expanded(template: str, match: re.Match[str]) -> str:
    """Return a replacement with $1, ${1} and ${name} filled; a group that is not there is empty."""

    def group(reference: re.Match[str]) -> str:
        if reference[3]:
            return "$"
        name = reference[1] or reference[2]
        try:
            return match[int(name) if name.isdigit() else name] or ""
        except IndexError:
            return ""

    return _GROUP.sub(group, template)


def joined(run: Run, found: Vector, words: Sequence[str]) -> Vector:
    """Return the series with a label joined from others. Source: Prometheus label_join."""
    target, separator, *sources = words
    _check_name(target)
    series = tuple(
        labels.but({target: separator.join(labels.get(name, "") for name in sources)}) for labels in found.series
    )
    return run.united(series, found.values, found.there)


def _check_name(name: str) -> None:
    if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name):
        msg = f"{name!r} is no label name"
        raise RuleError(msg)


def bucket_quantile(run: Run, share: Array, found: Vector) -> Vector:
    """Return the quantile of each classic histogram. Source: Prometheus 2.42 promql/quantile.go, bucketQuantile."""
    groups: dict[Labels, list[tuple[float, int]]] = {}
    for row, labels in enumerate(found.series):
        try:
            bound = float(labels.get("le", ""))
        except ValueError:
            continue
        groups.setdefault(labels.without(NAME, "le"), []).append((bound, row))
    if not groups:
        return Vector.nothing(run.times.size)
    values = [_quantile(share, found, sorted(buckets)) for buckets in groups.values()]
    there = [found.there[[row for _, row in buckets]].any(axis=0) for buckets in groups.values()]
    return Vector(tuple(groups), np.array(values), np.array(there))


def _quantile(share: Array, found: Vector, buckets: list[tuple[float, int]]) -> Array:
    """Return the quantile of one histogram at every instant, (T,)."""
    bounds = np.array([bound for bound, _ in buckets])
    rows = [row for _, row in buckets]
    counts, there = found.values[rows], found.there[rows]
    out = np.full(share.size, np.nan)
    patterns, which = np.unique(there, axis=1, return_inverse=True)
    for k, pattern in enumerate(patterns.T):  # buckets that exist together are few
        if pattern.sum() < 1 or not np.isposinf(bounds[pattern][-1]):
            continue
        edges, first = np.unique(bounds[pattern], return_index=True)
        at = np.flatnonzero(which.reshape(-1) == k)
        cumulated = np.maximum.accumulate(np.add.reduceat(counts[pattern][:, at], first, axis=0), axis=0)
        if edges.size >= 2:
            out[at] = _interpolated(share[at], edges, cumulated)
    out = np.where(share < 0, -np.inf, np.where(share > 1, np.inf, out))
    return np.where(np.isnan(share), np.nan, out)


def _interpolated(share: Array, edges: Array, counts: Array) -> Array:
    """Return where a share of the counts (B, T) below edges (B,) lies, (T,)."""
    total = counts[-1]
    rank = share * total
    place = (counts[:-1] < rank).sum(axis=0)
    column = np.arange(place.size)
    low = np.where(place > 0, edges[place - 1], 0.0)
    below = np.where(place > 0, counts[place - 1, column], 0.0)
    inside = counts[place, column] - below
    value = low + (edges[place] - low) * ((rank - below) / inside)
    value = np.where((place == 0) & (edges[0] <= 0), edges[0], value)
    value = np.where(place == edges.size - 1, edges[-2], value)
    return np.where(total == 0, np.nan, value)
