import io
import json

import numpy as np
from snapshots import NOW, pods, snapshot, verdict

from offkey.adapters.sinks.lines import Sink
from offkey.core.findings import Band, Forecast
from offkey.core.labels import Labels
from offkey.core.signals import Signal


def written(*verdicts):
    """Return what is written for a snapshot, each line read back."""
    stream = io.StringIO()
    Sink(stream).publish(snapshot(*verdicts))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_golden_lines(golden):
    """The shape of a line, byte for byte: an anomalous series and one of which nothing is known."""
    unknown = np.array([1.0, np.nan])
    stream = io.StringIO()
    Sink(stream).publish(
        snapshot(
            verdict(
                pods(2),
                Signal("checkout", "up", horizons=(3600,)),
                observed=unknown * 12.5,
                score=unknown * 1.25,
                band=Band(unknown * 10, np.full(2, -np.inf), unknown * 12),
                anomalous=np.array([True, False]),
                since=np.array([NOW - 120.0, 0.0]),
                ready=np.array([1.0, 0.5]),
                forecast=Forecast(*(unknown[:, None] * value for value in (11.0, 9.0, 13.0))),
                time_to_limit=unknown * 5400,
                limit_window=np.outer([3600.0, 7200.0], unknown),
            )
        )
    )
    golden("lines.jsonl", stream.getvalue())


def test_an_infinite_score_is_not_unknown():
    """The strangest of all is written as the largest number JSON readers take, not as null."""
    assert written(verdict(pods(1), score=np.array([np.inf])))[0]["score"] > 1e308


def test_half_a_character_is_replaced():
    """A lone surrogate in a label does not stop the output."""
    assert written(verdict([Labels.of(pod="\ud800")]))[0]["labels"] == {"pod": "?"}


def test_every_series_of_every_signal_has_a_line_in_order():
    """Lines follow the snapshot's order, signal by signal."""
    found = written(verdict(pods(2)), verdict(pods(3), Signal("latency", "up")))
    assert [(line["signal"], line["labels"]["pod"]) for line in found] == [
        ("checkout", "pod-0"),
        ("checkout", "pod-1"),
        ("latency", "pod-0"),
        ("latency", "pod-1"),
        ("latency", "pod-2"),
    ]
