"""Days that are like another weekday, through detector and forecasters."""

import numpy as np
import pytest
from strategies import MONDAY, names

from offkey.core import plugins
from offkey.core.calendars import Calendar
from offkey.core.durations import DAY
from offkey.core.frame import Axis, Frame, LocalTime

STEP = 900
SUNDAY, WEDNESDAY = 6, 2
WORK, REST = 100.0, 20.0
A_DAY = DAY // STEP


def weeks(days: int, quiet: tuple[int, ...] = (), alike: tuple[int, ...] = ()) -> Frame:
    """Return days from a Monday on: much on workdays, little on weekends and `quiet` days; `alike` are Sundays."""
    axis = Axis(MONDAY, STEP, days * A_DAY)
    day = np.arange(axis.size) // A_DAY
    level = np.where((day % 7 >= 5) | np.isin(day, quiet), REST, WORK)
    noise = np.random.default_rng(3).normal(size=(2, axis.size))
    spans = tuple((MONDAY + k * DAY, MONDAY + (k + 1) * DAY) for k in alike)
    zone = LocalTime("UTC", ((Calendar("feast", spans, like=SUNDAY), SUNDAY),)) if alike else "UTC"
    return Frame(names(2), level + noise, axis, (zone, zone))


def forecast(kind: str, frame: Frame, **options) -> np.ndarray:
    """Return the forecast of the day after the last one."""
    model = plugins.model("offkey.models.forecast", kind, **options)
    return model.forecast(model.fit(frame), frame.future(A_DAY)).point


@pytest.mark.parametrize("kind", ["bank", "mstl"])
def test_a_day_to_come_is_forecast_like_its_weekday(kind):
    """A Wednesday that is a holiday is expected to be as quiet as Sundays are, by the end of its night."""
    feast = 21 + WEDNESDAY
    usual, quiet = forecast(kind, weeks(feast)), forecast(kind, weeks(feast, alike=(feast,)))
    assert usual[:, A_DAY // 2 :].mean() == pytest.approx(WORK, abs=10)
    assert quiet[:, A_DAY // 2 :].mean() == pytest.approx(REST, abs=20)


def test_the_weekly_naive_repeats_the_day_it_is_like():
    """Value for value last Sunday's; a plain Wednesday repeats last Wednesday."""
    feast = 14 + WEDNESDAY
    known = weeks(feast)
    for alike, repeated in (((), 7 + WEDNESDAY), ((feast,), 7 + SUNDAY)):
        found = forecast("seasonal_naive", weeks(feast, alike=alike), season="weekly")
        expected = known.values[:, repeated * A_DAY : (repeated + 1) * A_DAY]
        np.testing.assert_allclose(found, expected)


def test_a_past_holiday_teaches_nothing_of_its_own_weekday():
    """The Wednesday after one is expected to be as the Wednesday before it, not as the holiday."""
    feast = 7 + WEDNESDAY
    found = forecast("seasonal_naive", weeks(feast + 7, quiet=(feast,), alike=(feast,)), season="weekly")
    known = weeks(feast + 7)
    np.testing.assert_allclose(found, known.values[:, WEDNESDAY * A_DAY : (WEDNESDAY + 1) * A_DAY])


def curve(days: int, alike: tuple[int, ...] = ()) -> Frame:
    """Return the same days as a curve of the day, quiet ones 40 % below the others."""
    plain = weeks(days, alike=alike)
    day = np.arange(plain.axis.size) / A_DAY
    share = np.where((day // 7 * 7 + 5 <= day) | (day >= days - 1), 0.6, 1.0)
    noise = 3.0 * np.random.default_rng(4).normal(size=plain.values.shape)
    return plain.with_values(100 * share * (1 + 0.5 * np.sin(2 * np.pi * day - 2)) + noise)


@pytest.mark.parametrize(("kind", "easier"), [("mstl", 1.0), ("seasonal", 0.5)])
def test_a_quiet_holiday_is_strange_only_where_nobody_knew(kind, easier):
    """The last Wednesday is as quiet as a Sunday; a detector that knows weekdays expects that when it is told."""
    feast = 28 + WEDNESDAY
    model = plugins.model("offkey.models.detect", kind)
    strangeness = {}
    for alike in ((), (feast,)):
        whole = curve(feast + 1, alike)
        past, day = whole.columns(0, feast * A_DAY), whole.columns(feast * A_DAY, whole.axis.size)
        strangeness[alike] = model.score(model.fit(past), day).max()
    assert strangeness[feast,] < strangeness[()] - easier


def test_a_time_that_is_like_a_weekday_keeps_its_time_of_day():
    """Wednesday 0:30 becomes Sunday 0:30, on the wall clock of the zone; where two are named the later counts."""
    axis = Axis(MONDAY + 2 * DAY - 3600, 1800, 4)  # 00:00 on Wednesday in Berlin is in the middle of the last hour
    berlin = LocalTime("Europe/Berlin", ((Calendar("a", ((MONDAY + 2 * DAY, MONDAY + 3 * DAY),), like=6), 6),))
    both = LocalTime("Europe/Berlin", (*berlin.alike, (Calendar("b", instants=((axis.end, axis.end + 1),)), 0)))
    frame = Frame(names(3), np.zeros((3, 4)), axis, (berlin, "Europe/Berlin", both))
    week, rows = frame.local_week()
    plain = [2 * DAY, 2 * DAY + 1800, 2 * DAY + 3600, 2 * DAY + 5400]
    assert week[rows[1]].tolist() == plain
    assert week[rows[0]].tolist() == [second + 4 * DAY for second in plain]
    assert week[rows[2]].tolist() == [*(second + 4 * DAY for second in plain[:3]), 5400]
    clock, rows = frame.local_clock()
    assert clock[rows[0]].tolist() == clock[rows[1]].tolist()
