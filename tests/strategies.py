"""Frames that tests are made of: drawn by a seed, or by hypothesis."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from offkey.core.durations import DAY
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels

MONDAY = 1_709_510_400  # 2024-03-04 00:00 UTC


def names(series: int) -> tuple[Labels, ...]:
    """Return that many label sets."""
    return tuple(Labels.of(__name__="requests", instance=f"node-{k}") for k in range(series))


def wave(
    series=4, days=4.0, step=300, seed=1, *, start=MONDAY, noise=1.0, swing=10.0, level=100.0, zone="UTC"
) -> Frame:
    """Return a daily curve of +-swing on the zone's wall clock, each series shifted and noisy in its own way."""
    axis = Axis(start, step, int(days * DAY / step))
    rng = np.random.default_rng(seed)
    shift = np.linspace(0, 1, series, endpoint=False)[:, None]
    phase = axis.week_seconds(zone)[None, :] / DAY + shift
    values = level * (1 + shift) + swing * np.sin(2 * np.pi * phase) + noise * rng.normal(size=(series, axis.size))
    return Frame(names(series), values, axis, (zone,) * series)


@st.composite
def gappy_frames(draw, most_series=4, most_samples=60):
    """Draw a small frame of finite values with any number of missing samples."""
    shape = (draw(st.integers(1, most_series)), draw(st.integers(0, most_samples)))
    number = st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-3, 3).map(float) | st.just(float("nan"))
    step = draw(st.sampled_from([15, 60, 300, 3600]))
    return Frame(names(shape[0]), draw(hnp.arrays(np.float64, shape, elements=number)), Axis(MONDAY, step, shape[1]))
