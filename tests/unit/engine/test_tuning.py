"""The bound, `for`, dead band and `keep_firing_for` that tell people earliest within a budget."""

import numpy as np

from offkey.core.signals import Alert
from offkey.engine.backtest import backtest
from offkey.engine.quality import Examined
from offkey.engine.sharing import Limit
from offkey.engine.tuning import together, tuned

DAY = 1440


def past(framed, height, count):
    """Return eight days of a level of 5; on `count` of the last four days it is off by `height` for 40 minutes."""
    values = np.full(8 * DAY, 5.0)
    for day in range(4, 4 + count):
        values[day * DAY + 600 : day * DAY + 640] += height
    return Examined(framed(values), (), np.full((1, values.size), np.nan))


def test_a_quiet_alert_is_given_a_lower_bound(planned, framed):
    """Two breaches of 1.5 in four days told nobody at a bound of 2: a budget of seven a week allows half of it."""
    plan = planned(bound=2.0, alert=Alert(budget_per_week=7.0, hold=120))
    found = tuned(backtest(plan, past(framed, 1.5, 2)))
    assert found.pages_per_week == 0.0
    assert found.solution is not None
    assert found.bound < 0.75
    assert 0 < found.better_per_week <= 7.0
    assert found.solution.setting.hold == 0


def test_a_loud_alert_is_given_a_higher_bound(planned, framed):
    """Four breaches of 3 in four days cost more than two a week at a bound of 2, whatever waits: it must rise."""
    plan = planned(bound=2.0, alert=Alert(budget_per_week=2.0, hold=120, bound=1.5))
    found = tuned(backtest(plan, past(framed, 4.0, 4)))
    assert found.pages_per_week == 7.0
    assert found.solution is not None
    assert found.better_per_week <= 2.0
    assert found.bound >= 1.5 * 4 / 3


def test_deviations_below_the_least_one_never_count(planned, framed):
    """A lower bound does not make an alert of what policy calls too small."""
    plan = planned(bound=2.0, least_absolute=1.6, alert=Alert(budget_per_week=7.0, hold=120))
    found = tuned(backtest(plan, past(framed, 1.5, 2)))
    assert found.solution is None or found.better_per_week == 0.0


def test_a_shared_limit_goes_where_it_helps(planned, framed):
    """Of two signals with two pages a week in all, the one with something to tell gets more than the quiet one."""
    loud = backtest(planned(bound=2.0, alert=Alert(budget_per_week=2.0)), past(framed, 4.0, 2))
    idle = backtest(planned(bound=2.0, name="idle", alert=Alert(budget_per_week=2.0)), past(framed, 0.0, 0))
    both = Limit(frozenset({"load", "idle"}), 4.5)
    found = {one.test.plan.signal.name: one for one in together([loud, idle], [both])}
    assert found["load"].budget + found["idle"].budget <= 4.5
    assert [one.budget for one in together([loud, idle], [])] == [2.0, 2.0]
    assert found["load"].solution is not None
