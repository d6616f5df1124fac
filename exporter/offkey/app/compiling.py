"""Run every model once on a little made-up past, so that compiled code is kept beside it."""

import time
from collections.abc import Iterator

import numpy as np

from offkey.app.wire import DETECTORS, FORECASTERS
from offkey.core import plugins
from offkey.core.durations import HOUR, MINUTE
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels

START = 1_700_000_000 // HOUR * HOUR


def compile_all() -> Iterator[tuple[str, float]]:
    """Yield each kind of detector and forecaster with the seconds its first use took."""
    past = Frame((Labels.of(name="a"),), np.linspace(1.0, 2.0, 24)[None], Axis(START, 5 * MINUTE, 24))
    for package, use in ((DETECTORS, _detect), (FORECASTERS, _forecast)):
        for kind in plugins.names(package):
            began = time.monotonic()
            use(package, kind, past)
            yield kind, time.monotonic() - began


def _detect(package: str, kind: str, past: Frame) -> None:
    model = plugins.model(package, kind)
    state = model.fit(past)
    model.score(state, past)
    model.band(state, past, np.ones(1))
    model.ready(model.update(state, past))


def _forecast(package: str, kind: str, past: Frame) -> None:
    model = plugins.model(package, kind)
    state = model.update(model.fit(past), past)
    model.forecast(state, past.future(4, HOUR))
