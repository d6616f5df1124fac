"""Run everything compiled once on a little made-up past, so that the machine code is kept beside it."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from functools import partial
from multiprocessing import get_context

import numpy as np

from offkey.app.wire import DETECTORS, FORECASTERS
from offkey.core import plugins
from offkey.core.durations import HOUR, MINUTE
from offkey.core.errors import MissingLibrary
from offkey.core.findings import Band, Forecast, Snapshot, Verdict
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.signals import Signal
from offkey.core.state import State

MOST_WORKERS = 4  # each needs 300 MB, and there is no more to share out
START = 1_700_000_000 // HOUR * HOUR


def compile_all() -> Iterator[tuple[str, float]]:
    """Yield all that is compiled with the seconds its first use took: decoders, models, reports, exposition, simulator.

    Several are compiled at once, each in another process; a part that two share is kept once.
    """
    tasks: list[tuple[str, Callable[[], None]]] = [("decoders", _decode)]  # takes longest, so it is begun first
    for package, use in ((DETECTORS, _detect), (FORECASTERS, _forecast)):
        tasks += [(kind, partial(use, package, kind)) for kind in plugins.names(package)]
    tasks += [("reports", _follow), ("exposition", _expose), ("simulator", _simulate)]
    workers = min(os.cpu_count() or 1, MOST_WORKERS)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        begun = {pool.submit(_used, use): name for name, use in tasks}
        for ended in as_completed(begun):
            if (seconds := ended.result()) is not None:
                yield begun[ended], seconds


def _used(use: Callable[[], None]) -> float | None:
    """Return the seconds a first use took; None for what cannot be used, and needs no compiling."""
    began = time.monotonic()
    with suppress(MissingLibrary):
        use()
        return time.monotonic() - began
    return None


def _decode() -> None:
    from offkey.adapters.decode.exports import exported  # noqa: PLC0415 (models are compiled where no source is read)
    from offkey.adapters.decode.messages import read_labels  # noqa: PLC0415 (as above)
    from offkey.adapters.decode.names import Names  # noqa: PLC0415 (as above)
    from offkey.adapters.decode.roster import Roster  # noqa: PLC0415 (as above)
    from offkey.adapters.decode.samples import held  # noqa: PLC0415 (as above)
    from offkey.adapters.decode.writes import written  # noqa: PLC0415 (as above)
    from offkey.adapters.sources._matrix import json_labels, matrix  # noqa: PLC0415 (as above)

    axis, roster = Axis(START, MINUTE, 2), Roster(read_labels, 1)
    for is_stream in (False, True):
        for _ in range(2):
            held(b"", axis, 0, roster, is_stream=is_stream)
    matrix(b'{"status":"success","data":{"resultType":"matrix","result":[]}}', axis, 1, "")
    message = written(bytes([10, 2, 10, 0]))
    Names().numbers(message.body, message.starts, message.ends)
    exported(b'{"metric":{"a":"b"},"values":[1],"timestamps":[1]}\n', axis, Roster(json_labels, 1))


def _past() -> Frame:
    return Frame((Labels.of(name="a"),), np.linspace(1.0, 2.0, 24)[None], Axis(START, 5 * MINUTE, 24))


def _detect(package: str, kind: str) -> None:
    past = _past()
    model = plugins.model(package, kind)
    state = model.fit(past)
    model.score(state, past)
    model.band(state, past, np.ones(1))
    model.ready(model.update(state, past))


def _forecast(package: str, kind: str) -> None:
    past = _past()
    model = plugins.model(package, kind)
    state = model.update(model.fit(past), past)
    model.forecast(state, past.future(4, HOUR))


def _follow() -> None:
    from offkey.engine import pegging, reporting  # noqa: PLC0415 (models are compiled where nobody follows reports)

    series = (Labels.of(name="a"),)
    ledger = State(series, {name: np.full(1, value, kind) for name, (value, kind) in reporting.SHAPES.items()})
    reports = reporting.Reports(np.ones((1, 2), bool))
    followed = State(series, reporting.follow(ledger, reports, Axis(START, MINUTE, 2)))
    reporting.vanished(followed, START, MINUTE)
    share = Signal("a", "a", scale=(0.0, 1.0))
    pegging.stays(share, State(series, pegging.blank(1)), Frame(series, np.ones((1, 2)), Axis(START, MINUTE, 2)))


def _expose() -> None:
    from offkey.adapters.sinks import exposition  # noqa: PLC0415 (models are compiled where no sink is wanted)

    one, none = np.ones(1), np.empty((1, 0))
    found = Verdict(
        signal=Signal("a", "a", horizons=()),
        series=(Labels.of(name="a"),),
        time=START,
        observed=one,
        score=one,
        band=Band(one, one, one),
        anomalous=np.zeros(1, bool),
        since=one,
        ready=one,
        coverage=one,
        forecast=Forecast(none, none, none),
        time_to_limit=one,
    )
    sink = exposition.Sink()
    sink.publish(Snapshot(1, START, 0.0, 0.0, (found,), {}))
    sink.render()


def _simulate() -> None:
    from offkey.packs.music.platform import Platform  # noqa: PLC0415 (as above)

    Platform().families(Axis(START, MINUTE, 2))
