"""Series as promtool's unit tests write them: `1 2 _ stale 5+1x3`."""

import re

import numpy as np

from offkey.core.errors import RuleError
from offkey.engine.promql.series import Track

_NUMBER = r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[iI]nf|[nN]a[nN])"
_BLANKS = re.compile(r"_(?:x(\d+))?")
_STALE = re.compile(r"stale(?:x(\d+))?")
_VALUES = re.compile(rf"({_NUMBER})(?:([-+](?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))?(?:x(\d+))?")


def track(text: str, interval: int) -> Track:
    """Return the samples of a promtool series, the first at 0 and `interval` seconds apart.

    Raises:
        RuleError: a word is none of promtool's.
    """
    values: list[float] = []
    kinds: list[int] = []  # 0 missing, 1 a value, 2 the end of the series
    for word in text.split():
        if match := _BLANKS.fullmatch(word):
            count = int(match[1] or 1)
            values += [0.0] * count
            kinds += [0] * count
        elif match := _STALE.fullmatch(word):
            count = int(match[1] or 1)
            values += [0.0] * count
            kinds += [2] * count
        elif match := _VALUES.fullmatch(word):
            # a+bxn is n + 1 values, and so is axn
            start, step, count = float(match[1]), float(match[2] or 0), int(match[3] or 0)
            values += list(start + step * np.arange(count + 1)) if match[3] else [start]
            kinds += [1] * (count + 1)
        else:
            msg = f"{word!r} is no value of a test series; write for example 1, _x5, stale, 10+2x30"
            raise RuleError(msg)
    kind = np.array(kinds, np.int64)
    there = kind > 0
    times = np.flatnonzero(there).astype(np.int64) * interval * 1000
    return Track(times, np.array(values, np.float64)[there], kind[there] == 2)
