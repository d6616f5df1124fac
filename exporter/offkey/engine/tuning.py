"""Which bound, `for`, dead band and `keep_firing_for` tell people earliest within a signal's budget of pages."""

from dataclasses import dataclass, replace

import numpy as np

from offkey.core.durations import WEEK
from offkey.core.frame import Array
from offkey.core.signals import Alert
from offkey.engine.advance import sift
from offkey.engine.backtest import Backtest, firing_of
from offkey.engine.judge import alertable, judge
from offkey.models.alarms.firing import pages
from offkey.models.alarms.solve import Setting, Solution, solve
from offkey.models.tune.budget import MERGE

# Factors on the learned bound that are tried: beyond these the past says too little of the future.
FACTORS = np.unique(np.round(np.geomspace(0.5, 4.0, 25), 2))


@dataclass(frozen=True, slots=True)
class Tuned:
    """A signal's alert as it is and as it could be, on the same past.

    Attributes:
        test: the backtest it rests on.
        pages_per_week: what the present settings cost.
        solution: the better settings, the bound as a factor on the present one; None when none keeps the budget or
            the present ones are as good.
        better_per_week: what they would have cost.
    """

    test: Backtest
    pages_per_week: float
    solution: Solution | None
    better_per_week: float = float("nan")

    @property
    def bound(self) -> float:
        """The factor on learned bounds that the better settings ask for, as the configuration has it."""
        alert = self.test.plan.signal.alert or Alert()
        return alert.bound if self.solution is None else float(f"{alert.bound * self.solution.setting.bound:.3g}")


def tuned(test: Backtest) -> Tuned:
    """Return the settings that tell of a signal's strongest past episodes first and stay within its budget.

    Series that fire together are one page, so that the strangest series of each instant stands for all in the search;
    what is found is then judged again, series by series.
    """
    alert, step = test.plan.signal.alert or Alert(), test.seen.frame.axis.step
    present = Setting(1.0, alert.hold, alert.dead_band, alert.keep_firing)
    before = _per_week(test, present)
    found = solve(_strangest(_counting(test)), step, test.plan.budget, bounds=FACTORS)
    if found is None or found.setting == present:
        return Tuned(test, before, None)
    after = _per_week(test, found.setting)
    return Tuned(test, before, None if after > max(before, test.plan.budget) else found, after)


def _counting(test: Backtest) -> Array:
    """Return the strangeness that policy lets count, where 1 is the learned bound, (S, T); NaN where nothing counts."""
    seen = test.seen
    found = alertable(test.plan.signal, seen.frame.values, seen.strangeness, seen.raw_band, seen.examined.events)
    return np.where(np.isnan(seen.score), np.nan, found / test.bound[:, None])


def _per_week(test: Backtest, setting: Setting) -> float:
    """Return the pages a week of a setting, replayed; NaN where nothing was judged."""
    seen, signal = test.seen, test.plan.signal
    bound = test.bound * setting.bound
    judged = judge(signal, seen.frame.values, seen.strangeness, bound, seen.raw_band, seen.examined.events)
    step, closed = seen.frame.axis.step, np.zeros(len(bound), bool)
    score = sift(test.plan, judged, seen.strangeness, closed, 0.0, step)[0].score
    known = ~np.isnan(seen.score)
    alert = replace(signal.alert or Alert(), hold=setting.hold, dead_band=setting.dead_band, keep_firing=setting.keep)
    fires = np.asarray(firing_of(np.where(known, score, np.nan), step, alert).any(axis=0))
    weeks = np.count_nonzero(known.any(axis=0)) * step / WEEK
    return len(pages(fires, MERGE // step)) / weeks if weeks else float("nan")


def _strangest(score: Array) -> Array:
    """Return the highest score of each column, (T,); NaN where none is known."""
    known = ~np.isnan(score)
    if not score.shape[0]:
        return np.full(score.shape[1], np.nan)
    return np.where(known.any(axis=0), np.where(known, score, -np.inf).max(axis=0), np.nan)
