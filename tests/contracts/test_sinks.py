"""What every file in the folder of sinks promises; a new file is tested without an edit.

A sink is built without arguments, with a text stream when it asks for one called `stream`, or with a function that
takes WriteRequests when it asks for one called `send`; what it shows is read from its `render().body` (bytes), from
that stream, or from those messages.
"""

import inspect
import io
import sys
import threading

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snapshots import NOW, pods, snapshot, verdict

from offkey.core.findings import Band, Forecast
from offkey.core.labels import Labels
from offkey.core.plugins import load, names
from offkey.core.signals import Signal

PACKAGE = "offkey.adapters.sinks"
NAMES = names(PACKAGE)
READERS = 8


class Bench:
    """A sink and a way to read what it shows."""

    def __init__(self, name):
        made = load(PACKAGE, name).Sink
        self._stream = io.StringIO()
        asked = inspect.signature(made).parameters
        self.is_stream = "stream" in asked or "send" in asked
        given = {"stream": self._stream, "send": lambda message, *_: self._stream.write(naive.write_request(message))}
        self.sink = made(*(given[name] for name in asked if name in given))

    def text(self):
        """Return what is visible now."""
        return self._stream.getvalue() if self.is_stream else self.sink.render().body.decode()


@pytest.fixture(params=NAMES)
def bench(request):
    """Return a fresh sink of each kind."""
    return Bench(request.param)


def level(cycle, size=20):
    """Return a snapshot in which every number of every series is the same: the cycle's."""
    signal = Signal("level", "up", horizons=(3600,))
    same = np.full(size, float(cycle))
    found = verdict(
        pods(size),
        signal,
        time=NOW + cycle,
        observed=same,
        score=same,
        band=Band(same, same, same),
        ready=same,
        forecast=Forecast(*(same[:, None],) * 3),
        time_to_limit=same,
        limit_window=np.stack([same, same]),
    )
    return snapshot(found, cycle=cycle)


def test_there_are_sinks():
    """The folder is found."""
    assert {"exposition", "lines", "remote_write"} <= set(NAMES)


def test_a_snapshot_is_visible_once_published(bench):
    """Names, labels and numbers are there when `publish` returns."""
    bench.sink.publish(snapshot(verdict(pods(2), observed=np.array([1234.5, 6789.25]))))
    for text in ("checkout", "pod-0", "pod-1", "1234.5", "6789.25"):
        assert text in bench.text()


def test_publishing_twice_shows_the_second(bench):
    """A later snapshot is visible; publishing the very same one again does no harm."""
    bench.sink.publish(snapshot(verdict(pods(1), observed=np.array([1234.5]))))
    second = snapshot(verdict(pods(1), observed=np.array([6789.25])), cycle=2)
    bench.sink.publish(second)
    bench.sink.publish(second)
    assert "6789.25" in bench.text()


def test_a_snapshot_without_verdicts_is_fine(bench):
    """A source that is down leaves nothing to say about series, and nothing to fail on."""
    bench.sink.publish(snapshot(source_up={"default": False}))
    assert "checkout" not in bench.text()


def test_a_signal_without_series_is_fine(bench):
    """A query may find nothing."""
    bench.sink.publish(snapshot(verdict(())))
    bench.text()


def test_nothing_known_is_fine(bench):
    """Warm-up: every number of a verdict is NaN."""
    nothing = np.full(2, np.nan)
    found = verdict(
        pods(2),
        observed=nothing,
        score=nothing,
        band=Band(nothing, nothing, nothing),
        anomalous=np.zeros(2, bool),
        ready=nothing,
        coverage=nothing,
        forecast=Forecast(*(np.full((2, 2), np.nan),) * 3),
        time_to_limit=nothing,
        limit_window=np.stack([nothing, nothing]),
        expected_alerts_per_week=float("nan"),
    )
    bench.sink.publish(snapshot(found, lag=float("nan")))
    assert "nan" not in bench.text().lower()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(
    series=st.lists(
        st.dictionaries(st.text(min_size=1, max_size=9), st.text(st.characters(), max_size=20), max_size=4).map(
            Labels.of
        ),
        max_size=5,
        unique=True,
    ),
    seed=st.integers(0, 9),
)
def test_hostile_labels_stop_nothing(name, series, seed):
    """Any label name and value can be published and read, characters that no encoding has included."""
    bench = Bench(name)
    bench.sink.publish(snapshot(verdict(series, seed=seed)))
    bench.text().encode()


def test_readers_never_see_half_a_snapshot(bench):
    """Eight readers at once always find whole snapshots: as many lines as one has, all of the same cycle."""
    bench.sink.publish(level(1))
    per_cycle = _lines_per_cycle(bench.text())[1]
    wrong, ended = [], threading.Event()

    def read():
        while not ended.is_set():
            counted = _lines_per_cycle(bench.text())
            if set(counted.values()) != {per_cycle} or (len(counted) > 1 and not bench.is_stream):
                wrong.append(counted)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    readers = [threading.Thread(target=read) for _ in range(READERS)]
    try:
        for reader in readers:
            reader.start()
        for cycle in range(2, 40):
            bench.sink.publish(level(cycle))
    finally:
        ended.set()
        for reader in readers:
            reader.join()
        sys.setswitchinterval(before)
    assert not wrong


def _lines_per_cycle(text):
    """Count the lines about single series by the number they show."""
    counted = {}
    for line in text.splitlines():
        if "pod-" in line and "rank=" not in line:
            cycle = int(
                float(line.split('"observed":')[1].split(",")[0] if line.startswith('{"') else line.split()[-1])
            )
            counted[cycle] = counted.get(cycle, 0) + 1
    return counted
