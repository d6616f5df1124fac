"""Prophet's 80 % bands, fitted anew every three days to two weeks at ten-minute steps; 1 lies on the band."""

import logging

import numpy as np

from offkey.core.durations import DAY, MINUTE, WEEK
from offkey.core.frame import Array

REFIT, PAST, STEP = 3 * DAY, 2 * WEEK, 10 * MINUTE
FEW = 50


def score(values: Array, step: int, history: int) -> Array:
    """Return the distance from the middle of the band in half widths, shape (T,)."""
    out = np.full(values.size, np.nan)
    for first in range(history, values.size, max(1, REFIT // step)):
        last = min(values.size, first + max(1, REFIT // step))
        begin = max(0, first - PAST // step)
        middle, half = _forecast(values[begin:first], step, last - first)
        out[first:last] = np.abs(values[first:last] - middle) / (half + 1e-9)
    return out


def _forecast(past: Array, step: int, horizon: int) -> tuple[Array, Array]:
    """Return middle and half width of the band over the samples after the past, shape (horizon,) each."""
    import pandas as pd  # noqa: PLC0415 (Prophet's own input)
    from prophet import Prophet  # type: ignore[import-not-found]  # noqa: PLC0415 (optional, slow to import)

    logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
    stride = max(1, STEP // step)
    seconds = np.arange(len(past) + horizon) * step
    history = pd.DataFrame({"ds": pd.to_datetime(seconds[: len(past) : stride], unit="s"), "y": past[::stride]})
    if history["y"].count() < FEW:
        return np.full(horizon, np.nan), np.ones(horizon)
    model = Prophet(
        interval_width=0.8,
        daily_seasonality=True,
        weekly_seasonality=len(past) * step > 9 * DAY,
        yearly_seasonality=False,
        uncertainty_samples=150,
    ).fit(history.dropna(), seed=1)
    asked = seconds[len(past) :: stride]
    found = model.predict(pd.DataFrame({"ds": pd.to_datetime(asked, unit="s")}))
    middle, half = found["yhat"].to_numpy(), (found["yhat_upper"] - found["yhat_lower"]).to_numpy() / 2
    return np.interp(seconds[len(past) :], asked, middle), np.interp(seconds[len(past) :], asked, half)
