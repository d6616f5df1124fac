"""Prometheus API answers, from bytes to arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from offkey.adapters.decode.grid import place
from offkey.adapters.decode.matrices import scan
from offkey.adapters.decode.roster import Roll, Roster
from offkey.adapters.http import excerpt
from offkey.core.errors import BadResponse
from offkey.core.frame import Array, Axis, IntArray
from offkey.core.labels import NAME, Labels

_LIST = b'"result":['
_OPEN, _CLOSE = b'"values":[[', b'"]]'
_NUMERALS = b"0123456789.+-eEInfNa"  # all that numbers, NaN, +Inf and -Inf are made of
_LONGEST = 4e18  # milliseconds that fit into 64 bits
_PAIR = b'[,""],'  # what is left of [1435781430.781,"1"], without numerals


@dataclass(frozen=True, slots=True)
class Envelope:
    """A successful answer of the API: its `data`, the lists of samples lifted out of it, and the server's remarks."""

    content: dict[str, Any]
    samples: Sequence[bytes]
    warnings: tuple[str, ...]
    partial: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """One answer on its instants.

    Attributes:
        series: S label sets, each once.
        values: (S, T), NaN is missing.
        dropped: ranks of the series beyond the cap.
        moved: samples between two instants, placed at the later one.
        lost: samples outside the instants, or second for one series and instant.
        repeated: label sets that came more than once.
        histograms: names of series left out for being native histograms.
    """

    series: tuple[Labels, ...]
    values: Array
    dropped: frozenset[bytes]
    moved: int
    lost: int
    repeated: int
    histograms: frozenset[str]


def opened(body: bytes, where: str) -> Envelope:
    """Return what an answer with status 200 holds.

    Args:
        body: as received.
        where: the server, for the message.

    Raises:
        BadResponse: this is not a whole successful answer of the API.
    """
    skeleton, samples = _lift(body)
    found = _parsed(skeleton, where)
    if found.get("status") != "success" or not isinstance(found.get("data"), dict):
        msg = f"{where}: the answer is not a successful one of the Prometheus API: {excerpt(body)}"
        raise BadResponse(msg)
    told = [*_strings(found.get("warnings")), *_strings(found.get("infos"))]
    partial = found.get("isPartial") is True or any(_means_partial(text) for text in told)
    return Envelope(found["data"], samples, tuple(told), partial)


def matrix(body: bytes, axis: Axis, most: int, where: str, roster: Roster | None = None) -> tuple[Envelope, Piece]:
    """Return the series of a range answer.

    Args:
        body: as received.
        axis: the instants that were asked.
        most: series kept; which ones depends on their labels alone.
        where: the server, for the message.
        roster: knows the series of earlier answers to the same query.

    Raises:
        BadResponse: as `opened`, or the result is no matrix.
    """
    roster = roster or Roster(json_labels, most)
    at = body.find(_LIST) + len(_LIST)
    scanned = scan(body, at) if at >= len(_LIST) else None
    try:
        if scanned is None:
            return _matrix_of_any_form(body, axis, where, roster)
        answer = opened(body[:at] + body[scanned.stop :], where)
        _expect("matrix", answer.content)
        roll = roster.roll(body, scanned.starts, scanned.ends)
        rows = np.repeat(roll.rows, scanned.counts)
        return answer, _piece(roll, axis, rows, scanned.times, scanned.values, frozenset())
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        msg = f"{where}: the answer is not a matrix: {excerpt(body)}"
        raise BadResponse(msg) from error


def vector(body: bytes, where: str) -> dict[Labels, float]:
    """Return the samples of an instant answer.

    Raises:
        BadResponse: as `opened`, or the result is no vector.
    """
    content = opened(body, where).content
    try:
        _expect("vector", content)
        return {label_set(entry["metric"]): float(entry["value"][1]) for entry in content["result"] if "value" in entry}
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        msg = f"{where}: the answer is not an instant vector: {excerpt(body)}"
        raise BadResponse(msg) from error


def label_set(metric: dict[str, str]) -> Labels:
    """Return a decoded object of labels as such.

    Raises:
        AttributeError: it is no object.
        TypeError: a value is not text.
    """
    "".join(metric.values())
    return Labels.of(metric)


def json_labels(text: bytes) -> Labels:
    """Return labels written as a JSON object."""
    return label_set(orjson.loads(text))


