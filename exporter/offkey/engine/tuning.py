"""Which `for`, dead band and `keep_firing_for` tell people earliest within a signal's budget of pages."""

from dataclasses import dataclass

import numpy as np

from offkey.core.durations import WEEK
from offkey.core.frame import Array
from offkey.core.signals import Alert
from offkey.engine.backtest import Backtest
from offkey.models.alarms.solve import Setting, Solution, page_starts, solve


@dataclass(frozen=True, slots=True)
class Tuned:
    """A signal's alert as it is and as it could be, on the same past.

    Attributes:
        test: the backtest it rests on.
        pages_per_week: what the present settings cost.
        solution: the better settings, None when none keeps the budget or the present ones are as good.
    """

    test: Backtest
    pages_per_week: float
    solution: Solution | None


def tuned(test: Backtest) -> Tuned:
    """Return the settings that tell of a signal's strongest past episodes first and stay within its budget.

    Series that fire together are one page, so that the strangest series of each instant stands for all. The bound is
    the learned one: it follows the budget by itself at every retune.
    """
    alert, step = test.plan.signal.alert or Alert(), test.seen.frame.axis.step
    strangest = _strangest(test.seen.score)
    weeks = np.count_nonzero(~np.isnan(strangest)) * step / WEEK
    present = Setting(1.0, alert.hold, alert.dead_band, alert.keep_firing)
    pages = len(page_starts(strangest, step, present))
    found = solve(strangest, step, test.plan.budget, bounds=np.ones(1))
    is_same = found is not None and found.setting == present
    return Tuned(test, pages / weeks if weeks else float("nan"), None if is_same else found)


def _strangest(score: Array) -> Array:
    """Return the highest score of each column, (T,); NaN where none is known."""
    known = ~np.isnan(score)
    if not score.shape[0]:
        return np.full(score.shape[1], np.nan)
    return np.where(known.any(axis=0), np.where(known, score, -np.inf).max(axis=0), np.nan)
