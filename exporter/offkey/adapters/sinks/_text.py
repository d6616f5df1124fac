"""Label sets as the text expositions write them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from prometheus_client.openmetrics.exposition import escape_label_name

from offkey.core.frame import BoolArray, IntArray
from offkey.core.labels import NAME, Labels, quote
from offkey.core.places import places
from offkey.models.kernels import ByteArray

# Labels that offkey sets itself; a source's own label of that name is kept as `exported_<name>`, as Prometheus does.
RESERVED = ("signal", "bound", "horizon", "kind", "rank")


@dataclass(frozen=True, slots=True)
class Tails:
    """What follows the metric name (and its extra labels) in lines, one after the other.

    Attributes:
        text: `a="b",signal="s"} ` of each line, UTF-8.
        ends: where each line begins in it, and where the last one ends, shape (L + 1,).
    """

    text: ByteArray
    ends: IntArray

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> "Tails":
        """Put texts together."""
        texts = list(texts)
        return cls(np.frombuffer(b"".join(texts), np.uint8), np.cumsum([0, *map(len, texts)], dtype=np.int64))

    def __getitem__(self, line: int) -> bytes:
        return self.text[self.ends[line] : self.ends[line + 1]].tobytes()


@dataclass(frozen=True, slots=True)
class Known:
    """The prepared lines of one signal.

    Attributes:
        series: whose lines, S label sets.
        tails: one for each series.
        first: False where another series has the same labels once the metric name is dropped, shape (S,).
    """

    series: tuple[Labels, ...]
    tails: Tails
    first: BoolArray

    @classmethod
    def of(cls, series: tuple[Labels, ...], signal: str, escaping: str, former: "Known | None" = None) -> "Known":
        """Prepare the lines of a signal's series; of equal ones the least label set stays, whatever their order.

        Args:
            series: whose lines.
            signal: value of the label `signal`.
            escaping: how names that need quotes are written.
            former: prepared lines of the same signal, whose texts are taken over.
        """
        former = former or cls((), Tails.of(()), np.empty(0, bool))
        before = places(series, former.series).tolist()
        written: dict[tuple[str, ...], list[str]] = {}
        texts: list[bytes] = []
        place: dict[bytes, int] = {}
        first = np.ones(len(series), bool)
        for k, labels in enumerate(series):
            if before[k] >= 0:
                text = former.tails[before[k]]
            else:
                names = tuple(labels)
                if names not in written:
                    written[names] = wire_names(names, escaping)
                text = _tail(labels, written[names], signal=signal)
            texts.append(text)
            rival = place.setdefault(text, k)
            if rival != k:
                later = max(rival, k, key=series.__getitem__)
                first[later] = False
                place[text] = rival + k - later
        return cls(series, Tails.of(texts), first)


def tail(labels: Labels, escaping: str, **own: str) -> bytes:
    """Return the line from its first label up to the value: the source's labels, then offkey's own if not empty."""
    return _tail(labels, wire_names(tuple(labels), escaping), **own)


def _tail(labels: Labels, names: Sequence[str], **own: str) -> bytes:
    pairs = [f"{name}={quote(value)}" for name, (_, value) in zip(names, labels.pairs, strict=True) if name]
    pairs += [f"{name}={quote(value)}" for name, value in own.items() if value]
    return f"{','.join(pairs)}}} ".encode("utf-8", "replace")


def wire_names(names: Sequence[str], escaping: str) -> list[str]:
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
