"""Samples with times of their own as an OpenMetrics file, of which `promtool tsdb create-blocks-from` makes blocks."""

from array import array
from collections.abc import Iterator
from pathlib import Path

from offkey.adapters import files
from offkey.adapters.decode.messages import read_labels
from offkey.adapters.decode.writes import written
from offkey.core.labels import NAME, quote

_NAMES = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}


class Collection:
    """Takes WriteRequests, such as the sink for remote write makes, until they are written."""

    def __init__(self) -> None:
        self._samples: dict[bytes, tuple[array[int], array[float]]] = {}

    def take(self, message: bytes, _samples: int, _turn: int) -> None:
        """Keep the samples of a WriteRequest; those of one series come in the order of time."""
        found = written(message)
        spans = zip(
            found.starts.tolist(), found.ends.tolist(), found.times.tolist(), found.values.tolist(), strict=True
        )
        for start, end, time, value in spans:
            times, values = self._samples.setdefault(message[start:end], (array("q"), array("d")))
            times.append(time)
            values.append(value)

    def write(self, path: Path) -> int:
        """Write what was taken in one step, and forget it; return the number of samples. Nothing makes no file.

        Raises:
            OSError: it could not be written.
        """
        count = sum(len(times) for times, _ in self._samples.values())
        if count:
            files.write(path, "".join(self._lines()).encode())
        self._samples = {}
        return count

    def _lines(self) -> Iterator[str]:
        """Yield the text: metrics by name, each series' samples together."""
        named = sorted((read_labels(text), text) for text in self._samples)
        before = ""
        for labels, text in sorted(named, key=lambda one: one[0].get(NAME, "")):
            name = labels.get(NAME, "")
            if name != before:
                before = name
                yield f"# TYPE {name} gauge\n"
            pairs = ",".join(f"{key}={quote(value)}" for key, value in labels.pairs if key != NAME)
            for time, value in zip(*self._samples[text], strict=True):
                number = repr(value)
                yield f"{name}{{{pairs}}} {_NAMES.get(number, number)} {time / 1000:.3f}\n"
        yield "# EOF\n"
