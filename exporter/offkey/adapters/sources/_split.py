"""Selectors of very many series, read in parts that are easy on both sides."""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from offkey.adapters.decode.roster import beyond
from offkey.core.errors import SourceError
from offkey.core.frame import Frame, IntArray
from offkey.core.labels import Labels, Matcher, rank
from offkey.core.places import by_identity
from offkey.core.ports import Answer

MOST_SERIES = 15_000  # of a part: a larger answer takes more memory on both sides, and no less time for each series
AT_ONCE = 2  # parts under way together, so that one is decoded while the server works on the next
KNOWN_SECONDS = 600.0  # for which the parts of a selector are kept
_LIKELY = ("instance", "pod", "node", "host", "namespace", "job")  # labels that are asked about first
_ASKED = 12  # labels at most

Selector = tuple[Matcher, ...]
Counted = Callable[[Selector, str, int, float], dict[Labels, float]]


class Splits:
    """Knows into which parts a selector is cut.

    Args:
        count: returns the number of series of a selector by a label (all together for an empty name) at an instant,
            within so many seconds.
        names: returns the names of a selector's labels around an instant.
    """

    def __init__(self, count: Counted, names: Callable[[Selector, int, float], Sequence[str]]) -> None:
        self._count, self._names = count, names
        self._known: dict[Selector, tuple[float, tuple[Selector, ...]]] = {}

    def parts(self, selector: Selector, at: int, timeout: float) -> tuple[Selector, ...]:
        """Return selectors that share the series of one between them: each series, also a new one, is in exactly one.

        Args:
            selector: what is to be read.
            at: when its series are counted, Unix seconds; what was found holds for ten minutes.
            timeout: seconds for each question.
        """
        known = self._known.get(selector)
        if known is None or time.monotonic() - known[0] >= KNOWN_SECONDS:
            known = self._known[selector] = (time.monotonic(), self._found(selector, at, timeout))
        return known[1]

    def _found(self, selector: Selector, at: int, timeout: float) -> tuple[Selector, ...]:
        best: tuple[Selector, ...] = (selector,)
        try:
            if sum(self._count(selector, "", at, timeout).values()) <= MOST_SERIES:
                return best
            names = [name for name in self._names(selector, at, timeout) if not name.startswith("__")]
            for name in sorted(names, key=_likeliness)[:_ASKED]:
                counted = self._count(selector, name, at, timeout).items()
                counts = {labels.get(name, ""): int(size) for labels, size in counted}
                best = max(best, cut(selector, name, counts), key=len)
                if max(counts.values(), default=0) <= MOST_SERIES:
                    return cut(selector, name, counts)
        except SourceError:  # whatever is wrong will be met again, and named, when the samples are asked for
            return best
        return best


def _likeliness(name: str) -> tuple[int, str]:
    return (_LIKELY.index(name) if name in _LIKELY else len(_LIKELY), name)


def cut(selector: Selector, name: str, counts: dict[str, int]) -> tuple[Selector, ...]:
    """Return parts of a selector by the values of a label; the last takes whatever the others do not name.

    Args:
        selector: what is cut.
        name: of the label.
        counts: series of each of its values, the empty one included.
    """
    groups: list[list[str]] = [[]]
    size = 0
    for value in sorted(counts):
        if groups[-1] and size + counts[value] > MOST_SERIES:
            groups.append([])
            size = 0
        groups[-1].append(value)
        size += counts[value]
    named = ["|".join(map(re.escape, group)) for group in groups[:-1]]
    if not named:
        return (selector,)
    rest = Matcher(name, "!~", "|".join(named))
    return (*((*selector, Matcher(name, "=~", group)) for group in named), (*selector, rest))


def joined(parts: Sequence[Selector], most: int, read: Callable[[Selector], Answer]) -> Answer:
    """Read all parts, some together, and return them as one answer.

    Args:
        parts: selectors that have no series in common.
        most: series kept; which ones depends on their labels alone.
        read: returns the answer to one.

    Raises:
        SourceError: one of them has none; the others are not used either.
    """
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(read, parts))
    frames = [answer.frame for answer in answers]
    series, rows = _united(*(frame.series for frame in frames))
    values = np.vstack([frame.values for frame in frames])[rows]
    dropped = beyond(series, most)
    if dropped:
        kept = np.array([k for k, labels in enumerate(series) if rank(labels) not in dropped], np.int64)
        series, values = tuple(series[k] for k in kept.tolist()), values[kept]
    return Answer(
        Frame(series, values, frames[0].axis),
        any(answer.partial for answer in answers),
        tuple(dict.fromkeys(said for answer in answers for said in answer.warnings)),
        len(dropped) + sum(answer.dropped for answer in answers),
    )


@by_identity
def _united(*series: tuple[Labels, ...]) -> tuple[tuple[Labels, ...], IntArray]:
    """Return all series in the labels' order, and where each stands in the parts, one after the other."""
    together = [labels for part in series for labels in part]
    order = sorted(range(len(together)), key=together.__getitem__)
    return tuple(together[k] for k in order), np.array(order, np.int64)
