"""Which bound, `for`, dead band and `keep_firing_for` tell people earliest within a signal's budget of pages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from offkey.core.durations import WEEK
from offkey.core.frame import Array
from offkey.core.signals import Alert
from offkey.engine import pegging
from offkey.engine.advance import sift
from offkey.engine.backtest import Backtest, firing_of
from offkey.engine.judge import alertable, judge
from offkey.engine.sharing import Limit, Offer, chosen
from offkey.models.alarms.firing import pages
from offkey.models.alarms.solve import Setting, Solution, solve
from offkey.models.tune.budget import MERGE

# Factors on the learned bound that are tried: beyond these the past says too little of the future.
FACTORS = np.unique(np.round(np.geomspace(0.5, 4.0, 25), 2))
# Of its own budget a signal may be given by a limit it shares.
SHARES = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Tuned:
    """A signal's alert as it is and as it could be, on the same past.

    Attributes:
        test: the backtest it rests on.
        pages_per_week: what the present settings cost.
        solution: the better settings, the bound as a factor on the present one; None when none keeps the budget or
            the present ones are as good.
        better_per_week: what they would have cost.
        budget: pages a week they were to keep.
    """

    test: Backtest
    pages_per_week: float
    solution: Solution | None
    better_per_week: float
    budget: float

    @property
    def bound(self) -> float:
        """The factor on learned bounds that the better settings ask for, as the configuration has it."""
        alert = self.test.plan.signal.alert or Alert()
        return alert.bound if self.solution is None else float(f"{alert.bound * self.solution.setting.bound:.3g}")


def tuned(test: Backtest, budget: float | None = None) -> Tuned:
    """Return the settings that tell of a signal's strongest past episodes first and stay within its budget.

    Series that fire together are one page, so that the strangest series of each instant stands for all in the search;
    what is found is then judged again, series by series.

    Args:
        test: its past.
        budget: pages a week instead of its own.
    """
    allowed = test.plan.budget if budget is None else budget
    alert = test.plan.signal.alert or Alert()
    present = Setting(1.0, alert.hold, alert.dead_band, alert.keep_firing)
    before, found = _per_week(test, present), _searched(test, allowed)
    if found is None or found.setting == present:
        return Tuned(test, before, None, float("nan"), allowed)
    after = _per_week(test, found.setting)
    return Tuned(test, before, None if after > max(before, allowed) else found, after, allowed)


def together(tests: Sequence[Backtest], limits: Sequence[Limit]) -> list[Tuned]:
    """Return the settings of signals that share limits: pages go where they make people hear of episodes earliest.

    Args:
        tests: the past of each signal.
        limits: pages that some of them may cost together; other signals keep their own budget.
    """
    limited = {name for limit in limits for name in limit.signals}
    offers = {one.plan.signal.name: _offers(one) for one in tests if one.plan.signal.name in limited}
    budgets = {name: offer.budget for name, offer in chosen(offers, limits).items()}
    return [tuned(one, budgets.get(one.plan.signal.name)) for one in tests]


def _offers(test: Backtest) -> list[Offer]:
    """Return what several budgets would buy; its own, unknown for what, where the past says nothing."""
    budgets = [float(f"{share * test.plan.budget:.3g}") for share in SHARES]
    found = [(budget, _searched(test, budget)) for budget in budgets]
    offers = [Offer(budget, budget, one.delay) for budget, one in found if one is not None]
    return offers or [Offer(test.plan.budget, test.plan.budget, float("inf"))]


def _searched(test: Backtest, budget: float) -> Solution | None:
    return solve(_strangest(_counting(test)), test.seen.frame.axis.step, budget, bounds=FACTORS)


def _counting(test: Backtest) -> Array:
    """Return the strangeness that policy lets count, where 1 is the learned bound, (S, T); NaN where nothing counts."""
    seen = test.seen
    found = alertable(test.plan.signal, seen.frame.values, seen.strangeness, seen.raw_band, seen.examined.events)
    return np.where(np.isnan(seen.score), np.nan, found / test.bound[:, None])


def _per_week(test: Backtest, setting: Setting) -> float:
    """Return the pages a week of a setting, replayed; NaN where nothing was judged."""
    seen, signal = test.seen, test.plan.signal
    bound = test.bound * setting.bound
    weighed = pegging.weighed(seen.strangeness, seen.stay, bound)
    judged = judge(signal, seen.frame.values, weighed, bound, seen.raw_band, seen.examined.events)
    step, closed = seen.frame.axis.step, np.zeros(len(bound), bool)
    score = sift(test.plan, judged, weighed, closed, 0.0, step)[0].score
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
