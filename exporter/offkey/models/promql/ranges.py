"""Functions of the samples in a sliding window, to the last bit as Prometheus 2.42 computes them.

All kernels take the samples of one series and, for each instant, the window first <= k < last of samples it holds.
Source: Prometheus 2.42 promql/functions.go (Kahan-Neumaier sums, extrapolation of rates, linear regression).
"""

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.models.kernels import compiled

GROWTH, INCREASE, RATE = range(3)


@compiled
def _added(total: float, lost: float, term: float) -> tuple[float, float]:
    """Return a sum and what its digits could not hold. Source: Neumaier (1974), Z. Angew. Math. Mech. 54:39-51."""
    grown = total + term
    lost += (total - grown) + term if abs(total) >= abs(term) else (term - grown) + total
    return grown, lost


@compiled
def extreme(is_most: bool, values: Array, first: IntArray, last: IntArray) -> Array:
    """Return the greatest or least value of each window, shape (T,); NaN only where there is nothing else."""
    out = np.full(first.size, np.nan)
    for t in range(first.size):
        for k in range(first[t], last[t]):
            x = values[k]
            if np.isnan(out[t]) or (x > out[t] if is_most else x < out[t]):
                out[t] = x
    return out


@compiled
def total(is_mean: bool, values: Array, first: IntArray, last: IntArray) -> Array:
    """Return the sum or the mean of each window, shape (T,); 0 where it is empty."""
    out = np.zeros(first.size)
    for t in range(first.size):
        found, lost, count = 0.0, 0.0, 0.0
        for k in range(first[t], last[t]):
            x = values[k]
            count += 1.0
            if not is_mean:
                found, lost = _added(found, lost, x)
            elif not (np.isinf(found) and not np.isnan(x) and (not np.isinf(x) or (found > 0) == (x > 0))):
                found, lost = _added(found, lost, x / count - found / count)
        out[t] = found if np.isinf(found) else found + lost
    return out


@compiled
def variance(values: Array, first: IntArray, last: IntArray) -> Array:
    """Return the variance of each window around its mean, shape (T,); NaN where it is empty."""
    out = np.full(first.size, np.nan)
    for t in range(first.size):
        count, mean, lost, squares, lost_squares = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(first[t], last[t]):
            count += 1.0
            delta = values[k] - (mean + lost)
            mean, lost = _added(mean, lost, delta / count)
            squares, lost_squares = _added(squares, lost_squares, delta * (values[k] - (mean + lost)))
        out[t] = (squares + lost_squares) / count
    return out


@compiled
def quantile(share: Array, values: Array, first: IntArray, last: IntArray) -> Array:
    """Return the `share` (T,) quantile of each window, shape (T,); NaN sorts first, and is the answer when empty."""
    out = np.full(first.size, np.nan)
    for t in range(first.size):
        q, size = share[t], last[t] - first[t]
        if size <= 0 or np.isnan(q):
            continue
        if q < 0 or q > 1:
            out[t] = -np.inf if q < 0 else np.inf
            continue
        window = np.sort(values[first[t] : last[t]])  # NaN last
        missing = 0
        for k in range(size):
            missing += int(np.isnan(window[k]))
        rank = q * (size - 1)
        low = int(max(0.0, np.floor(rank)))
        high = int(min(size - 1.0, low + 1.0))
        weight = rank - np.floor(rank)
        below = np.nan if low < missing else window[low - missing]
        above = np.nan if high < missing else window[high - missing]
        out[t] = below * (1 - weight) + above * weight
    return out


@compiled
def growth(
    kind: int, span: int, ends: IntArray, times: IntArray, values: Array, first: IntArray, last: IntArray
) -> Array:
    """Return how much a series grew in each window, extrapolated to its edges, shape (T,); NaN below two samples.

    Args:
        kind: GROWTH of a gauge; INCREASE of a counter, which restarts from 0 and is never below; RATE of it per second.
        span: length of the windows, milliseconds.
        ends: the instant each window ends, milliseconds, (T,).
        times: of the samples, milliseconds.
        values: the samples.
        first: first sample of each window.
        last: first sample beyond it.
    """
    out = np.full(first.size, np.nan)
    for t in range(first.size):
        low, high = first[t], last[t] - 1
        if high - low < 1:
            continue
        result = values[high] - values[low]
        if kind > 0:
            before = values[low]
            for k in range(low, high + 1):
                if values[k] < before:
                    result += before
                before = values[k]
        to_start = (times[low] - (ends[t] - span)) / 1000.0
        to_end = (ends[t] - times[high]) / 1000.0
        sampled = (times[high] - times[low]) / 1000.0
        average = sampled / float(high - low)
        if kind > 0 and result > 0 and values[low] >= 0:
            to_zero = sampled * (values[low] / result)
            to_start = min(to_start, to_zero)
        threshold = average * 1.1
        reach = sampled
        reach += to_start if to_start < threshold else average / 2
        reach += to_end if to_end < threshold else average / 2
        factor = reach / sampled
        if kind > 1:
            factor /= span / 1000.0
        out[t] = result * factor
    return out


@compiled
def line(
    origins: IntArray, times: IntArray, values: Array, first: IntArray, last: IntArray
) -> tuple[Array, Array]:  # fmt: skip
    """Return slope (per second) and height at `origins` (milliseconds) of the line through each window, (T,) each."""
    slope, height = np.full(first.size, np.nan), np.full(first.size, np.nan)
    for t in range(first.size):
        low, high = first[t], last[t]
        if high - low < 2:
            continue
        x_sum, x_lost, y_sum, y_lost = 0.0, 0.0, 0.0, 0.0
        xy_sum, xy_lost, xx_sum, xx_lost = 0.0, 0.0, 0.0, 0.0
        is_level = True
        for k in range(low, high):
            x, y = (times[k] - origins[t]) / 1000.0, values[k]
            is_level = is_level and (k == low or y == values[low])
            x_sum, x_lost = _added(x_sum, x_lost, x)
            y_sum, y_lost = _added(y_sum, y_lost, y)
            xy_sum, xy_lost = _added(xy_sum, xy_lost, x * y)
            xx_sum, xx_lost = _added(xx_sum, xx_lost, x * x)
        if is_level:
            if not np.isinf(values[low]):
                slope[t], height[t] = 0.0, values[low]
            continue
        n = float(high - low)
        x_sum, y_sum, xy_sum, xx_sum = x_sum + x_lost, y_sum + y_lost, xy_sum + xy_lost, xx_sum + xx_lost
        slope[t] = (xy_sum - x_sum * y_sum / n) / (xx_sum - x_sum * x_sum / n)
        height[t] = y_sum / n - slope[t] * x_sum / n
    return slope, height