def reason(body: bytes) -> str:
    """Return what an answer with an error status says, on one line."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return excerpt(body)
    said = found.get("error") if isinstance(found, dict) else None
    return excerpt(said.encode(), 300) if isinstance(said, str) else excerpt(body)


def _lift(body: bytes) -> tuple[bytes, list[bytes]]:
    """Take the samples out of an answer.

    They are nine tenths of it: left inside, the JSON parser would make three objects of each. What remains is parsed
    and so checked in full; the k-th list is replaced by k.
    """
    rest: list[bytes] = []
    samples: list[bytes] = []
    at = 0
    while (start := body.find(_OPEN, at)) >= 0 and (stop := body.find(_CLOSE, start)) >= 0:
        rest += (body[at:start], b'"values":%d' % len(samples))
        samples.append(body[start + len(_OPEN) - 1 : stop + 2])
        at = stop + len(_CLOSE)
    return b"".join((*rest, body[at:])), samples


def _parsed(body: bytes, where: str) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        what = "HTML" if body.lstrip()[:1] == b"<" else "not JSON"
        msg = f"{where}: the answer is {what} ({error.msg}); is this the address of a Prometheus API? {excerpt(body)}"
        raise BadResponse(msg) from error
    if not isinstance(found, dict):
        msg = f"{where}: the answer is not an object of the Prometheus API: {excerpt(body)}"
        raise BadResponse(msg)
    return found


def _strings(found: object) -> list[str]:
    return [excerpt(str(text).encode(), 300) for text in found] if isinstance(found, list) else []


def _means_partial(warning: str) -> bool:
    """Whether a warning says that samples may be missing; the engine's remarks on a query do not.

    Source: promql/annotations of Prometheus 2.48 and later: they begin with "PromQL info" or "PromQL warning". All
    others come from storage: Prometheus (remote read), Thanos, Cortex and Mimir (stores that did not answer).
    """
    return "PromQL info" not in warning and "PromQL warning" not in warning


def _matrix_of_any_form(body: bytes, axis: Axis, where: str, roster: Roster) -> tuple[Envelope, Piece]:
    """Return the series of an answer that is not written as servers do: with spaces, histograms, or not one at all."""
    answer = opened(body, where)
    if any(isinstance(entry.get("values"), list) for entry in answer.content["result"]):
        answer = opened(orjson.dumps(orjson.loads(body)), where)
    _expect("matrix", answer.content)
    entries, histograms = [], set()
    for entry in answer.content["result"]:
        labels = label_set(entry["metric"])
        if entry.get("histograms"):
            histograms.add(labels.get(NAME, "{}"))
        if entry.get("values", []) != []:
            entries.append((orjson.dumps(entry["metric"]), _samples(answer.samples, entry["values"])))
    ends = np.cumsum([len(text) for text, _ in entries], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
    roll = roster.roll(b"".join(text for text, _ in entries), starts, ends)
    rows = np.repeat(roll.rows, [_count(text) for _, text in entries])
    pairs = _numbers([text for _, text in entries]).reshape(-1, 2)
    times = np.rint(np.clip(pairs[:, 0] * 1000, -_LONGEST, _LONGEST)).astype(np.int64)
    return answer, _piece(roll, axis, rows, times, pairs[:, 1].copy(), frozenset(histograms))


def _piece(roll: Roll, axis: Axis, rows: IntArray, times: IntArray, values: Array, histograms: frozenset[str]) -> Piece:
    """Return the samples of a matrix on their instants; rows below 0 are left out."""
    if roll.dropped:
        kept = rows >= 0
        rows, times, values = rows[kept], times[kept], values[kept]
    found, moved, lost = place(len(roll.series), axis, rows, times, values)
    repeated = int(np.count_nonzero(roll.rows >= 0)) - len(roll.series)
    return Piece(roll.series, found, roll.dropped, moved, lost, repeated, histograms)


def _expect(kind: str, content: dict[str, Any]) -> None:
    if content["resultType"] != kind:
        msg = f"the result is a {content['resultType']}"
        raise ValueError(msg)


def _samples(samples: Sequence[bytes], index: object) -> bytes:
    if type(index) is not int or not 0 <= index < len(samples):
        msg = "samples must be a list"
        raise ValueError(msg)
    return samples[index]


def _count(text: bytes) -> int:
    """Return how many samples a list holds, having checked that it is made of [number, "number"] pairs."""
    form = text.translate(None, _NUMERALS) + b","
    count = len(form) // len(_PAIR)
    if form != _PAIR * count:
        msg = "samples must be pairs of a time and a quoted value"
        raise ValueError(msg)
    return count


def _numbers(texts: Sequence[bytes]) -> Array:
    """Return all numbers of lists of pairs, flat."""
    flat = b"[" + b",".join(texts).translate(None, b'[]"') + b"]"
    for name, value in ((b"+Inf", b'"inf"'), (b"-Inf", b'"-inf"'), (b"NaN", b"null")):
        flat = flat.replace(name, value)
    return np.array(orjson.loads(flat), dtype=np.float64)
