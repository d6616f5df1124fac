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
from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.errors import MissingLibrary
from offkey.core.findings import Band, Forecast, Snapshot, Verdict
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.ports import Foreseeing
from offkey.core.signals import Signal
from offkey.core.state import State

MOST_WORKERS = 4  # each needs 300 MB, and there is no more to share out
START = 1_700_000_000 // HOUR * HOUR
PAUSE = 5 * MINUTE
ONE = (Labels.of(name="a"),)


def compile_all() -> Iterator[tuple[str, float]]:
    """Yield all that is compiled with the seconds its first use took: decoders, models, reports and so on.

    Several are compiled at once, each in another process; a part that two share is kept once.
    """
    workers = min(os.cpu_count() or 1, MOST_WORKERS)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        begun = {pool.submit(_used, use): name for name, use in first_uses()}
        for ended in as_completed(begun):
            if (seconds := ended.result()) is not None:
                yield begun[ended], seconds


def first_uses() -> list[tuple[str, Callable[[], None]]]:
    """Return what compiles everything between them, each under its name; what takes longest is first.

    One raises MissingLibrary when it is called and the library it needs is not installed.
    """
    uses: list[tuple[str, Callable[[], None]]] = [("decoders", _decode)]
    for package, use in ((DETECTORS, _detect), (FORECASTERS, _forecast)):
        uses += [(kind, partial(use, package, kind)) for kind in plugins.names(package)]
    own = (("quality", _sift), ("reports", _follow), ("limits", _reach), ("alerts", _alert), ("rules", _replay))
    return [*uses, *own, ("exposition", _expose), ("remote write", _write), ("simulator", _simulate)]


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
    size = 2 * DAY // PAUSE  # what learns on a schedule has then learned once
    return Frame(ONE, np.linspace(1.0, 2.0, size)[None], Axis(START, PAUSE, size))


def _detect(package: str, kind: str) -> None:
    past = _past()
    model = plugins.model(package, kind)
    state = model.fit(past)
    model.score(state, past)
    model.band(state, past, np.ones(1))
    if isinstance(model, Foreseeing):
        model.foresee(state, past.future(1), np.ones(1)).weigh(np.ones((1, 1)))
    model.ready(model.update(state, past))


def _forecast(package: str, kind: str) -> None:
    past = _past()
    model = plugins.model(package, kind)
    state = model.update(model.fit(past), past)
    model.forecast(state, past.future(4, HOUR))


def _sift() -> None:
    from offkey.models.plausible import sifted  # noqa: PLC0415 (models are compiled where nothing is read)

    sifted(np.ones((1, 2)), (0.0, 1.0, 1.0), None, None, 0.0)


def _follow() -> None:
    from offkey.engine import pegging, reporting  # noqa: PLC0415 (models are compiled where nobody follows reports)

    ledger = State(ONE, {name: np.full(1, value, kind) for name, (value, kind) in reporting.SHAPES.items()})
    reports = reporting.Reports(np.ones((1, 2), bool))
    followed = State(ONE, reporting.follow(ledger, reports, Axis(START, MINUTE, 2)))
    reporting.vanished(followed, START, MINUTE)
    share = Signal("a", "a", scale=(0.0, 1.0))
    pegging.stays(share, State(ONE, pegging.blank(1)), Frame(ONE, np.ones((1, 2)), Axis(START, MINUTE, 2)))


def _reach() -> None:
    from offkey.models.crossing import time_to_limit  # noqa: PLC0415 (models are compiled where no limit is set)

    time_to_limit(np.array([1, 2]), np.ones((1, 2)), 1.0, 0, np.ones(1))


def _alert() -> None:
    from offkey.core.signals import Alert  # noqa: PLC0415 (models are compiled where nobody alerts)
    from offkey.engine.backtest import firing_of  # noqa: PLC0415 (as above)
    from offkey.models.alarms.firing import pages  # noqa: PLC0415 (as above)

    pages(firing_of(np.ones((1, 2)), MINUTE, Alert())[0], 0)


def _replay() -> None:
    from offkey.engine.promql.rangefunctions import FUNCTIONS  # noqa: PLC0415 (models are compiled where no rule is)
    from offkey.engine.promql.run import Run, Windows  # noqa: PLC0415 (as above)
    from offkey.engine.promql.world import Samples  # noqa: PLC0415 (as above)
    from offkey.models.promql.alerts import lives  # noqa: PLC0415 (as above)

    times, share = np.array([1_000, 2_000]), np.ones(2)
    window = Windows(ONE[0], times, share, np.zeros(2, np.int64), np.full(2, 2), times, 2_000)
    run = Run(Samples(()), times, 1_000)
    for function, _ in FUNCTIONS.values():
        function([share], window, run)
    breach = np.ones((1, 2), bool)
    lives(breach, breach, ~breach[0], times, np.zeros(3, np.int64), np.zeros((1, 3), np.int64))


def _expose() -> None:
    from offkey.adapters.sinks import exposition  # noqa: PLC0415 (models are compiled where no sink is wanted)

    one, none = np.ones(1), np.empty((1, 0))
    found = Verdict(
        signal=Signal("a", "a", horizons=()),
        series=ONE,
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


def _write() -> None:
    from offkey.adapters.sinks._text import Tails  # noqa: PLC0415 (models are compiled where nothing is sent)
    from offkey.adapters.sinks._writes import Column  # noqa: PLC0415 (as above)

    labels, first = Tails.of([b""]), np.zeros(1, np.int64)
    Column(b"a", b"", labels, labels, first, first, np.ones(1), first).text(0, 1)


def _simulate() -> None:
    from offkey.packs.music.platform import Platform  # noqa: PLC0415 (as above)

    Platform().families(Axis(START, MINUTE, 2))
