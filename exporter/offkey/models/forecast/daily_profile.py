"""The usual day, and the level of the last hours that fades into the day's own."""

from dataclasses import dataclass

import numpy as np

from offkey.core.frame import Array, IntArray
from offkey.models.continued import Continued, Rows, Said, last_day, smooth, spread_of, usual_day
from offkey.models.grid import DAY_SLOTS

NEW_DAY = 0.4  # part of the last day in the profile; the median of seven days is the rest
NOW, QUARTER = 6, DAY_SLOTS // 4  # bins whose median says how far the last half hour and the last six hours are off
STAYS = 0.3  # part of the six hours' level that stays


@dataclass(frozen=True)
class Model(Continued):
    """Add a level that fades to a profile of the day."""

    fade: float = 24.0  # bins ahead over which the level of the last half hour is let go

    def _say(self, rows: Rows, shared: Rows, slots: IntArray, ahead: IntArray) -> Said:
        del shared
        week, back = rows["weeks"][:, 0], last_day(rows["slot"])
        last, places = np.take_along_axis(week, back, axis=1), back % DAY_SLOTS
        newest = np.empty(last.shape)
        np.put_along_axis(newest, places, last, axis=1)
        usual = smooth(usual_day(week))
        newest = smooth(np.where(np.isfinite(newest), newest, usual))
        profile = usual + NEW_DAY * (newest - usual)
        rest = last - np.take_along_axis(profile, places, axis=1)
        slow = STAYS * _middle(rest[:, -QUARTER:])
        fast = _middle(rest[:, -NOW:]) - slow
        point = np.take_along_axis(profile, slots % DAY_SLOTS, axis=1) + slow + fast * np.exp(-ahead / self.fade)
        unit = np.where(np.isfinite(point), spread_of(rest, week)[:, None], np.nan)
        return Said(point, unit, unit)


def _middle(rest: Array) -> Array:
    """Return the median of what is known, shape (S, 1); 0 for nothing."""
    ordered = np.sort(rest, axis=1)
    place = np.maximum((np.isfinite(rest).sum(axis=1)[:, None] - 1) // 2, 0)
    return np.asarray(np.nan_to_num(np.take_along_axis(ordered, place, axis=1)))
