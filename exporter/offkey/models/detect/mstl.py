"""MSTL: how far a sample is from the seasons of the day and of the week that a decomposition of four weeks finds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from offkey.core.durations import DAY as SECONDS_A_DAY
from offkey.core.durations import MINUTE
from offkey.core.frame import Array, BoolArray, Frame, IntArray
from offkey.core.state import AnyArray
from offkey.models.decomposed import DAY_SLOTS, WEEK_SLOTS, Decomposed
from offkey.models.decomposed import SLOT as SLOT_OF_WEEK
from offkey.models.kernels import compiled
from offkey.models.refitted import Rows
from offkey.models.residual import WIDTH

SLOT = 4  # five-minute slots in one of the decomposition's: 2,016 samples, a week of the others, span four weeks
DAY, WEEK = DAY_SLOTS // SLOT, WEEK_SLOTS // SLOT
TWO_WEEKS = 14  # days in which no season of a week is looked for yet
WEEKS_SMOOTHED = 15  # weeks over which the shape of a week may change: more than there are
JUMP = 9  # slots between two places where slow smoothers are evaluated; the rest is interpolated
LEVEL_SECONDS = 3 * SECONDS_A_DAY  # time constant of the level that seasons are measured from
MOST = 5.0  # usual distances by which one sample moves it at most
WARM = 30  # samples before that limit holds
HELD_SECONDS, HELD_FAR, HELD_CLIP = 7_200, 3.0, 8.0  # a shift that lasts so long, in its usual sizes, is taken at once
HELD_MEAN, SIZE_MEAN = 1_200, 2 * SECONDS_A_DAY  # seconds over which shifts and their usual sizes are averaged
# columns of the state, and how many
MEAN, AWAY, SECONDS, HELD, OFFSET, USUAL, LASTED, ADOPTED, SINCE, PLACE, LATEST, LEVEL = range(12)
HOURS, HOUR_SLOTS = 24, DAY_SLOTS // 24
ENOUGH = 24  # samples that say as much of an hour and its neighbours as all the others do
NORMAL = 1.4826  # a normal law's standard deviation, in median absolute deviations
AGE = SLOT_OF_WEEK + 1  # feature: seconds of samples seen
YOUNG, ENOUGH_SECONDS = 8 * SECONDS_A_DAY, 16 * SECONDS_A_DAY
LARGEST = 1e30  # samples beyond are taken for this much


@dataclass(frozen=True)
class Model(Decomposed):
    """Measure strangeness as the distance from two seasons, of the day and of the week, found one in the other's rest.

    Attributes:
        smooth: days over which the shape of a day may change; odd.
        rounds: how often outliers are weighted down and each decomposition is repeated.

    Source: Bandara, Hyndman and Bergmeir (2021), MSTL, arXiv 2107.13462.
    """

    smooth: Annotated[int, Ge(3)] = 11

    pause: ClassVar[int] = SLOT * 5 * MINUTE
    width: ClassVar[int] = SLOT
    cycle: ClassVar[int] = WEEK_SLOTS
    fewest: ClassVar[int] = 1

    @property
    def picked(self) -> tuple[int, ...]:
        """Distance from the slow level, where that is, its unit, nothing, the time of week, and the series' age."""
        return tuple(range(AGE + 1))

    @property
    def watched(self) -> Rows:
        """The slow level and what is known of shifts, see `slow_level`; the newest value of each slot of the week."""
        return {"level": ((LEVEL,), np.float64), "week": ((WEEK,), np.float64)}

    @property
    def trained(self) -> Rows:
        """The season, and the usual distance from it in each hour of the day, the series' own unit."""
        return {**super().trained, "scale": ((HOURS,), np.float64)}

    def watch(self, rows: Mapping[str, AnyArray], frame: Frame) -> tuple[Array, BoolArray]:
        """Return the distance from the slow level and the time of week, (S, T, 5); the first day teaches no season."""
        values = np.clip(frame.values, -LARGEST, LARGEST)
        clocks, zone = frame.local_week()
        slots = (clocks * DAY_SLOTS // SECONDS_A_DAY)[zone]
        before = np.full((3, *values.shape), np.nan)
        state = (rows["level"], rows["week"])
        slow_level(np.ascontiguousarray(values), slots // SLOT, float(frame.axis.step), state, before)
        centre, usual, seen = before
        width = np.maximum(usual, 1e-12 * np.abs(centre) + 1e-30)
        features = np.stack([(values - centre) / width, centre, width, np.zeros(values.shape), slots, seen], axis=2)
        with np.errstate(invalid="ignore"):
            return features, np.asarray(seen >= SECONDS_A_DAY)

    def train(self, kept: Array) -> Mapping[str, AnyArray]:
        """Decompose the past, and learn how far it is from its seasons hour by hour."""
        kept = settled(kept)
        found = super().train(kept)
        blank = {"season": found["season"][None], "scale": np.ones((1, HOURS))}
        middle, *_ = self.expect(blank, kept[None])
        away = np.abs(kept[:, 0] - middle[0]) * kept[:, WIDTH]
        hours = kept[:, SLOT_OF_WEEK].astype(np.int64) % DAY_SLOTS // HOUR_SLOTS
        overall = NORMAL * float(np.median(away))
        scale = np.full(HOURS, overall)
        for hour in np.unique(hours):
            own = away[(hours - hour + 1) % HOURS <= 2]
            scale[hour] += own.size / (own.size + ENOUGH) * (NORMAL * np.median(own) - overall)
        least = 1e-3 * float(np.median(kept[:, WIDTH]))
        return {**found, "scale": np.maximum(scale, max(0.3 * overall, least))}

    def expect(self, rows: Mapping[str, AnyArray], features: Array) -> tuple[Array, Array, Array]:
        """Return both seasons, and the usual distance from them for both sides, in WIDTHs."""
        middle, *_ = super().expect(rows, features)
        hours = np.nan_to_num(features[..., SLOT_OF_WEEK]).astype(np.int64) % DAY_SLOTS // HOUR_SLOTS
        scale = np.take_along_axis(rows["scale"], hours, axis=1) / features[..., WIDTH]
        return middle, scale, scale

    def recall(self, rows: Mapping[str, AnyArray], kept: Array) -> Array:
        """Return the measure of what was learned from, (N,), where each sample drew the means of its cycles along."""
        kept = settled(kept)
        days = max(2.0, len(kept) * self.pause / SECONDS_A_DAY)
        left = 1.0 - 1.0 / days
        if days > TWO_WEEKS:
            left *= 1.0 - 7.0 / days
        return super().recall(rows, kept) / left

    def decompose(self, line: Array) -> Array:
        """Return seasons and mean level of an unbroken line; the week's is looked for in more than two weeks."""
        from statsmodels.tsa.seasonal import MSTL  # type: ignore[import-untyped]  # noqa: PLC0415 (no types; heavy)

        days = line.reshape(-1, DAY)
        if len(days) <= 2:
            return np.tile(np.median(days, axis=0), len(days))
        day, week = (DAY, self.smooth | 1), (WEEK, WEEKS_SMOOTHED)
        used = [day, week] if len(days) > TWO_WEEKS else [day]
        how = {
            "seasonal_deg": 0,  # a few cycles do not show how they change
            "robust": self.rounds > 0,
            "inner_iter": 2,
            "outer_iter": self.rounds,
            "trend_jump": JUMP,
            "low_pass_jump": JUMP,
        }
        found = MSTL(line, periods=[each for each, _ in used], windows=[each for _, each in used], stl_kwargs=how).fit()
        seasons = np.asarray(found.seasonal, np.float64).reshape(line.size, -1)
        return np.asarray(seasons.sum(axis=1) + np.median(found.trend), np.float64)


def settled(kept: Array) -> Array:
    """Return what was kept without a series' first week, whose weekends were taken for shifts, if there is enough."""
    young = kept[:, AGE] < YOUNG
    return kept[~young] if kept[-1, AGE] >= ENOUGH_SECONDS else kept


@compiled
def shift_of(week: Array, x: float, slot: int) -> float:
    """Return how far a sample is from yesterday's or last week's at its time, whichever is nearer; 0 between them."""
    day, last = x - week[slot - DAY], x - week[slot]  # a slot before the first is one at the week's end
    if math.isnan(day) or math.isnan(last):
        return 0.0 if math.isnan(day) else day
    return 0.0 if day * last <= 0.0 else day if abs(day) < abs(last) else last


@compiled
def adopt(run: Array, x: float, shift: float, step: float) -> None:
    """Take a shift that was held for two hours as the new level; yesterday is compared with less that shift."""
    quick, slow = 1.0 - math.exp(-step / HELD_MEAN), 1.0 - math.exp(-step / SIZE_MEAN)
    size = max(run[USUAL], 1e-3 * run[AWAY], 1e-12 * abs(x) + 1e-30)
    run[HELD] += quick * (min(HELD_CLIP, max(-HELD_CLIP, shift / size)) - run[HELD])
    run[OFFSET] += quick * (shift - run[OFFSET])
    gain = max(slow, min(1.0, step / max(step, run[SECONDS] - SECONDS_A_DAY)))
    run[USUAL] += gain * (1.25 * min(abs(shift), MOST * size if gain < 1.0 / WARM else LARGEST) - run[USUAL])
    run[LASTED] = run[LASTED] + step if abs(run[HELD]) > HELD_FAR else 0.0
    if run[LASTED] >= HELD_SECONDS:
        run[MEAN] += run[OFFSET]
        run[ADOPTED] += run[OFFSET]
        run[HELD] = run[OFFSET] = run[LASTED] = run[SINCE] = 0.0
    run[SINCE] += step
    if run[SINCE] > SECONDS_A_DAY - HELD_SECONDS:  # yesterday's samples are from after the shift now
        run[ADOPTED] = 0.0


@compiled
def slow_level(values: Array, slots: IntArray, step: float, state: tuple[Array, Array], out: Array) -> None:
    """Go through all samples; NaN stays where there is none.

    A sample that is off on the same side from yesterday's at its time and from last week's is shifted; what lasts two
    hours is the new level.

    Args:
        values: samples, (S, T), NaN is missing.
        slots: of the week, (S, T).
        step: seconds from sample to sample.
        state: of each series MEAN (the level), AWAY (its usual distance), SECONDS seen, HELD (recent shift, in usual
            sizes), OFFSET (the same in its unit), USUAL (size of a shift), LASTED (seconds), ADOPTED of shifts
            within a day, seconds SINCE then, PLACE in the week and LATEST value, (S, LEVEL); the newest value in each
            slot of the week before this one, (S, WEEK); written to.
        out: MEAN, AWAY and SECONDS before each sample, (3, S, T); written to.
    """
    rate = 1.0 - math.exp(-step / LEVEL_SECONDS)
    for s in range(values.shape[0]):
        run, week = state[0][s], state[1][s]
        for t in range(values.shape[1]):
            x = values[s, t]
            if math.isnan(x):
                continue
            if not run[SECONDS] > 0:
                run[:], week[:] = 0.0, math.nan
                run[MEAN] = x
            elif slots[s, t] != int(run[PLACE]):
                week[int(run[PLACE])] = run[LATEST]
            for k in range(3):
                out[k, s, t] = run[k]
            most = MOST * run[AWAY] if run[SECONDS] > WARM * step else LARGEST
            run[SECONDS] += step
            gain = max(rate, step / run[SECONDS])
            away = min(most, max(-most, x - run[MEAN]))
            run[MEAN] += gain * away
            run[AWAY] += gain * (abs(away) - run[AWAY])
            adopt(run, x, shift_of(week, x - run[ADOPTED], slots[s, t]), step)
            run[PLACE], run[LATEST] = slots[s, t], x
