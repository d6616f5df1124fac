"""Raw samples as VictoriaMetrics exports them: a JSON object a line, straight onto the instants of an axis.

Source: VictoriaMetrics documentation, "How to export data in JSON line format".
"""

import numpy as np

from offkey.adapters.decode.decimals import decimal
from offkey.adapters.decode.grid import NEVER, STALE, close, hold
from offkey.adapters.decode.matrices import PADDING, after, object_end
from offkey.adapters.decode.roster import Roster
from offkey.adapters.decode.samples import Held
from offkey.core.frame import Axis, IntArray
from offkey.core.state import AnyArray
from offkey.models.kernels import compiled

_METRIC, _VALUES, _TIMES = (
    np.frombuffer(text, np.uint8) for text in (b'{"metric":{', b',"values":[', b',"timestamps":[')
)
_INFINITY = np.frombuffer(b"inity", np.uint8)  # what follows Inf where the name is written out
_MISSING = np.uint64(0x7FF8 << 48)
_INTERVALS = 20  # between a series' first samples, which tell how often it is scraped
_SHARE = 0.6  # of them that are not longer


def exported(body: bytes, axis: Axis, roster: Roster) -> Held:
    """Return the series of an export on the instants of an axis, as the server's own range queries would.

    Args:
        body: lines.
        axis: T instants.
        roster: knows the series of earlier answers; reads labels that are JSON.

    Raises:
        ValueError: a line is not what the server is known to write.
    """
    text = np.frombuffer(body + PADDING, np.uint8)
    marks = np.empty((3, body.count(b"\n") + 1), np.int64)
    lines = _lines(text, len(body), marks)
    if lines < 0:
        msg = "not lines of an export"
        raise ValueError(msg)
    starts, ends, stops = marks[:, :lines]
    roll = roster.roll(body, starts, ends)
    bits = np.full((len(roll.series), axis.size), np.nan).view(np.uint64)
    present = np.zeros(len(roll.series), bool)
    room = int((stops - ends).max(initial=0)) // 2 + 1  # a sample takes more than two bytes
    times, values = np.empty(room, np.int64), np.empty(room, np.uint64)
    for k, row in enumerate(roll.rows.tolist()):
        if row < 0:
            continue
        given = _fill(text, ends[k], stops[k], axis.start * 1000, axis.step * 1000, times, values, bits[row])
        if given < 0:
            msg = "an export whose samples are malformed"
            raise ValueError(msg)
        present[row] |= given > 0
    return Held(roll, bits.view(np.float64), present, np.zeros(len(roll.series), bool))


@compiled
def _lines(text: AnyArray, size: int, marks: IntArray) -> int:
    """Mark where each line's labels begin and end, the braces included, and where the line ends; return their number.

    -1 where a line is none, or the last one does not end.
    """
    at, found = 0, 0
    while at < size:
        start = after(text, at, _METRIC)
        end = object_end(text, start, size)
        if end < 0:
            return -1
        at = end
        while at < size and text[at] != 10:
            at += 1
        if at == size:
            return -1
        marks[0, found], marks[1, found], marks[2, found] = start - 1, end, at
        found += 1
        at += 1
    return found


@compiled
def _fill(
    text: AnyArray, at: int, stop: int, start: int, step: int, times: IntArray, values: AnyArray, found: AnyArray
) -> int:
    """Fill one series; return how many instants got a value, -1 when the line is malformed or not in order."""
    at = after(text, at, _VALUES)
    size, count = 0, 0
    while 0 <= at < stop and text[at] != 93:
        values[size], at = _value(text, at)
        size += 1
        at = _next(text, at)
    if not 0 <= at < stop:
        return -1
    at = after(text, at + 1, _TIMES)
    while 0 <= at < stop and text[at] != 93:
        time, first = 0, at
        while 48 <= text[at] <= 57 and at - first < 18:
            time = time * 10 + int(text[at]) - 48
            at += 1
        if at == first or count == size:
            return -1
        times[count] = time
        count += 1
        at = _next(text, at)
    if not 0 <= at < stop or count != size or text[at + 1] != 125 or at + 2 != stop:
        return -1
    reach = max(step, lasting(times[:count], step)) - 1
    last, given = hold(start, step, reach, (count, times, values), (0, NEVER, STALE), found)
    return given if given < 0 else given + close(start, step, reach, last, found)


@compiled
def _next(text: AnyArray, at: int) -> int:
    """Return where the next number of a list begins, or its closing bracket; -1 when neither follows."""
    if at >= 0 and text[at] == 44 and text[at + 1] != 93:
        return at + 1
    return at if at >= 0 and text[at] == 93 else -1


@compiled
def _value(text: AnyArray, at: int) -> tuple[np.uint64, int]:
    """Return the bits of a number, `null`, or an infinity with or without quotes, and the place after it or -1."""
    if text[at] == 110 and text[at + 1] == 117 and text[at + 2] == 108 and text[at + 3] == 108:
        return _MISSING, at + 4
    is_quoted = text[at] == 34
    bits, at = decimal(text, at + is_quoted)
    if at >= 0 and text[at] == 105:
        at = after(text, at, _INFINITY)
    if at >= 0 and is_quoted:
        at = at + 1 if text[at] == 34 else -1
    return bits, at


@compiled
def lasting(times: IntArray, step: int) -> int:
    """Return how long VictoriaMetrics lets a sample of a series last where that is longer than a step, milliseconds.

    Source: VictoriaMetrics app/vmselect/promql/rollup.go, getScrapeInterval and getMaxPrevInterval.

    Args:
        times: of its samples, milliseconds, in order.
        step: milliseconds between instants, which stands for an interval nobody knows.
    """
    interval = 0
    if times.size > 1:
        between = np.sort(np.diff(times[: _INTERVALS + 1]))
        place = _SHARE * (between.size - 1)
        low = int(place)
        high = min(low + 1, between.size - 1)
        interval = int(between[low] * (1 - place + low) + between[high] * (place - low))
    if interval <= 0:
        interval = step
    if interval <= 2_000:
        return interval * 5
    if interval <= 4_000:
        return interval * 3
    if interval <= 8_000:
        return interval * 2
    if interval <= 16_000:
        return interval + interval // 2
    return interval + interval // (4 if interval <= 32_000 else 8)
