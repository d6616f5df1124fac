"""Remote write as it is received: the newest sample of each series."""

from dataclasses import dataclass

import numpy as np

from offkey.adapters.decode.grid import NEVER, STALE
from offkey.adapters.decode.messages import LABEL, SAMPLE, Outline, number, sample, series_of, size_at, skipped
from offkey.core.frame import Array, IntArray
from offkey.core.state import AnyArray
from offkey.models.kernels import door


@dataclass(frozen=True, slots=True)
class Written:
    """The series of a WriteRequest.

    Attributes:
        body: the message; a series' labels are its bytes from `starts` to `ends`, (E,) each.
        starts: see `body`.
        ends: see `body`.
        times: of each series' newest sample, milliseconds, (E,); NEVER where it has none.
        values: of those samples, (E,); NaN where the series ended.
    """

    body: bytes
    starts: IntArray
    ends: IntArray
    times: IntArray
    values: Array


def written(body: bytes) -> Written:
    """Return the series of a WriteRequest (v1).

    Raises:
        ValueError: it is malformed.
    """
    text = np.frombuffer(body, np.uint8)
    outline = Outline.of(series_of, text, 0, len(body))
    if outline is None:
        msg = "not a WriteRequest of remote write 1.0"
        raise ValueError(msg)
    times = np.full(outline.ends.size, NEVER)
    bits = np.full(outline.ends.size, STALE)
    if not _newest(text, outline.ends, outline.stops, times, bits):
        msg = "the samples of a series are malformed"
        raise ValueError(msg)
    values = bits.view(np.float64)
    values[np.isnan(values)] = np.nan  # the mark that ends a series is a NaN that arithmetic complains of
    return Written(body, outline.starts, outline.ends, times, values)


@door
def _newest(text: AnyArray, ends: IntArray, stops: IntArray, times: IntArray, bits: AnyArray) -> bool:
    """Fill in the newest sample of each series; return whether all was well-formed."""
    for k in range(ends.size):
        at, stop = ends[k], stops[k]
        while at < stop:
            tag, at = number(text, at, stop)
            if at < 0 or tag == LABEL:
                return False
            if tag != SAMPLE:
                at = skipped(text, tag, at, stop)
                if at < 0:
                    return False
                continue
            at, end = size_at(text, at, stop)
            if at < 0:
                return False
            time, value, is_whole = sample(text, at, end)
            if not is_whole:
                return False
            if time >= times[k]:
                times[k], bits[k] = time, value
            at = end
    return True
