"""Write each snapshot as JSON lines: one object per series, for `run --once` and programs that read its output."""

import sys
from collections.abc import Iterator
from typing import TextIO

import numpy as np
import orjson

from offkey.core.durations import format_duration
from offkey.core.findings import Snapshot, Verdict
from offkey.core.frame import Array

# Raised when a key changes its meaning or goes away; new keys do not raise it.
VERSION = 1


class Sink:
    """Writes one line per series and snapshot.

    Keys: `version`, `signal`, `labels`, `time` (Unix seconds of the judged sample), `observed`, `expected`, `lower`,
    `upper` (signal's unit), `score`, `anomalous`, `since` (Unix seconds, null when not anomalous), `ready` (0 to 1),
    `time_to_limit` with its earliest and latest, `time_to_limit_lower` and `time_to_limit_upper` (seconds), `forecast`
    (per horizon: `point`, `lower`, `upper`). Null is unknown or unbounded.
    """

    def __init__(self, stream: TextIO) -> None:
        """Take an open text stream, which stays the caller's to close."""
        self._stream = stream

    def publish(self, snapshot: Snapshot) -> None:
        """Write all series of a snapshot in one go."""
        lines = [orjson.dumps(entry) + b"\n" for verdict in snapshot.verdicts for entry in _entries(verdict)]
        self._stream.write(b"".join(lines).decode())
        self._stream.flush()


def _entries(verdict: Verdict) -> Iterator[dict[str, object]]:
    signal, band, forecast = verdict.signal, verdict.band, verdict.forecast
    horizons = [format_duration(seconds) for seconds in signal.horizons]
    earliest, latest = verdict.limit_window if verdict.limit_window.size else np.full((2, len(verdict.series)), np.nan)
    columns = {
        "observed": verdict.observed,
        "expected": band.expected,
        "lower": band.lower,
        "upper": band.upper,
        # JSON has no infinity, and null would say that nothing is known.
        "score": np.minimum(verdict.score, sys.float_info.max),
        "ready": verdict.ready,
        "time_to_limit": verdict.time_to_limit,
        "time_to_limit_lower": earliest,
        "time_to_limit_upper": latest,
    }
    lists = {name: column.tolist() for name, column in columns.items()}
    ahead = {"point": forecast.point, "lower": forecast.lower, "upper": forecast.upper}
    for k, labels in enumerate(verdict.series):
        is_anomalous = bool(verdict.anomalous[k])
        yield {
            "version": VERSION,
            "signal": signal.name,
            "labels": {_whole(name): _whole(value) for name, value in labels.pairs},
            "time": verdict.time,
            **{name: values[k] for name, values in lists.items()},
            "anomalous": is_anomalous,
            "since": float(verdict.since[k]) if is_anomalous else None,
            "forecast": {horizon: _side(ahead, k, place) for place, horizon in enumerate(horizons)},
        }


def _side(ahead: dict[str, Array], series: int, horizon: int) -> dict[str, float]:
    return {name: float(values[series, horizon]) for name, values in ahead.items()}


def _whole(text: str) -> str:
    """Return a text without halves of characters, which JSON cannot carry."""
    return text.encode("utf-8", "replace").decode()
