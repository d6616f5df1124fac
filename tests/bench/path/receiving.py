"""What becomes of remote write inside offkey, part by part, without a server."""

import struct
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from offkey.adapters.decode.messages import field, varint, write_labels
from offkey.adapters.decode.snappy import snapped, unsnapped
from offkey.adapters.decode.writes import written
from offkey.adapters.sinks.remote_write import SAMPLES_A_CALL, Sink
from offkey.app.streaming import MOST_BYTES, Stream
from offkey.core.frame import IntArray
from offkey.engine.preview import Preview

from .fleet import Fleet
from .measure import ROUNDS, Figure

R = TypeVar("R")


class _Early:
    """Keeps the scores that a stream sends."""

    def publish_early(self, found: Preview, times: IntArray) -> None:
        """Keep them."""
        self.found, self.times = found, times


def receiving(fleet: Fleet) -> Iterator[Figure]:
    """Yield what each part costs from the messages of a scrape to those of its scores; the first scrape is left out."""
    fleet.wait()
    fleet.tick()
    early, plans = _Early(), (fleet.plan,)
    stream = Stream(lambda: fleet.engine, lambda: plans, lambda: [early])
    sink = Sink(_packed)
    rounds = [dict(_parts(_messages(fleet, 1000 * k), stream, early, sink)) for k in range(ROUNDS + 1)]
    for part in rounds[0]:
        cost = float(np.median([one[part] for one in rounds[1:]]))
        yield Figure("receiving", part, len(fleet.series), cost * 1e3, "ms of CPU", "less")
    whole = float(np.median([sum(one.values()) for one in rounds[1:]]))
    yield Figure("receiving", "whole", len(fleet.series), whole * 1e3, "ms of CPU", "less")


def _parts(blocks: list[bytes], stream: Stream, early: _Early, sink: Sink) -> Iterator[tuple[str, float]]:
    """Yield the parts of one scrape and the seconds of CPU they took."""
    messages, seconds = _timed(lambda: [written(unsnapped(block, MOST_BYTES)) for block in blocks])
    yield "decoded", seconds
    yield "matched", _timed(lambda: [stream.take(message) for message in messages])[1]
    yield "judged", _timed(stream.judge)[1]
    yield "written", _timed(lambda: sink.publish_early(early.found, early.times))[1]


def _packed(message: bytes, _samples: int, _turn: int) -> None:
    """Do what is done to a message before it is sent."""
    snapped(message)


def _timed(run: Callable[[], R]) -> tuple[R, float]:
    began = time.process_time()
    answer = run()
    return answer, time.process_time() - began


def _messages(fleet: Fleet, after: int) -> list[bytes]:
    """Return a scrape of all series so many milliseconds after the fleet's last minute."""
    stamp = varint(int(fleet.now) // 60 * 60_000 + 1 + after)
    entries = [
        field(1, write_labels(one.pairs) + field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + stamp))
        for one, value in zip(fleet.series, fleet.answers[:, 0].tolist(), strict=True)
    ]
    size = SAMPLES_A_CALL
    return [snapped(b"".join(entries[first : first + size])) for first in range(0, len(entries), size)]
