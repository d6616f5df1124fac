"""Answers kept in files: for demonstrations, examples and tests without a server.

A file holds JSON lines, one for each query:
`{"query": "up", "start": 1700000000, "step": 60, "series": [{"labels": {"job": "a"}, "values": [1, null, "+Inf"]}]}`.
"""

import math
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from offkey.adapters import files
from offkey.adapters.sources._matrix import label_set
from offkey.core.errors import BadResponse, QueryRejected, SourceDown
from offkey.core.frame import Array, Axis, Frame
from offkey.core.labels import Labels
from offkey.core.ports import Answer

LOOKBACK = 300  # seconds a sample stands for the instants after it. Source: Prometheus --query.lookback-delta
_INFINITE = {math.inf: "+Inf", -math.inf: "-Inf"}


class Source:
    """Answers the queries that were recorded, at any instants.

    Args:
        path: a file of JSON lines, or a folder of such files (`*.jsonl`); read again when it changes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamps: tuple[object, ...] = ()
        self._frames: dict[str, Frame] = {}

    def read(self, query: str, axis: Axis, timeout: float) -> Answer:
        """Return, for every instant, the newest recorded sample of the last five minutes.

        Raises:
            SourceDown: no file can be read, or no time is left.
            QueryRejected: this query was not recorded.
            BadResponse: a line is not a recorded answer.
        """
        if timeout <= 0:
            msg = f"{self._path}: no time is left for this call"
            raise SourceDown(msg)
        known = self._known()
        if query not in known:
            near = get_close_matches(query, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            msg = f"{self._path}: query {query!r} was not recorded{hint} (have: {', '.join(sorted(known)) or 'none'})"
            raise QueryRejected(msg)
        return Answer(_at(known[query], axis))

    def close(self) -> None:
        """Forget what was read."""
        self._stamps, self._frames = (), {}

    def _known(self) -> dict[str, Frame]:
        """Return the recorded frames by their queries."""
        try:
            paths = sorted(self._path.glob("*.jsonl")) if self._path.is_dir() else [self._path]
            stamps = tuple((path, path.stat().st_mtime_ns, path.stat().st_ino) for path in paths)
            if stamps != self._stamps:
                self._frames = {query: _frame(line, path) for path in paths for query, line in _lines(path).items()}
                self._stamps = stamps
        except OSError as error:
            msg = f"{error.filename}: cannot read recorded answers: {error.strerror}"
            raise SourceDown(msg) from error
        return self._frames


def record(path: Path, query: str, frame: Frame) -> None:
    """Keep a frame as the answer to a query, beside the answers to others that the file holds; in one step.

    Args:
        path: a file; its folder exists.
        query: replaces what was recorded for the same text.
        frame: what to answer.

    Raises:
        BadResponse: the file holds something else; it is left as it is.
        OSError: it could not be written; the earlier content is still there.
    """
    lines = _lines(path) if path.exists() else {}
    series = [
        {"labels": dict(labels), "values": [_INFINITE.get(value, value) for value in row]}
        for labels, row in zip(frame.series, frame.values.tolist(), strict=True)
    ]
    lines[query] = {"query": query, "start": frame.axis.start, "step": frame.axis.step, "series": series}
    files.write(path, b"".join(orjson.dumps(line) + b"\n" for line in lines.values()))


def _lines(path: Path) -> dict[str, dict[str, Any]]:
    """Return the recorded answers of a file by their queries; of equal ones the last."""
    found = {}
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        try:
            line = orjson.loads(text)
            found[str(line["query"])] = line
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            msg = f"{path}:{number}: not a recorded answer; a line is a JSON object with query, start, step and series"
            raise BadResponse(msg) from error
    return found


def _frame(line: dict[str, Any], path: Path) -> Frame:
    """Return what a line holds; series of fewer values than the longest are missing at the end."""
    try:
        start, step, entries = int(line["start"]), int(line["step"]), line["series"]
        rows = [np.array(entry["values"], dtype=np.float64) for entry in entries]
        width = max((len(row) for row in rows), default=0)
        values = np.full((len(rows), width), np.nan)
        for k, row in enumerate(rows):
            values[k, : len(row)] = row
        labels = tuple(label_set(entry["labels"]) for entry in entries)
        return Frame(_distinct(labels), values, Axis(start, step, width))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"{path}: the recorded answer to {line['query']!r} cannot be used: {error}"
        raise BadResponse(msg) from error


def _distinct(labels: tuple[Labels, ...]) -> tuple[Labels, ...]:
    if len(set(labels)) < len(labels):
        msg = "a label set comes twice"
        raise ValueError(msg)
    return labels


def _at(frame: Frame, axis: Axis) -> Frame:
    """Return a frame on other instants: each takes the newest earlier sample, if that is young enough."""
    order = sorted(range(len(frame.series)), key=lambda k: frame.series[k].pairs)
    values = np.full((len(order), axis.size), np.nan)
    if frame.axis.size:
        for row, k in enumerate(order):
            values[row] = _held(frame.values[k], frame.axis, axis)
    return Frame(tuple(frame.series[k] for k in order), values, axis)


def _held(row: Array, recorded: Axis, asked: Axis) -> Array:
    """Return one series (T,) on the asked instants."""
    there = np.flatnonzero(~np.isnan(row))
    times = recorded.times[there]
    newest = np.searchsorted(times, asked.times, side="right") - 1
    young = (newest >= 0) & (asked.times - times[newest] < LOOKBACK) if there.size else np.zeros(asked.size, bool)
    values = np.full(asked.size, np.nan)
    values[young] = row[there][newest[young]]
    return values
