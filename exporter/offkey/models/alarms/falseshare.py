"""Which of many series may open an anomaly, so that at most a share of the pages is chance."""

import numpy as np

from offkey.core.durations import WEEK
from offkey.core.frame import Array, BoolArray

# A score that is kept from opening anything stands exactly at the bound.
AT_BOUND = 1.0


def sifted(
    score: Array, strangeness: Array, is_open: BoolArray, dead_band: float, recent: float, share: float, step: int
) -> tuple[Array, float]:
    """Return the scores with what may be chance held at the bound, and the pages of the last week afterwards.

    The rarities of all series at one instant are p-values. While nothing is open an instant spends a level of
    `share` x the pages of the last week (at least one) / the instants of a week, so that the false pages expected in
    a week stay within that share of its pages: the estimate that online procedures hold below their level, with the
    memory fading over a week instead of the levels fading to nothing. Within the instant the level is shared out by the
    step-up rule of Benjamini and Hochberg; while a page is open further series join it at the level `share`.

    Sources: Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57:289-300; Javanmard and Montanari (2018), Ann. Stat.
    46:526-554; Ramdas, Yang, Wainwright and Jordan (2017), Adv. Neural Inf. Process. Syst. 30 (decaying memory).

    Args:
        score: 1 is the bound, (S, T).
        strangeness: decades of rarity, (S, T); NaN = unknown. More than it says is allowed, less is not.
        is_open: open anomalies before the first column, (S,).
        dead_band: share of the bound in which one stays open.
        recent: pages of the last week, fading.
        share: largest share of pages that may be chance.
        step: seconds between columns.
    """
    out = score.copy()
    now, fade = is_open.copy(), float(np.exp(-step / WEEK))
    with np.errstate(invalid="ignore"):
        for column in range(score.shape[1]):
            value, was_open = out[:, column], bool(now.any())
            fresh = (value > 1.0) & ~now
            recent *= fade
            if fresh.any():
                level = share if was_open else share * max(1.0, recent) * step / WEEK
                value[fresh & ~rejected(strangeness[:, column], level)] = AT_BOUND
            now = np.where(np.isnan(value), now, (value > 1.0) | (now & (value > 1.0 - dead_band)))
            recent += float(now.any() and not was_open)
    return out, recent


def rejected(strangeness: Array, level: float) -> BoolArray:
    """Return which series are too rare for chance at a level of the false discovery rate, (S,); NaN never is.

    Args:
        strangeness: decades of rarity, (S,).
        level: largest share of the chosen series that may be chance.
    """
    known = np.sort(strangeness[~np.isnan(strangeness)])[::-1]
    if not known.size:
        return np.zeros(strangeness.shape, bool)
    needed = np.log10(known.size / (level * np.arange(1, known.size + 1)))
    passing = np.flatnonzero(known >= needed)
    least = needed[passing[-1]] if passing.size else np.inf
    with np.errstate(invalid="ignore"):
        return np.asarray(strangeness >= least)
