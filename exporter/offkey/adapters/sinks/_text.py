"""Label sets and numbers as the text expositions write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
import orjson
from prometheus_client.openmetrics.exposition import escape_label_name

from offkey.core.frame import Array, BoolArray
from offkey.core.labels import NAME, Labels, quote

# Labels that offkey sets itself; a source's own label of that name is kept as `exported_<name>`, as Prometheus does.
RESERVED = ("signal", "bound", "horizon", "kind", "rank")


@dataclass(frozen=True, slots=True)
class Tails:
    """What follows the metric name (and its extra labels) in the lines of one signal.

    Attributes:
        series: whose lines, S label sets.
        texts: `a="b",signal="s"} ` of each, UTF-8.
        first: False where another series has the same labels once the metric name is dropped, shape (S,).
    """

    series: tuple[Labels, ...]
    texts: list[bytes]
    first: BoolArray

    @classmethod
    def of(cls, series: tuple[Labels, ...], signal: str, escaping: str) -> "Tails":
        """Prepare the lines of a signal's series; of equal ones the least label set stays, whatever their order."""
        written: dict[tuple[str, ...], list[str]] = {}
        texts: list[bytes] = []
        place: dict[bytes, int] = {}
        first = np.ones(len(series), bool)
        for k, labels in enumerate(series):
            names = tuple(labels)
            if names not in written:
                written[names] = _wire_names(names, escaping)
            text = _tail(labels, written[names], signal=signal)
            texts.append(text)
            rival = place.setdefault(text, k)
            if rival != k:
                later = max(rival, k, key=series.__getitem__)
                first[later] = False
                place[text] = rival + k - later
        return cls(series, texts, first)


def tail(labels: Labels, escaping: str, **own: str) -> bytes:
    """Return the line from its first label up to the value: the source's labels, then offkey's own if not empty."""
    return _tail(labels, _wire_names(tuple(labels), escaping), **own)


def _tail(labels: Labels, names: Sequence[str], **own: str) -> bytes:
    pairs = [f"{name}={quote(value)}" for name, (_, value) in zip(names, labels.pairs, strict=True) if name]
    pairs += [f"{name}={quote(value)}" for name, value in own.items() if value]
    return f"{','.join(pairs)}}} ".encode("utf-8", "replace")


def _wire_names(names: Sequence[str], escaping: str) -> list[str]:
    """Return each label name as it is written, no two alike; the metric name's is empty."""
    taken = {*RESERVED}
    written = []
    for name in names:
        if name == NAME:
            written.append("")
            continue
        free, text = name, escape_label_name(name, escaping)
        while text in taken or free.startswith("__") or text.startswith("__"):
            free = f"exported_{free}"
            text = escape_label_name(free, escaping)
        taken.add(text)
        written.append(text)
    return written


def header(name: str, meaning: str) -> bytes:
    """Return the HELP and TYPE lines of a gauge, without the last newline."""
    return f"# HELP {name} {meaning}\n# TYPE {name} gauge".encode()


def samples(name: str, extra: str, tails: Sequence[bytes], values: Array) -> bytes:
    """Return one line for each value that is not NaN, each after a newline.

    Args:
        name: of the metric.
        extra: label text in front of the series' own.
        tails: rest of each line up to its value, S texts.
        values: shape (S,); written in the shortest digits that read back as the same number.
    """
    there = ~np.isnan(values)
    if not there.all():
        tails, values = list(compress(tails, there.tolist())), values[there]
    parts = [f"\n{name}{{{extra}".encode()] * (3 * len(values))
    parts[1::3] = tails
    parts[2::3] = _numbers(values)
    return b"".join(parts)


def _numbers(values: Array) -> list[bytes]:
    """Return numbers that are not NaN as Prometheus reads them."""
    if not values.size:
        return []
    texts = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    for k in np.flatnonzero(np.isinf(values)).tolist():
        texts[k] = b"+Inf" if values[k] > 0 else b"-Inf"
    return texts
