"""Prometheus API answers, from bytes to arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from offkey.adapters.http import excerpt
from offkey.core.errors import BadResponse
from offkey.core.frame import Array, Axis
from offkey.core.labels import NAME, Labels, rank

_OPEN, _CLOSE = b'"values":[[', b'"]]'
_NUMERALS = b"0123456789.+-eEInfNa"  # all that numbers, NaN, +Inf and -Inf are made of
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


def matrix(body: bytes, axis: Axis, most: int, where: str) -> tuple[Envelope, Piece]:
    """Return the series of a range answer.

    Args:
        body: as received.
        axis: the instants that were asked.
        most: series kept; which ones depends on their labels alone.
        where: the server, for the message.

    Raises:
        BadResponse: as `opened`, or the result is no matrix.
    """
    answer = opened(body, where)
    try:
        if any(isinstance(entry.get("values"), list) for entry in answer.content["result"]):  # JSON with spaces
            answer = opened(orjson.dumps(orjson.loads(body)), where)
        return answer, _placed(answer, axis, most)
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


def reason(body: bytes) -> str:
    """Return what an answer with an error status says, on one line."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return excerpt(body)
    said = found.get("error") if isinstance(found, dict) else None
    return excerpt(said.encode(), 300) if isinstance(said, str) else excerpt(body)


def beyond(series: Sequence[Labels], most: int) -> frozenset[bytes]:
    """Return the ranks of the series that must go so that at most `most` stay."""
    return frozenset(sorted({rank(labels) for labels in series})[most:]) if len(series) > most else frozenset()


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


def _placed(answer: Envelope, axis: Axis, most: int) -> Piece:
    """Return the samples of a matrix on their instants."""
    _expect("matrix", answer.content)
    entries, histograms = [], set()
    for entry in answer.content["result"]:
        labels = label_set(entry["metric"])
        if entry.get("histograms"):
            histograms.add(labels.get(NAME, "{}"))
        if entry.get("values", []) != []:
            entries.append((labels, _samples(answer.samples, entry["values"])))
    if dropped := beyond([labels for labels, _ in entries], most):
        entries = [(labels, text) for labels, text in entries if rank(labels) not in dropped]
    place: dict[Labels, int] = {}
    index = np.array([place.setdefault(labels, len(place)) for labels, _ in entries], np.int64)
    rows = np.repeat(index, [_count(text) for _, text in entries])
    pairs = _numbers([text for _, text in entries]).reshape(-1, 2)
    values, moved, lost = _grid(len(place), axis, rows, pairs)
    return Piece(tuple(place), values, dropped, moved, lost, len(entries) - len(place), frozenset(histograms))


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


def _grid(series: int, axis: Axis, rows: np.ndarray, pairs: Array) -> tuple[Array, int, int]:
    """Put samples on the instants of an axis.

    A sample belongs to the first instant at or after it, as if it had been evaluated there; of several for one instant
    the newest counts, of several with one time the last that came.

    Args:
        series: S.
        axis: T instants.
        rows: series of each sample, shape (N,).
        pairs: time in seconds and value of each sample, shape (N, 2).

    Returns:
        Values (S, T), samples that were between two instants, samples that are not in the values.
    """
    milliseconds = np.rint((pairs[:, 0] - axis.start) * 1000)
    columns = np.ceil(milliseconds / (axis.step * 1000))
    inside = (columns >= 0) & (columns < axis.size)
    moved = int(np.count_nonzero(inside & (columns * (axis.step * 1000) != milliseconds)))
    cells = rows * axis.size + np.where(inside, columns, 0).astype(np.int64)
    order = np.flatnonzero(inside)
    if np.any(np.diff(cells[order]) <= 0):
        order = order[np.lexsort((milliseconds[order], rows[order]))]
    distinct = int(np.count_nonzero(np.diff(cells[order], prepend=-1)))
    values = np.full(series * axis.size, np.nan)
    values[cells[order]] = pairs[order, 1]  # of equal cells the last is kept
    return values.reshape(series, axis.size), moved, len(pairs) - distinct
